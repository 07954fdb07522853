import { check } from '../../harness/failure.ts';
import { expectStatus, type Reply } from '../../harness/http-exchange.ts';
import {
  answerOrSay,
  expectSource,
  expectTitle,
  get,
  getUntil,
  itemsOf,
  loadsOf,
  putQuest,
  questPath,
  type Source,
  sourceOf,
} from './reading.ts';
import { type Process, sharedPair, sharedTavern, type Tavern } from './tavern.ts';

interface Poison {
  readonly what: string;
  put(tavern: Tavern, key: string, own: Buffer): Promise<unknown>;
}

const text = (what: string, value: string): Poison => ({ what, put: ({ redis }, key) => redis.set(key, value) });

const POISONS: readonly Poison[] = [
  text('text that is no JSON', 'rats!'),
  text('an empty text', ''),
  text('null', 'null'),
  text('a number', '42'),
  text('an empty list', '[]'),
  text('an empty object', '{}'),
  text('{"value":null}', '{"value":null}'),
  text('a text in quotes', '"quest"'),
  {
    what: 'the first half of the entry',
    put: ({ redis }, key, own) => redis.set(key, own.subarray(0, own.length / 2)),
  },
  { what: 'bytes that are no UTF-8', put: ({ redis }, key) => redis.set(key, Buffer.from([0xff, 0xfe, 0x00, 0x80])) },
  { what: 'a list', put: async ({ redis }, key) => [await redis.del(key), await redis.rPush(key, 'quest')] },
  { what: 'a hash', put: async ({ redis }, key) => [await redis.del(key), await redis.hSet(key, 'title', 'x')] },
  {
    what: 'a sorted set',
    put: async ({ redis }, key) => [await redis.del(key), await redis.zAdd(key, { score: 1, value: 'x' })],
  },
];

export async function takesForeignValuesForMisses(): Promise<void> {
  const { tavern, a } = await sharedPair();
  const id = await tavern.addQuest('The real one', { reward: 999_990 });
  for (const poison of POISONS) {
    await survives(tavern, a, poison, {
      key: `quest:${id}`,
      path: questPath(id),
      expectRight: (reply, usually) =>
        expectTitle(reply, 'The real one', { sent: sent(poison, `quest:<id>`), usually }),
    });
  }
  for (const poison of [POISONS[0], POISONS[3], POISONS[10]] as Poison[]) {
    await survives(tavern, a, poison, {
      key: 'board',
      path: '/board',
      expectRight: (reply) => void itemsOf(reply),
    });
  }
  for (const poison of [POISONS[0], POISONS[10], POISONS[12]] as Poison[]) {
    await survives(tavern, a, poison, {
      key: 'leaderboard',
      path: '/leaderboard',
      expectRight: (reply) => void itemsOf(reply),
    });
  }
}

const sent = ({ what }: Poison, key: string): string => `${what} under the key <KEY_PREFIX>${key}, and GET`;

async function survives(
  tavern: Tavern,
  process: Process,
  poison: Poison,
  place: { readonly key: string; readonly path: string; readonly expectRight: (reply: Reply, usually: string) => void },
): Promise<void> {
  const { path, expectRight } = place;
  const key = `${tavern.prefix}${place.key}`;
  await getUntil(process, path, (reply) => sourceOf(reply) === 'hit', {
    expected: 'a hit at the second read',
    usually: 'nothing is kept',
  });
  const isSet = place.key === 'leaderboard';
  const own = isSet ? Buffer.alloc(0) : Buffer.from((await tavern.redis.get(key)) ?? '');
  check(isSet || own.length > 0, {
    sent: `GET ${path.replace(/\d+/, '<id>')}, twice`,
    expected: `a string under <KEY_PREFIX>${place.key.replace(/\d+/, '<id>')}`,
    received: 'none',
    usually: 'the entry has another key',
  });
  await poison.put(tavern, key, own);
  const name = place.key.replace(/\d+/, '<id>');
  const first = await get(process, path);
  const usually =
    'what is in Redis is believed, or its error becomes yours: others write there as well, and so did your last build';
  check(first.status === 200, {
    sent: sent(poison, name),
    expected: 'status 200, from the database',
    received: `status ${first.status}`,
    usually,
    details: first.details,
  });
  expectRight(first, usually);
  const second = await get(process, path);
  check(sourceOf(second) === 'hit', {
    sent: `${sent(poison, name)} twice`,
    expected: 'a hit at the second read: the load has replaced it',
    received: `a ${sourceOf(second)}`,
    usually: 'what cannot be read is skipped, and stays: every read is a load, until somebody removes it by hand',
  });
  expectRight(second, usually);
}

