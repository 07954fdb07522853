import { deadlineMs } from '../../harness/deadline.ts';
import { check } from '../../harness/failure.ts';
import { begun, expectStatus, type Reply } from '../../harness/http-exchange.ts';
import {
  answerOrSay,
  expectSource,
  expectTitle,
  get,
  getUntil,
  loadsOf,
  questPath,
  settle,
  watchFor,
} from './reading.ts';
import { sharedTavern, type Tavern } from './tavern.ts';

const ENTRIES = 40;
const TTL_MS = 100_000;
const STALE_MS = 20_000;
const LEASE_MS = 30_000;
/** What half a minute on a busy machine, and the chance that forty draws are alike, leave of 50 s of jitter. */
const LEAST_SPREAD_MS = 5_000;

export async function spreadsExpiries(): Promise<void> {
  const tavern = await sharedTavern();
  await using process = await tavern.start({
    KEY_PREFIX: `${tavern.prefix}jitter:`,
    CACHE_TTL_MS: String(TTL_MS),
    CACHE_JITTER_PERCENT: '50',
    CACHE_STALE_MS: String(STALE_MS),
    CACHE_NEGATIVE_TTL_MS: '50000',
    LEASE_MS: String(LEASE_MS),
  });
  const ids: number[] = [];
  for (let i = 0; i < ENTRIES; i += 1) ids.push(await tavern.addQuest(`Quest ${i}`));
  const paths = [...ids.map(questPath), questPath(tavern.newId()), '/board', '/leaderboard'];
  const gate = process.origin.holdLoads();
  const replies = begun(Promise.all(paths.map((path) => get(process, path))));
  await gate.waitFor(1, 'many reads', replies);
  await expectExpiries(tavern, 'while loads are under way');
  gate.open();
  await replies;
  await expectExpiries(tavern, 'after the loads');
  const lives = await Promise.all(ids.map((id) => tavern.redis.pTTL(`${tavern.prefix}jitter:quest:${id}`)));
  check(
    lives.every((life) => life > 0),
    {
      sent: `reads of ${ENTRIES} quests`,
      expected: 'an entry for each under <KEY_PREFIX>quest:<id>',
      received: `${lives.filter((life) => life > 0).length} of them`,
      usually: 'entries have other keys than the brief says',
    },
  );
  const spread = Math.max(...lives) - Math.min(...lives);
  check(spread >= LEAST_SPREAD_MS, {
    sent: `reads of ${ENTRIES} quests with CACHE_TTL_MS=${TTL_MS} and CACHE_JITTER_PERCENT=50`,
    expected: 'lifetimes that are spread over some fifty seconds',
    received: 'all alike',
    usually: 'every entry lives equally long: what was made together expires together, and is loaded together',
    details: [`from ${Math.min(...lives)} to ${Math.max(...lives)} ms`],
  });
  const shortest = TTL_MS / 2 + STALE_MS - LEASE_MS; // half a minute for the machine
  check(Math.min(...lives) >= shortest && Math.max(...lives) <= TTL_MS + STALE_MS, {
    sent: `reads of ${ENTRIES} quests with CACHE_TTL_MS=${TTL_MS}, CACHE_JITTER_PERCENT=50, CACHE_STALE_MS=${STALE_MS}`,
    expected: 'each entry in Redis for half to all of CACHE_TTL_MS, and CACHE_STALE_MS more',
    received: 'some for less or for more',
    usually: 'jitter goes both ways, or the stale time is left out',
    details: [`from ${Math.min(...lives)} to ${Math.max(...lives)} ms`],
  });
}

async function expectExpiries(tavern: Tavern, when: string): Promise<void> {
  const prefix = `${tavern.prefix}jitter:`;
  const keys = (await tavern.keys()).filter((key) => key.startsWith('jitter:'));
  for (const key of keys) {
    const life = await tavern.redis.pTTL(`${tavern.prefix}${key}`);
    const name = key.slice('jitter:'.length).replace(/\d+/, '<id>');
    check(life !== -1, {
      sent: `many reads; then PTTL of each key under the prefix, ${when}`,
      expected: 'an expiry for every key',
      received: `none for ${name}`,
      usually: 'SET without PX, or a set or counter that nobody gives an end: it stays for ever',
      details: [prefix],
    });
    check(life <= TTL_MS + STALE_MS + LEASE_MS, {
      sent: `many reads; then PTTL of each key under the prefix, ${when}`,
      expected: 'none that stays longer than CACHE_TTL_MS + CACHE_STALE_MS + LEASE_MS',
      received: `one for ${name}`,
      usually: 'seconds are taken for milliseconds, or an end is a fixed number',
      details: [`${life} ms`],
    });
  }
}

