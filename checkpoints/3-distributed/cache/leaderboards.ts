import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check, fail } from '../../harness/failure.ts';
import { createTcpProxy } from '../../harness/faults/tcp-proxy.ts';
import { expectStatus, jsonOf, type Reply, statusOf } from '../../harness/http-exchange.ts';
import { claim, expectSource, forgetLoads, get, itemsOf, loadsOf, sourceOf } from './reading.ts';
import { type Process, sharedTavern, Tavern } from './tavern.ts';

type Row = readonly [name: string, score: number];

/** Names that sort differently by bytes, by UTF-16 units, without regard to case, and in a language. */
const ROWS: readonly Row[] = [
  ['Zed', 90],
  ['ada', 90],
  ['Ada', 90],
  ['Åsa', 90],
  ['𝔅rida', 90],
  ['ﬀolke', 90],
  ['a b', 90],
  ['a-b', 90],
  ['Ilse', 500],
  ['Cora', 70],
  ['Dan', 70],
  ['Bo', 70],
  ['Tarn', 9_000_000_000_000],
  ['Nil', 0],
  ['Nix', 0],
  ['Eve', 100],
];

function ranked(rows: readonly Row[]): { rank: number; name: string; score: number }[] {
  return rows
    .toSorted(([n1, s1], [n2, s2]) => s2 - s1 || Buffer.compare(Buffer.from(n1), Buffer.from(n2)))
    .map(([name, score]) => ({ name, score, rank: 1 + rows.filter((row) => row[1] > score).length }));
}

async function openTavern(rows: readonly Row[], redisUrl?: string): Promise<Tavern> {
  const tavern = await Tavern.open(redisUrl === undefined ? {} : { redisUrl });
  for (const row of rows) await tavern.sql.query('INSERT INTO adventurers VALUES ($1, $2)', [...row]);
  return tavern;
}

export async function ordersTheLeaderboard(): Promise<void> {
  await using tavern = await openTavern(ROWS);
  await using process = await tavern.start();
  await using without = await tavern.start({ REDIS_URL: 'redis://127.0.0.1:1' });
  const wanted = ranked(ROWS);
  const first = await get(process, '/leaderboard?limit=100');
  expectPage(first, wanted, ROWS.length, 'rebuilt');
  expectSource(first, 'miss', 'a first read says that it is a hit');
  forgetLoads(process);
  for (const [offset, limit] of [
    [0, 100],
    [0, 2],
    [2, 3],
    [3, 4],
    [5, 1],
    [11, 5],
    [14, 10],
    [16, 5],
    [1_000, 100],
  ] as const) {
    const path = `/leaderboard?offset=${offset}&limit=${limit}`;
    const reply = await get(process, path);
    expectSource(reply, 'hit', 'the leaderboard is read from the database each time');
    expectPage(reply, wanted.slice(offset, offset + limit), ROWS.length, 'from Redis');
    expectPage(await get(without, path), wanted.slice(offset, offset + limit), ROWS.length, 'without Redis');
  }
  expectPage(await get(process, '/leaderboard'), wanted.slice(0, 10), ROWS.length, 'from Redis');
  check(loadsOf(process) === 0, {
    sent: 'pages of a leaderboard that is in Redis',
    expected: 'no loads',
    received: `${loadsOf(process)}`,
    usually: 'each page is read from the database',
  });
  for (const { rank, name, score } of wanted) {
    for (const server of [process, without]) {
      const reply = await get(server, `/leaderboard/${encodeURIComponent(name)}`);
      const found = jsonOf(reply);
      check(found.rank === rank && found.score === score && found.name === name, {
        sent: reply.sent,
        expected: `rank ${rank} and score ${score}`,
        received:
          reply.status === 200 ? `rank ${String(found.rank)} and score ${String(found.score)}` : statusOf(reply),
        usually: 'ZRANK counts those of the same score who sort earlier: the rank counts those with a higher score',
        details: reply.details,
      });
    }
  }
  for (const name of ['Nobody', '%20']) {
    expectStatus(await get(process, `/leaderboard/${name}`), 404, { usually: 'an unknown adventurer is no 404' });
  }
  const type = await tavern.redis.type(`${tavern.prefix}leaderboard`);
  check(type === 'zset', {
    sent: 'TYPE <KEY_PREFIX>leaderboard',
    expected: 'zset',
    received: type,
    usually: 'the leaderboard is kept as a text, which has to be made anew with each claim',
  });
}

