import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check } from '../../harness/failure.ts';
import { expectStatus, jsonOf } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';
import { createRandom } from '../../harness/random.ts';
import { exchange } from './exchange.ts';
import { type Created, create, createHero, errand, listPage, writeIf } from './tales.ts';
import { proxiedServer, sharedServer } from './tavern.ts';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const MAX_PAGES = 40;

type Item = Record<string, unknown>;

interface Walk {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Called between two pages. */
  readonly meanwhile?: (page: number) => Promise<void>;
}

/** Follows a list to its end. @returns the items in the order in which they came. */
async function walk(server: Program, { path, parameters, meanwhile }: Walk): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let page = 1; ; page += 1) {
    const { reply, ...next } = await listPage(server, path, {
      ...parameters,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...next.items);
    const limit = Number(parameters.limit ?? 20);
    const text = { sent: reply.sent, details: reply.details };
    check(next.items.length <= limit, {
      ...text,
      expected: `at most ${limit} items`,
      received: `${next.items.length}`,
      usually: 'the limit is not applied',
    });
    if (next.nextCursor === null) return items;
    check(typeof next.nextCursor === 'string' && next.items.length === limit && page < MAX_PAGES, {
      ...text,
      expected: 'a full page with a nextCursor, or the last page with null',
      received: page < MAX_PAGES ? 'neither' : 'pages without end',
      usually: 'nextCursor is missing, or is given although nothing follows',
    });
    cursor = next.nextCursor;
    await meanwhile?.(page);
  }
}

export async function pagesByKey(): Promise<void> {
  const server = await sharedServer();
  const guild = 'Pagers';
  // Levels 1 to 3, seven of each: pages of four end in the middle of equal levels.
  const heroes: Created[] = [];
  for (let i = 0; i < 21; i += 1)
    heroes.push(await createHero(server, { guild, name: `Hero ${i}`, level: 1 + (i % 3) }));
  const gone: string[] = [];
  const seenFirst: string[] = [];
  const walked = await walk(server, {
    path: '/characters',
    parameters: { guild, sort: 'level', limit: '4' },
    meanwhile: async (page) => {
      if (page > 3) return;
      // One before where the reader is, one after, and one that it has seen is deleted.
      await createHero(server, { guild, name: `Early ${page}`, level: 1 });
      await createHero(server, { guild, name: `Late ${page}`, level: 20 });
      const seen = heroes[(page - 1) * 3];
      if (page > 1 || seen === undefined) return;
      gone.push(seen.id);
      await writeIf(server, 'DELETE', seen.path, seen.tag);
    },
  });
  seenFirst.push(...walked.map(({ id }) => String(id)));
  const sent = 'GET /characters?sort=level&limit=4 page by page, while characters were created and one deleted';
  const twice = seenFirst.filter((id, i) => seenFirst.indexOf(id) !== i).length;
  check(twice === 0, {
    sent,
    expected: 'every character at most once',
    received: `${twice} of them twice`,
    usually: 'the page begins at a number of rows (OFFSET), and rows before it have moved: begin behind the last row',
  });
  const missing = heroes.filter(({ id }) => !gone.includes(id) && !seenFirst.includes(id)).length;
  check(missing === 0, {
    sent,
    expected: 'every character that was there all the time',
    received: `${missing} of them missing`,
    usually: 'rows with equal values are skipped: the order needs a tie-breaker, and the cursor has to hold it',
  });
  expectOrder(walked, 'level', (a, b) => Number(a) <= Number(b), sent);

  const titles = ['a', 'B', 'ä', 'Z', 'z', '-', '10', '9', 'Zebra', '𝔅', '\uff5e', 'a b', 'ab'];
  for (const title of titles) await create(server, '/quests', errand({ guild, title, reward: 7 }));
  const byTitle = await walk(server, { path: '/quests', parameters: { guild, limit: '5' } });
  const codePoints = (a: unknown, b: unknown) => Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b))) <= 0;
  expectOrder(byTitle, 'title', codePoints, 'GET /quests, by title, page by page');
  const byReward = await walk(server, { path: '/quests', parameters: { guild, sort: 'reward', limit: '1' } });
  for (const [items, by] of [
    [byTitle, 'title'],
    [byReward, 'reward'],
  ] as const) {
    const count = new Set(items.map(({ id }) => id)).size;
    check(items.length === titles.length && count === titles.length, {
      sent: `GET /quests?sort=${by} page by page`,
      expected: `all ${titles.length} quests, each once`,
      received: `${items.length} items, ${count} different`,
      usually: 'rows with equal values are skipped: the order needs a tie-breaker, and the cursor has to hold it',
    });
  }
  // 12 at a time: the second page has one. 13: there is no second page. 20 is what the brief says without a limit.
  for (const [limit, pages] of [
    ['12', 2],
    ['13', 1],
  ] as const) {
    let count = 1;
    const meanwhile = async (page: number) => {
      count = page + 1;
    };
    await walk(server, { path: '/quests', parameters: { guild, limit }, meanwhile });
    check(count === pages, {
      sent: `GET /quests?limit=${limit}, of ${titles.length} quests`,
      expected: `${pages} page${pages === 1 ? '' : 's'}`,
      received: `${count}`,
      usually: 'a full page is taken for a sign that more follows: ask for one row more than the page shows',
    });
  }
  const first = await listPage(server, '/characters', { guild });
  check(first.items.length === 20, {
    sent: first.reply.sent,
    expected: '20 items without a limit',
    received: `${first.items.length}`,
    usually: 'the default of the brief is not applied: a list without a bound is a way to take the server down',
  });
  const nobody = await listPage(server, '/characters', { guild: '' });
  check(nobody.items.length === 0, {
    sent: nobody.reply.sent,
    expected: 'no items: no guild is called ""',
    received: `${nobody.items.length} of them`,
    usually: 'an empty text is taken for no filter, and the client gets what it did not ask for',
  });
  await expectBadQueries(server);
}

