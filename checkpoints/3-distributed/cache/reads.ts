import { check, fail } from '../../harness/failure.ts';
import { exchange, expectStatus, jsonOf, type Reply } from '../../harness/http-exchange.ts';
import {
  boardTitle,
  claim,
  expectSource,
  expectTitle,
  forgetLoads,
  get,
  getUntil,
  itemsOf,
  loadsOf,
  putQuest,
  questPath,
  remove,
  sourceOf,
} from './reading.ts';
import { type Process, sharedPair, sharedTavern } from './tavern.ts';

export async function readsThrough(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  const details = 'Bring 𝔅rida’s lantern; "quotes", \\ and ü';
  const id = await tavern.addQuest('Rats in the cellar', { reward: 40, details });
  const path = questPath(id);
  const first = await get(a, path);
  expectStatus(first, 200, { usually: 'the quest is not read from the table of the brief' });
  const wanted = { id, title: 'Rats in the cellar', reward: 40, details, claimedBy: null, version: 1 };
  const expectQuest = (reply: Reply): void => {
    const found = jsonOf(reply);
    for (const [name, value] of Object.entries(wanted)) {
      if (found[name] === value) continue;
      fail({
        sent: reply.sent,
        expected: `"${name}": ${JSON.stringify(value)}`,
        received: found[name] === undefined ? `no "${name}"` : `"${name}": ${JSON.stringify(found[name])}`,
        usually: 'a column has another name, or what comes from Redis is not what was put there',
        details: reply.details,
      });
    }
  };
  expectQuest(first);
  expectSource(first, 'miss', 'a first read says that it is a hit, or the other way round');
  const usually = 'nothing is kept, or it is kept in the memory of one process, where the others do not find it';
  for (const process of [a, b, a]) {
    const reply = await get(process, path);
    expectSource(reply, 'hit', usually);
    expectQuest(reply);
  }
  check(loadsOf(a, b) === 1, {
    sent: `GET ${path} four times, to two processes`,
    expected: '1 load of the quest',
    received: `${loadsOf(a, b)}`,
    usually: 'the database is asked although there is an entry',
  });
  await readsTheBoardThrough(a, b);
}

async function readsTheBoardThrough(a: Process, b: Process): Promise<void> {
  const tavern = await sharedTavern();
  for (const reward of [900, 900, 901, 5, 900, 899, 898, 897, 896, 895, 894, 893]) {
    await tavern.addQuest(`For ${reward}`, { reward });
  }
  const claimed = await tavern.addQuest('Claimed', { reward: 1_000 });
  expectStatus(await claim(a, claimed, 'Brida'), 201, { usually: 'a claim fails' });
  const { rows } = await tavern.sql.query<{ id: number }>(
    'SELECT id FROM quests WHERE claimed_by IS NULL ORDER BY reward DESC, id LIMIT 10',
  );
  forgetLoads(a, b);
  const wanted = rows.map(({ id }) => id).join(' ');
  for (const [process, source] of [
    [a, 'miss'],
    [b, 'hit'],
    [a, 'hit'],
  ] as const) {
    const reply = await get(process, '/board');
    const found = itemsOf(reply)
      .map(({ id }) => id)
      .join(' ');
    check(found === wanted, {
      sent: reply.sent,
      expected: 'the ten quests with the highest reward that nobody has claimed, equal ones by id',
      received: 'others, or another order',
      usually: 'claimed quests are among them, or equal rewards come in any order',
      details: [`wanted ${wanted}`, `found ${found}`],
    });
    expectSource(reply, source, 'the board is not kept for all processes');
  }
  check(loadsOf(a, b) === 1, {
    sent: 'GET /board three times, to two processes',
    expected: '1 load of the board',
    received: `${loadsOf(a, b)}`,
    usually: 'the database is asked although there is an entry',
  });
}

export async function showsWrites(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  const id = await tavern.addQuest('Old', { reward: 999_000 });
  const path = questPath(id);
  const read = async (process: Process, title: string | undefined, what: string): Promise<void> => {
    const sent = `${what}, then GET ${path} and GET /board`;
    const usually = 'the write does not invalidate every entry that the quest is a part of';
    const quest = await get(process, path);
    if (title === undefined) expectStatus(quest, 404, { usually, expected: 'status 404 for a quest that was deleted' });
    else expectTitle(quest, title, { sent, usually });
    const board = boardTitle(await get(process, '/board'), id);
    check(board === title, {
      sent,
      expected: title === undefined ? 'a board without it' : `the title "${title}" on the board`,
      received: board === undefined ? 'a board without it' : `the title ${JSON.stringify(board)}`,
      usually: 'the entry of the quest is invalidated, and the board that it stands on is not',
    });
  };
  const both = async (title: string | undefined, what: string): Promise<void> => {
    for (const process of [a, b, a]) await read(process, title, what);
  };
  expectStatus(await putQuest(a, id, { title: 'Older', reward: 999_000 }), 200, { usually: 'PUT fails' });
  await both('Older', 'a PUT');
  for (const [writer, title] of [
    [a, 'New'],
    [b, 'Newer'],
    [a, 'Newest'],
  ] as const) {
    const reply = await putQuest(writer, id, { title, reward: 999_000 });
    expectStatus(reply, 200, { usually: 'PUT of a quest that is there is not a 200' });
    check(jsonOf(reply).title === title, {
      sent: reply.sent,
      expected: 'the quest as it is now in the answer',
      received: 'something else',
      usually: 'the answer to the write is from the cache',
    });
    await both(title, 'a PUT');
  }
  expectStatus(await remove(b, id), 204, { usually: 'DELETE fails' });
  await both(undefined, 'a DELETE');
  expectStatus(await putQuest(a, id, { title: 'Back', reward: 999_000 }), 201, {
    usually: 'PUT of a quest that is not there is not a 201',
  });
  await both('Back', 'a PUT that creates');
  await showsClaims(id, a, b);
}