export async function keepsFormatsApart(): Promise<void> {
  const { tavern, a } = await sharedPair();
  await using next = await tavern.start({ CACHE_FORMAT: '2' });
  const id = await tavern.addQuest('First');
  const path = questPath(id);
  for (const process of [a, a]) expectTitle(await get(process, path), 'First', { usually: 'a quest is not read' });
  await tavern.retitle(id, 'Second');
  const reply = await get(next, path);
  expectTitle(reply, 'Second', {
    sent: `GET ${path} by a process with CACHE_FORMAT=1, a change by somebody else, and GET by one with CACHE_FORMAT=2`,
    usually: 'the entry of the old build is taken by the new one, whatever has become of its fields',
  });
  expectSource(reply, 'miss', 'an entry of another format is taken for one of its own');
  const old = await tavern.addQuest('First');
  for (const process of [a, a]) await get(process, questPath(old));
  expectStatus(await putQuest(next, old, { title: 'Third' }), 200, { usually: 'a write fails' });
  for (const process of [a, next]) {
    expectTitle(await get(process, questPath(old)), 'Third', {
      sent: 'an entry of CACHE_FORMAT=1, a PUT by a process with CACHE_FORMAT=2, and GET in both',
      usually:
        'the number is a part of the key: the new build removes its own entry, and the old one goes on serving its',
    });
  }
  expectStatus(await putQuest(a, old, { title: 'Fourth' }), 200, { usually: 'a write fails' });
  for (const process of [next, a]) {
    expectTitle(await get(process, questPath(old)), 'Fourth', {
      sent: 'an entry of CACHE_FORMAT=2, a PUT by a process with CACHE_FORMAT=1, and GET in both',
      usually:
        'the number is a part of the key: the old build removes its own entry, and the new one goes on serving its',
    });
  }
}

export async function keepsNothingTooLarge(): Promise<void> {
  const tavern = await sharedTavern();
  await using process = await tavern.start({ CACHE_MAX_ENTRY_BYTES: '2000', CACHE_WAIT_MS: '6000' });
  const small = await tavern.addQuest('Small', { details: 'x'.repeat(1_000) });
  // 1,500 characters, and 3,000 bytes.
  const large = await tavern.addQuest('Large', { details: 'ü'.repeat(1_500) });
  for (const source of ['miss', 'hit'] as const) {
    expectSource(await get(process, questPath(small)), source, 'an entry below the limit is not kept');
  }
  for (let i = 0; i < 3; i += 1) {
    const reply = await answerOrSay(get(process, questPath(large), { withinMs: 5_000 }), {
      sent: 'GET of a quest that is too large to be kept, three times, with CACHE_WAIT_MS=6000',
      expected: 'an answer without a wait for others',
      usually: 'whoever keeps nothing keeps the lease: the next reader waits for an entry that nobody makes',
    });
    expectTitle(reply, 'Large', { usually: 'what is too large to be kept is not served either' });
    const key = await tavern.redis.exists(`${tavern.prefix}quest:${large}`);
    check(key === 0, {
      sent: `GET of a quest with 1,500 times "ü", 3,000 bytes, with CACHE_MAX_ENTRY_BYTES=2000`,
      expected: 'no entry',
      received: 'one',
      usually: 'characters are counted instead of bytes, or nothing is counted',
    });
    expectSource(reply, 'miss', 'what is not kept is a miss each time');
  }
  expectStatus(await putQuest(process, small, { title: 'Grown', details: 'x'.repeat(3_000) }), 200, {
    usually: 'a write fails',
  });
  for (let i = 0; i < 2; i += 1) {
    expectTitle(await get(process, questPath(small)), 'Grown', {
      usually: 'a value that has grown too large is not kept, and the one before it stays',
    });
  }
}

const READS: Readonly<Record<Source, string>> = {
  hit: 'hit',
  stale: 'stale',
  miss: 'miss',
  collapsed: 'miss',
  bypass: 'error',
};

/** Counts what Cache-Status says, to be compared with what the metrics say. */
class Tally {
  readonly reads: Record<string, number> = { hit: 0, stale: 0, miss: 0, error: 0 };

  add(reply: Reply): Source {
    const source = sourceOf(reply);
    const result = READS[source];
    this.reads[result] = (this.reads[result] ?? 0) + 1;
    return source;
  }
}