/** Queries, and the parameters that are wrong in them. */
const BAD_QUERIES: readonly (readonly [query: string, parameters: readonly string[]])[] = [
  ['limit=0', ['limit']],
  ['limit=101', ['limit']],
  ['limit=-1', ['limit']],
  ['limit=1e1', ['limit']],
  ['limit=', ['limit']],
  ['sort=gold', ['sort']],
  ['sort=level%3B', ['sort']],
  ['page=2', ['page']],
  ['limit=2&limit=3', ['limit']],
  ['limit=0&page=2&sort=level', ['limit', 'page']],
];

async function expectBadQueries(server: Program): Promise<void> {
  for (const [query, parameters] of BAD_QUERIES) {
    const reply = await exchange(server, 'GET', `/characters?${query}`);
    expectStatus(reply, 400, {
      usually: 'a query that is not understood is ignored, and the client believes that it was',
    });
    const { errors } = jsonOf(reply);
    const told = (Array.isArray(errors) ? errors : []).map((error: { parameter?: unknown }) =>
      String(error?.parameter),
    );
    check([...new Set(told)].sort().join() === parameters.join(), {
      sent: reply.sent,
      expected: `errors that name ${parameters.map((name) => `"${name}"`).join(' and ')} as their "parameter"`,
      received: told.length === 0 ? 'no errors' : `errors of ${told.map((name) => `"${name}"`).join(', ')}`,
      usually: 'the client learns that its query is wrong, and not where',
      details: reply.details,
    });
  }
}

function expectOrder(
  items: readonly Item[],
  field: string,
  inOrder: (a: unknown, b: unknown) => boolean,
  sent: string,
): void {
  const values = items.map((item) => item[field]);
  const at = values.findIndex((value, i) => i > 0 && !inOrder(values[i - 1], value));
  check(at < 0, {
    sent,
    expected: `rising values of "${field}" over all pages, text by code point`,
    received: 'others',
    usually: 'the order is missing, is that of a locale, or differs from the one that the cursor compares by',
    details: [`${JSON.stringify(values[at - 1])} comes before ${JSON.stringify(values[at])}`],
  });
}

