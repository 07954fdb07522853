import { check } from '../../harness/failure.ts';
import { expectStatus, jsonOf, type Reply, statusOf } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';
import { exchange } from './exchange.ts';
import type { PostgresProxy } from './postgres-proxy.ts';
import { type Created, createErrand, createHero, writeIf } from './tales.ts';
import { proxiedServer, sharedServer } from './tavern.ts';
import { expectUnavailable } from './unavailable.ts';

const MAX_QUESTS = 3;
const SKEW =
  'both transactions count before either inserts, and nothing that they write is the same row: lock what is counted, or run them SERIALIZABLE';

export function join(server: Program, quest: Created, character: Created): Promise<Reply> {
  return exchange(server, 'PUT', `${quest.path}/party/${character.id}`);
}

async function partyOf(server: Program, quest: Created): Promise<string[]> {
  const reply = await exchange(server, 'GET', `${quest.path}/party`);
  expectStatus(reply, 200, { usually: 'the party of a quest has no list' });
  const { items } = jsonOf(reply);
  return Array.isArray(items) ? items.map((item: { characterId?: unknown }) => String(item.characterId)) : [];
}

async function expectParty(
  server: Program,
  quest: Created,
  count: number,
  sent: string,
  usually: string,
): Promise<void> {
  const party = await partyOf(server, quest);
  check(party.length === count, {
    sent,
    expected: `${count} in the party`,
    received: `${party.length}`,
    usually,
  });
}

export async function fillsParties(): Promise<void> {
  const server = await sharedServer();
  const [quest, first, second, third] = await Promise.all([
    createErrand(server, { places: 2 }),
    ...['Ada', 'Bo', 'Cy'].map((name) => createHero(server, { name })),
  ]);
  if (!quest || !first || !second || !third) return;
  const joined = await join(server, quest, first);
  expectStatus(joined, 201, { usually: 'joining is not offered' });
  const path = `${quest.path}/party/${first.id}`;
  const { questId, characterId } = jsonOf(joined);
  check(joined.headers.location?.endsWith(path) === true && questId === quest.id && characterId === first.id, {
    sent: joined.sent,
    expected: `the membership, and a Location that ends in its path`,
    received: 'something else',
    usually: 'the answer does not tell who has joined what, and where to find it',
    details: joined.details,
  });
  expectStatus(await join(server, quest, first), 200, {
    usually: 'PUT is idempotent: joining once more is no error, and takes no place',
  });
  expectStatus(await exchange(server, 'GET', path), 200, { usually: 'a membership cannot be read' });
  expectStatus(await join(server, quest, second), 201, { usually: 'a place is taken twice by the same character' });
  const full = await join(server, quest, third);
  expectStatus(full, 409, { usually: 'nobody counts the places' });
  check(statusOf(full).includes('quest-full'), {
    sent: full.sent,
    expected: 'a problem of type quest-full',
    received: statusOf(full),
    usually: 'a client cannot tell why: each conflict has a type of its own',
  });
  expectStatus(await join(server, quest, second), 200, {
    expected: 'status 200: the quest is full, and this character is one of those in it',
    usually: 'the places are counted before it is asked who is in the party: a repeat of a PUT is told to be too late',
  });
  const fewer = await writeIf(server, 'PATCH', quest.path, quest.tag, { places: 1 });
  expectStatus(fewer, 409, { usually: 'places are taken away from under those who hold them' });
  expectStatus(await exchange(server, 'DELETE', path), 204, { usually: 'nobody can leave' });
  expectStatus(await exchange(server, 'DELETE', path), 404, { usually: 'leaving twice is a success' });
  expectStatus(await join(server, quest, third), 201, { usually: 'a place that was left stays taken' });
  await expectParty(server, quest, 2, 'joining, leaving and joining', 'the list is not what was joined');

  const others = await Promise.all([1, 2, 3].map((n) => createErrand(server, { title: `Errand ${n}` })));
  const replies: number[] = [];
  for (const other of others) replies.push((await join(server, other, third)).status);
  check(replies.join() === '201,201,409', {
    sent: `one character into ${others.length + 1} quests`,
    expected: `statuses 201, 201 and 409: it is on ${MAX_QUESTS} at the most`,
    received: `statuses ${replies.join(', ')}`,
    usually: 'nobody counts the quests of a character',
  });
  const busy = await join(server, quest, third);
  expectStatus(busy, 200, {
    expected: 'status 200: the character is on three quests, and this is one of them',
    usually: 'its quests are counted before it is asked who is in the party: a repeat of a PUT is told to be too late',
  });
  const nobody = { ...first, id: '00000000-0000-4000-8000-000000000000' };
  expectStatus(await join(server, quest, nobody), 404, {
    usually: 'a character that does not exist is a conflict, or an error of a foreign key',
  });
}