export async function countsReads(): Promise<void> {
  const tavern = await sharedTavern();
  await using process = await tavern.start({ CACHE_TTL_MS: '300', CACHE_MAX_ENTRY_BYTES: '3000' });
  const begun = await metricsOf(process);
  for (const cache of ['quest', 'board', 'leaderboard']) {
    for (const [name, values] of [
      ['cache_reads_total', ['hit', 'stale', 'miss', 'error']],
      ['cache_loads_total', ['miss', 'early']],
      ['cache_not_stored_total', ['too-large', 'invalidated', 'error']],
    ] as const) {
      for (const value of values) {
        const label = name === 'cache_reads_total' ? 'result' : 'reason';
        expectCount(begun, `${name}{cache="${cache}",${label}="${value}"}`, 0, 'GET /metrics after the start');
      }
    }
  }
  const tally = new Tally();
  const [id, other] = [await tavern.addQuest('Counted'), await tavern.addQuest('Counted too')];
  const missing = tavern.newId();
  const large = await tavern.addQuest('Large', { details: 'x'.repeat(5_000) });
  for (const each of [id, id, missing, missing, large, large]) tally.add(await get(process, questPath(each)));
  for (const reply of await Promise.all(Array.from({ length: 30 }, () => get(process, questPath(other)))))
    tally.add(reply);
  const loads = loadsOf(process);
  await compare(process, tally, loads, 'reads of quests, some of them at once');
  expectCount(
    await metricsOf(process),
    'cache_not_stored_total{cache="quest",reason="too-large"}',
    2,
    'GET of a quest that is too large, twice',
  );

  process.origin.vanish();
  const reply = await getUntil(
    process,
    questPath(id),
    (each) => {
      if (each.status !== 200) return true;
      return tally.add(each) === 'stale';
    },
    { expected: 'the stale entry', usually: 'the entry is gone with its freshness' },
  );
  expectStatus(reply, 200, { usually: 'a stale entry is not served without the database' });
  process.origin.pass();
  await compareReads(process, tally, 'reads until an entry is served stale, without the database');
  await countsErrors(tavern);
}

async function countsErrors(tavern: Tavern): Promise<void> {
  await using process = await tavern.start({ REDIS_URL: 'redis://127.0.0.1:1' });
  const tally = new Tally();
  const id = await tavern.addQuest('Uncached');
  for (let i = 0; i < 3; i += 1) tally.add(await get(process, questPath(id)));
  await compare(process, tally, 3, 'GET three times without a Redis');
}

async function compare(process: Process, tally: Tally, loads: number, what: string): Promise<void> {
  await compareReads(process, tally, what);
  expectCount(
    await metricsOf(process),
    'cache_loads_total{cache="quest",reason="miss"}',
    loads,
    `${what}; against the loads at the database`,
  );
}

async function compareReads(process: Process, tally: Tally, what: string): Promise<void> {
  const found = await metricsOf(process);
  for (const [result, count] of Object.entries(tally.reads)) {
    expectCount(
      found,
      `cache_reads_total{cache="quest",result="${result}"}`,
      count,
      `${what}; against what Cache-Status said`,
    );
  }
}

async function metricsOf(process: Process): Promise<ReadonlyMap<string, number>> {
  const reply = await get(process, '/metrics');
  expectStatus(reply, 200, { usually: 'there is no /metrics' });
  const lines = reply.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, series = line, value = ''] = /^(.+)\s(\S+)$/.exec(line) ?? [];
      // The order of the labels is not a matter of the format.
      const [, name = series, labels = ''] = /^(\w+)\{(.*?),?\}$/.exec(series) ?? [];
      return [
        `${name}{${labels
          .split(/,(?=\w+=)/)
          .sort()
          .join(',')}}`,
        Number(value),
      ];
    }),
  );
}

function expectCount(found: ReadonlyMap<string, number>, series: string, count: number, sentText: string): void {
  const value = found.get(series);
  check(value === count, {
    sent: sentText,
    expected: `the right count of ${series}`,
    received: value === undefined ? 'no such series' : value > count ? 'more' : 'fewer',
    usually:
      value === undefined
        ? 'a series is there only when it has counted something: nobody can tell 0 from a name that is wrong'
        : 'a read is counted on more than one way through the program, or on none; or those who share a load count it each',
    details: [`${String(value)} where ${count} are right`],
  });
}