export async function refusesForgedCursors({ seed }: CheckpointContext): Promise<void> {
  const server = await sharedServer();
  const guild = 'Forgers';
  for (let i = 0; i < 4; i += 1) await createHero(server, { guild, name: `Forger ${i}`, level: 5 });
  const parameters = { guild, sort: 'level', limit: '2' };
  const { nextCursor } = await listPage(server, '/characters', parameters);
  check(typeof nextCursor === 'string' && nextCursor !== '', {
    sent: 'GET /characters?limit=2, of 4 characters',
    expected: 'a nextCursor',
    received: 'none',
    usually: 'the list has no pages yet',
  });
  const cursor = String(nextCursor);
  const random = createRandom(seed);
  const altered = (at: number): string => {
    const other = BASE64.replace(cursor[at] ?? '', '')[random.int(0, 61)] ?? 'A';
    return cursor.slice(0, at) + other + cursor.slice(at + 1);
  };
  const places = [0, cursor.length - 1, ...Array.from({ length: 16 }, () => random.int(0, cursor.length - 1))];
  const forged = [
    ...places.map(altered),
    '',
    'x',
    `${cursor}=`,
    cursor.slice(0, -1),
    `${cursor}.${cursor}`,
    Buffer.from('{"level":0,"id":"00000000-0000-4000-8000-000000000000"}').toString('base64url'),
    Buffer.from('[0,"00000000-0000-4000-8000-000000000000"]').toString('base64url'),
    "1' OR '1'='1",
    'A'.repeat(6_000),
    '\u0000',
  ];
  const usually =
    'a cursor is decoded and believed: sign it, and compare the text, as a lenient decoder takes several texts for one';
  for (const text of forged) {
    const reply = await exchange(server, 'GET', `/characters?${new URLSearchParams({ ...parameters, cursor: text })}`);
    expectStatus(reply, 400, { usually, expected: 'status 400 for a cursor that was not given out' });
  }
  const elsewhere = [
    ['/characters', { ...parameters, guild: 'Others' }],
    ['/characters', { ...parameters, sort: 'name' }],
    ['/characters', { sort: 'level', limit: '2' }],
    ['/quests', { guild, limit: '2' }],
  ] as const;
  for (const [path, other] of elsewhere) {
    const reply = await exchange(server, 'GET', `${path}?${new URLSearchParams({ ...other, cursor })}`);
    expectStatus(reply, 400, {
      expected: 'status 400 for a cursor of another list',
      usually: 'a cursor is a place in one list: bind it to its path, order and filter',
    });
  }
  const ofAll = await listPage(server, '/characters', { limit: '2' });
  const asNobody = new URLSearchParams({ limit: '2', guild: '', cursor: String(ofAll.nextCursor) });
  expectStatus(await exchange(server, 'GET', `/characters?${asNobody}`), 400, {
    expected: 'status 400 for a cursor of the list of all guilds, sent with guild=',
    usually: 'what is signed is joined to one text, in which no guild and an empty one look the same',
  });
  const { program: other } = await proxiedServer();
  const query = new URLSearchParams({ ...parameters, cursor });
  expectStatus(await exchange(other, 'GET', `/characters?${query}`), 200, {
    expected: 'status 200 for a cursor of another process with the same CURSOR_KEY',
    usually: 'each process makes a key of its own, and a reader whose next request meets another process is lost',
  });
  const honest = await listPage(server, '/characters', { ...parameters, limit: '1', cursor });
  check(honest.items.length === 1, {
    sent: honest.reply.sent,
    expected: 'the next page, with another limit',
    received: `${honest.items.length} items`,
    usually: 'the limit is bound to the cursor, which the brief does not ask for',
  });
}