export async function refreshesBehindTheAnswer(): Promise<void> {
  const tavern = await sharedTavern();
  // So eager that every draw says yes.
  await using process = await tavern.start({ CACHE_BETA: '1000000000' });
  const id = await tavern.addQuest('Before');
  const path = questPath(id);
  const slow = process.origin.holdLoads(1);
  const filling = get(process, path);
  await slow.waitFor(1, `GET ${path}`, filling);
  // A load that took no time is never refreshed early: let it take some.
  await watchFor(() => false, 40);
  slow.open();
  expectSource(await filling, 'miss', 'a first read says that it is a hit');
  await tavern.retitle(id, 'After');
  const before = loadsOf(process);
  const gate = process.origin.holdLoads();
  const sent = `GET ${path} with an entry that is fresh and an early refresh that hangs in the database`;
  const usually = 'the reader waits for the refresh, although it has a fresh value in its hands';
  const reply = await answerOrSay(get(process, path, { withinMs: 4_000 }), {
    sent,
    usually,
    expected: 'an answer at once, from the entry',
  });
  expectSource(reply, 'hit', usually);
  expectTitle(reply, 'Before', { sent, usually });
  await gate.waitFor(1, `GET ${path} with CACHE_BETA=1000000000 and an entry whose load took 40 ms`);
  const replies = await Promise.all(Array.from({ length: 20 }, () => get(process, path, { withinMs: 4_000 })));
  for (const each of replies) expectSource(each, 'hit', usually);
  await settle(process, path);
  check(loadsOf(process) - before === 1, {
    sent: `GET ${path} twenty times, while an early refresh is under way`,
    expected: '1 refresh',
    received: `${loadsOf(process) - before}`,
    usually: 'every reader whose draw says so refreshes: the stampede that early refresh is there to prevent',
  });
  gate.open();
  await getUntil(process, path, ({ text }) => text.includes('After'), {
    expected: 'the new value, once the refresh is done',
    usually: 'the refresh is not kept: its lease is missing, or its answer is thrown away',
  });
}

/** Of an entry that is fresh for 150 ms. */
const LOADED_WITHIN_MS = 4_000;

export async function loadsWhatHasExpired(): Promise<void> {
  const tavern = await sharedTavern();
  const env = { CACHE_TTL_MS: '150', CACHE_JITTER_PERCENT: '0', CACHE_STALE_MS: '600000' };
  await using one = await tavern.start(env);
  await using two = await tavern.start(env);
  const id = await tavern.addQuest('Before');
  const path = questPath(id);
  expectStatus(await get(one, path), 200, { usually: 'the quest is not read' });
  await tavern.retitle(id, 'After');
  const gate = one.origin.holdLoads();
  const sent = `GET ${path} with CACHE_TTL_MS=150, again and again, after somebody else has changed the row`;
  let loader: Promise<Reply> | undefined;
  const end = performance.now() + deadlineMs(LOADED_WITHIN_MS);
  while (gate.held === 0) {
    const reading = get(one, path, { withinMs: 30_000 });
    loader = reading;
    const first = await Promise.race([reading, heldOf(gate)]);
    if (gate.held > 0) break;
    check(performance.now() < end && first !== undefined, {
      sent,
      expected: 'a load when CACHE_TTL_MS have passed',
      received: 'none',
      usually: 'the entry stays fresh for longer than CACHE_TTL_MS',
    });
    expectTitle(first, 'Before', { sent, usually: 'the entry is not used while it is fresh' });
  }
  const usually = 'every reader of an expired entry waits for the load, or loads: one of them would be enough';
  for (const process of [one, one, two, one, two]) {
    const reply = await answerOrSay(get(process, path, { withinMs: 4_000 }), {
      sent: `GET ${path} of an entry that has expired, while one reader loads it`,
      expected: 'an answer at once, from the entry',
      usually,
    });
    expectSource(reply, 'stale', usually);
    expectTitle(reply, 'Before', { usually });
  }
  const loads = loadsOf(one, two) - 1;
  check(loads === 1, {
    sent: `GET ${path} six times in two processes, of an entry that has expired`,
    expected: '1 load',
    received: String(loads),
    usually,
  });
  gate.open();
  const loaded = await loader;
  if (loaded === undefined) return;
  expectTitle(loaded, 'After', { usually: 'the reader who has loaded is given the old value all the same' });
  expectSource(loaded, 'miss', 'the reader who has loaded says that it is a hit');
  for (const process of [one, two]) {
    expectTitle(await get(process, path), 'After', { usually: 'what was loaded is not kept' });
  }
}

/** Resolves when the gate holds something, or soon. */
async function heldOf(gate: { readonly held: number }): Promise<undefined> {
  await watchFor(() => gate.held > 0, 15_000);
  return undefined;
}