export async function givesTheLastPlaceOnce(): Promise<void> {
  const { program, proxy } = await proxiedServer();
  // Two characters, one place in the quest.
  const quest = await createErrand(program, { places: 1 });
  const rivals = await Promise.all(['Ada', 'Bo'].map((name) => createHero(program, { name })));
  const forPlace = await proxy.inStep(rivals.map((rival) => () => join(program, quest, rival)));
  expectOneWinner(forPlace, 'two characters joining a quest with one place, at the same moment');
  await expectParty(program, quest, 1, 'two joins at the same moment, for one place', SKEW);

  // Two quests, one place left with the character.
  const busy = await createHero(program, { name: 'Busy' });
  const quests = await Promise.all([1, 2, 3, 4].map((n) => createErrand(program, { title: `Call ${n}` })));
  for (const earlier of quests.slice(0, MAX_QUESTS - 1)) await join(program, earlier, busy);
  const calls = await proxy.inStep(quests.slice(MAX_QUESTS - 1).map((call) => () => join(program, call, busy)));
  expectOneWinner(calls, `a character on ${MAX_QUESTS - 1} quests joining two more, at the same moment`);

  // One place, and it is taken away while somebody takes it.
  const shrinking = await createErrand(program, { places: 2 });
  const [inside, outside] = rivals;
  if (inside === undefined || outside === undefined) return;
  await join(program, shrinking, inside);
  const [shrunk, joined] = await proxy.inStep([
    () => writeIf(program, 'PATCH', shrinking.path, shrinking.tag, { places: 1 }),
    () => join(program, shrinking, outside),
  ]);
  const statuses = `${shrunk?.status} and ${joined?.status}`;
  check(['200 and 409', '409 and 201'].includes(statuses), {
    sent: 'the last place taken by PATCH {"places": 1} and by a character, at the same moment',
    expected: 'one of them to succeed, and 409 for the other',
    received: `status ${statuses}`,
    usually: SKEW,
  });

  // And all at once, as they come.
  const server = await sharedServer();
  const open = await createErrand(server, { places: 3 });
  const crowd = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => createHero(server, { name: `Crowd ${n}` })));
  const crowded = await Promise.all(crowd.map((one) => join(server, open, one)));
  const came = crowded
    .map(({ status }) => status)
    .sort()
    .join(', ');
  check(came === '201, 201, 201, 409, 409, 409', {
    sent: 'six characters joining a quest with three places, at once',
    expected: 'three times status 201, three times 409',
    received: `statuses ${came}`,
    usually: 'a conflict in the database is told instead of being tried again, or the places are counted too early',
  });
  await expectParty(server, open, 3, 'six joins at once, for three places', SKEW);
}

function expectOneWinner(replies: readonly Reply[], sent: string): void {
  const statuses = replies
    .map(({ status }) => status)
    .sort()
    .join(' and ');
  check(statuses === '201 and 409', {
    sent,
    expected: 'status 201 for one and 409 for the other',
    received: `statuses ${statuses}`,
    usually: SKEW,
    details: replies.flatMap(({ details }) => details),
  });
}