function expectPage(reply: Reply, wanted: readonly object[], total: number, how: string): void {
  const items = itemsOf(reply);
  const shown = (item: object | undefined): string => {
    if (item === undefined) return 'nothing';
    const { rank, name, score } = item as Record<string, unknown>;
    return `${String(rank)}. ${String(name)} ${String(score)}`;
  };
  const sent = `${reply.sent}, ${how}`;
  wanted.forEach((row, i) => {
    if (shown(items[i]) === shown(row)) return;
    fail({
      sent,
      expected: `${shown(row)} in row ${i + 1}`,
      received: shown(items[i]),
      usually:
        'equal scores come in the order of ZREVRANGE, names from the last to the first; or the rank is the number of the row',
      details: reply.details,
    });
  });
  check(items.length === wanted.length, {
    sent,
    expected: `${wanted.length} rows`,
    received: `${items.length}`,
    usually: 'the last row of a range is inclusive in Redis',
    details: reply.details,
  });
  check(jsonOf(reply).total === total, {
    sent,
    expected: `"total": ${total}`,
    received: `"total": ${JSON.stringify(jsonOf(reply).total)}`,
    usually: 'the rows of the page are counted, or something in the set is no adventurer',
  });
}

async function expectStanding(
  process: Process,
  name: string,
  score: number,
  sent: string,
  usually: string,
): Promise<Reply> {
  const reply = await get(process, `/leaderboard/${encodeURIComponent(name)}`);
  const found = reply.status === 200 ? jsonOf(reply).score : undefined;
  check(found === score, {
    sent,
    expected: `${name} with ${score}`,
    received: found === undefined ? statusOf(reply) : `${name} with ${JSON.stringify(found)}`,
    usually,
    details: reply.details,
  });
  return reply;
}

export async function movesWithClaims(): Promise<void> {
  await using tavern = await openTavern([
    ['Ada', 100],
    ['Bo', 50],
  ]);
  const url = new URL(tavern.redisUrl);
  await using wire = await createTcpProxy({
    upstream: { host: url.hostname, port: Number(url.port || 6379) },
    seed: 1,
  });
  const slowUrl = new URL(url);
  [slowUrl.hostname, slowUrl.port] = ['127.0.0.1', String(wire.port)];
  await using slow = await tavern.start({ REDIS_URL: slowUrl.href });
  await using quick = await tavern.start();
  const quests: number[] = [];
  for (let i = 0; i < 4; i += 1) quests.push(await tavern.addQuest(`Quest ${i}`, { reward: 60 }));
  const [one = 0, two = 0, three = 0, four = 0] = quests;
  await get(quick, '/leaderboard');
  forgetLoads(slow, quick);
  expectStatus(await claim(quick, one, 'Bo'), 201, { usually: 'a claim fails' });
  expectStatus(await claim(quick, two, 'Cora'), 201, { usually: 'a claim fails' });
  const page = await get(slow, '/leaderboard');
  expectPage(
    page,
    [
      { rank: 1, name: 'Bo', score: 110 },
      { rank: 2, name: 'Ada', score: 100 },
      { rank: 3, name: 'Cora', score: 60 },
    ],
    3,
    'after claims by Bo and by Cora',
  );
  check(sourceOf(page) === 'hit' && loadsOf(slow, quick) === 0, {
    sent: 'two claims, then GET /leaderboard',
    expected: 'a hit, without a load',
    received: `a ${sourceOf(page)}`,
    usually: 'each claim removes the set: with a claim a second it is always being rebuilt',
  });
  // The first claim is committed, and its way to Redis is slow: the second one comes before it.
  wire.freeze();
  const first = claim(slow, three, 'Bo', { withinMs: 20_000 });
  await scoreInTable(tavern, 'Bo', 170);
  expectStatus(await claim(quick, four, 'Bo'), 201, { usually: 'a claim waits for another one' });
  wire.unfreeze();
  expectStatus(await first, 201, { usually: 'a claim fails' });
  await expectStanding(
    quick,
    'Bo',
    230,
    'two claims by Bo, the first of which reaches Redis after the second; then GET /leaderboard/Bo',
    'the score of the earlier claim is written over that of the later one: scores only grow, and Redis can see to it',
  );
  // What an increment would count twice, or not at all.
  await expectStanding(quick, 'Cora', 60, 'GET /leaderboard/Cora', 'the score of the set is not that of the table');
}