async function showsClaims(id: number, a: Process, b: Process): Promise<void> {
  const claimed = await claim(b, id, 'Tarn');
  expectStatus(claimed, 201, { usually: 'a claim fails' });
  for (const process of [a, b]) {
    const reply = await get(process, questPath(id));
    check(jsonOf(reply).claimedBy === 'Tarn', {
      sent: `POST ${questPath(id)}/claims by Tarn, then ${reply.sent}`,
      expected: '"claimedBy": "Tarn"',
      received: `"claimedBy": ${JSON.stringify(jsonOf(reply).claimedBy)}`,
      usually: 'a claim is a write to the quest, too',
    });
    check(boardTitle(await get(process, '/board'), id) === undefined, {
      sent: `POST ${questPath(id)}/claims, then GET /board`,
      expected: 'a board without the quest',
      received: 'a board with it',
      usually: 'a claim takes the quest off the board, whose entry stays',
    });
  }
}

export async function remembersWhatIsMissing(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  const id = tavern.newId();
  const path = questPath(id);
  const usually = 'only what exists is kept: each request for a quest that there never was reaches the database';
  const expectMissing = async (process: Process, source: 'miss' | 'hit'): Promise<void> => {
    const reply = await get(process, path);
    expectStatus(reply, 404, { usually: 'a missing quest is no 404' });
    expectSource(reply, source, usually);
  };
  await expectMissing(a, 'miss');
  await expectMissing(a, 'hit');
  await expectMissing(b, 'hit');
  check(loadsOf(a, b) === 1, {
    sent: `GET ${path}, of which there is none, three times`,
    expected: '1 load',
    received: `${loadsOf(a, b)}`,
    usually,
  });
  expectStatus(await putQuest(b, id, { title: 'Born' }), 201, { usually: 'PUT does not create' });
  for (const process of [a, b]) {
    expectTitle(await get(process, path), 'Born', {
      sent: `GET ${path} (404), PUT by another process, and GET again`,
      usually: '"there is none" is remembered after it has become wrong: creating invalidates, too',
    });
  }
  await forgetsWhatIsMissing();
}

async function forgetsWhatIsMissing(): Promise<void> {
  const tavern = await sharedTavern();
  await using process = await tavern.start({ CACHE_NEGATIVE_TTL_MS: '150', CACHE_JITTER_PERCENT: '0' });
  const id = tavern.newId();
  expectStatus(await get(process, questPath(id)), 404, { usually: 'a missing quest is no 404' });
  await tavern.addQuest('Made by somebody else', { id });
  await getUntil(process, questPath(id), ({ status }) => status === 200, {
    sent: `GET ${questPath(id)} (404) with CACHE_NEGATIVE_TTL_MS=150, an INSERT by somebody else, and GET again and again`,
    expected: 'status 200 when CACHE_NEGATIVE_TTL_MS have passed',
    usually: 'what is missing is remembered for CACHE_TTL_MS, as long as what exists',
  });
  const other = tavern.newId();
  expectStatus(await get(process, questPath(other)), 404, { usually: 'a missing quest is no 404' });
  process.origin.vanish();
  const last = await getUntil(
    process,
    questPath(other),
    (reply) => reply.status === 503 || sourceOf(reply) === 'stale',
    {
      sent: `GET ${questPath(other)} (404), then the database goes, and GET again and again`,
      expected: 'status 503 when CACHE_NEGATIVE_TTL_MS have passed',
      usually: 'what is missing is remembered for longer than it may',
    },
  );
  check(last.status === 503, {
    sent: last.sent,
    expected: 'status 503 when CACHE_NEGATIVE_TTL_MS have passed',
    received: 'a stale 404',
    usually: '"there is none" is given stale: it is the answer that is most likely to be wrong',
  });
}

/** Used by checkpoints that ask for a write only to see whether it is refused. */
export async function expectRefusedWrite(process: Process, path: string, json: unknown): Promise<Reply> {
  const reply = await exchange(process.program, 'PUT', path, { json });
  check(reply.status >= 400, {
    sent: reply.sent,
    expected: 'a refusal',
    received: `status ${reply.status}`,
    usually: 'the body is not validated, or the error of the database is swallowed',
  });
  return reply;
}