/** More requests than a transaction of one join has. */
const MAX_REQUESTS = 20;

/** Fails each request of the transaction in turn, its COMMIT included, where SERIALIZABLE finds most conflicts. */
async function triesEachRequestAgain(program: Program, proxy: PostgresProxy, usually: string): Promise<void> {
  const quest = await createErrand(program, { places: 20 });
  for (let nth = 1; nth <= MAX_REQUESTS; nth += 1) {
    const character = await createHero(program, { name: `Joiner ${nth}` });
    let seen = 0;
    let isCommit = false;
    proxy.intervene((request, status) => {
      if (status !== 'T' || /\brollback\b/i.test(request)) return undefined;
      seen += 1;
      if (seen !== nth) return undefined;
      isCommit = /\b(commit|end)\b/i.test(request);
      return { sqlState: '40001' };
    });
    const reply = await join(program, quest, character);
    proxy.pass();
    const where = isCommit ? 'at its COMMIT' : `in its ${ordinal(nth)} statement`;
    expectStatus(reply, 201, { usually, expected: `status 201 although the transaction failed ${where} with 40001` });
    if (seen < nth) return;
  }
}

const ordinal = (n: number): string => `${n}${['st', 'nd', 'rd'][n - 1] ?? 'th'}`;

export async function triesConflictsAgain(): Promise<void> {
  const { program, proxy } = await proxiedServer();
  const usually = 'PostgreSQL asks to run the whole transaction again (40001, 40P01), and the program gives up instead';
  await triesEachRequestAgain(program, proxy, usually);
  const quest = await createErrand(program, { places: 4 });
  const heroes = await Promise.all(['Ada', 'Bo', 'Cy', 'Di', 'Ed'].map((name) => createHero(program, { name })));
  const [ada, bo, cy, di, ed] = heroes;
  if (!ada || !bo || !cy || !di || !ed) return;
  const both = await proxy.inStep([ada, bo].map((one) => () => join(program, quest, one)));
  const statuses = both.map(({ status }) => status).join(' and ');
  check(statuses === '201 and 201', {
    sent: 'two characters joining a quest with four places, at the same moment',
    expected: 'status 201 for both: there is room',
    received: `statuses ${statuses}`,
    usually,
    details: both.flatMap(({ details }) => details),
  });
  for (const [sqlState, character] of [
    ['40001', cy],
    ['40P01', di],
  ] as const) {
    let left = 2;
    proxy.intervene((request, status) => {
      if (status !== 'T' || left === 0 || /\b(rollback|begin)\b/i.test(request)) return undefined;
      left -= 1;
      return { sqlState };
    });
    const reply = await join(program, quest, character);
    proxy.pass();
    expectStatus(reply, 201, {
      usually,
      expected: `status 201 although the transaction failed twice with ${sqlState} before`,
    });
  }
  // And with an end: nothing is tried for ever.
  const other = await createErrand(program);
  let failed = 0;
  proxy.intervene((request, status) => {
    if (status !== 'T' || /\b(rollback|begin)\b/i.test(request)) return undefined;
    failed += 1;
    return { sqlState: '40001' };
  });
  const reply = await join(program, other, ed);
  proxy.pass();
  if (failed === 0) return; // no transaction, no conflict
  expectStatus(reply, 503, {
    usually: 'a transaction that always fails is tried for ever, or its error is sent as it is: bound the attempts',
    expected: 'status 503 when every attempt fails',
  });
  expectUnavailable(reply, 'conflicts without end are not told in the same way as a database that is away');
  check(failed >= 3 && failed <= 100, {
    sent: 'a join whose every attempt fails with 40001',
    expected: 'between 3 and 100 attempts',
    received: `${failed}`,
    usually: 'the attempts have no bound, or there is only one',
  });
}