async function scoreInTable(tavern: Tavern, name: string, score: number): Promise<void> {
  await pollUntil(
    async () => {
      const { rows } = await tavern.sql.query<{ score: string }>('SELECT score FROM adventurers WHERE name = $1', [
        name,
      ]);
      return Number(rows[0]?.score);
    },
    (found) => found === score,
    {
      otherwise: (found) =>
        new CheckpointFailure({
          sent: `a claim by ${name}, with Redis slow`,
          expected: `a score of ${score} in the table`,
          received: String(found),
          usually: 'Redis is asked before the transaction is committed',
        }),
    },
  );
}

export async function rebuildsALostLeaderboard(): Promise<void> {
  await using tavern = await openTavern([
    ['Ada', 100],
    ['Bo', 50],
    ['Cora', 20],
  ]);
  await using process = await tavern.start();
  const quest = await tavern.addQuest('Quest', { reward: 60 });
  await get(process, '/leaderboard');
  const keys = await tavern.keys();
  check(keys.includes('leaderboard'), {
    sent: 'GET /leaderboard',
    expected: 'a key <KEY_PREFIX>leaderboard',
    received: 'none',
    usually: 'the set has another key, or is not kept',
  });
  await tavern.redis.del(keys.map((key) => `${tavern.prefix}${key}`));
  expectStatus(await claim(process, quest, 'Cora'), 201, { usually: 'a claim fails' });
  const wanted = [
    { rank: 1, name: 'Ada', score: 100 },
    { rank: 2, name: 'Cora', score: 80 },
    { rank: 3, name: 'Bo', score: 50 },
  ];
  for (const how of ['at once', 'and once more']) {
    const reply = await get(process, '/leaderboard');
    const items = itemsOf(reply);
    check(items.length === wanted.length, {
      sent: `Redis loses its keys, a claim by Cora, and GET /leaderboard ${how}`,
      expected: 'all three adventurers',
      received: items.length === 1 ? `${String(items[0]?.name)} alone` : `${items.length} of them`,
      usually: 'ZADD makes the set that it does not find, and from then on it looks whole',
      details: reply.details,
    });
    expectPage(reply, wanted, 3, 'after Redis has lost it');
  }
  await rebuildsAnEmptyOne();
}

async function rebuildsAnEmptyOne(): Promise<void> {
  await using tavern = await openTavern([]);
  await using process = await tavern.start();
  for (const source of ['miss', 'hit'] as const) {
    const reply = await get(process, '/leaderboard');
    expectPage(reply, [], 0, 'without adventurers');
    check(sourceOf(reply) === source, {
      sent: `GET /leaderboard without adventurers, ${source === 'hit' ? 'a second time' : 'the first time'}`,
      expected: `a ${source}`,
      received: `a ${sourceOf(reply)}`,
      usually: 'Redis keeps no set without members: an empty leaderboard cannot be told from a lost one',
    });
  }
  const quest = await tavern.addQuest('Quest', { reward: 5 });
  expectStatus(await claim(process, quest, 'Ada'), 201, { usually: 'a claim fails' });
  expectPage(await get(process, '/leaderboard'), [{ rank: 1, name: 'Ada', score: 5 }], 1, 'with the first adventurer');
}

export async function refusesAnOldRebuild(): Promise<void> {
  const tavern = await sharedTavern();
  await using a = await tavern.start({ KEY_PREFIX: `${tavern.prefix}race:` });
  await using b = await tavern.start({ KEY_PREFIX: `${tavern.prefix}race:` });
  for (const [i, writer] of [b, a].entries()) {
    const name = `Racer ${i}`;
    await tavern.sql.query('INSERT INTO adventurers VALUES ($1, 10)', [name]);
    const quest = await tavern.addQuest('Prize', { reward: 5 });
    await tavern.redis.del(`${tavern.prefix}race:leaderboard`);
    const gate = a.origin.holdLoads(1);
    const rebuild = get(a, '/leaderboard');
    await gate.waitFor(1, 'GET /leaderboard', rebuild);
    expectStatus(await claim(writer, quest, name), 201, { usually: 'a claim waits for a rebuild, or fails' });
    gate.open();
    await rebuild;
    for (const process of [a, b]) {
      await expectStanding(
        process,
        name,
        15,
        `GET /leaderboard, whose rebuild is slow; a claim meanwhile; and when both are answered, GET /leaderboard/${name}`,
        'the rebuild puts what it has read over the claim, or makes a set in which the claim is missing',
      );
    }
  }
}
