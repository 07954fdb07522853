import pg from 'pg';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../harness/database.ts';
import { createTcpProxy } from '../harness/faults/tcp-proxy.ts';
import { createKeyPrefix } from '../harness/key-prefix.ts';
import { shakeHands } from './handshake.ts';
import { hasPrivateServers } from './private-folder.ts';
import { type PrivateServer, startPrivatePostgres, startPrivateRedis } from './private-server.ts';
import { openTemporaryPlace, type TemporaryPlace } from './temporary-place.ts';

let place: TemporaryPlace;
let server: PrivateServer;
beforeAll(async () => {
  place = openTemporaryPlace();
  server = await startPrivatePostgres({ place, settings: { max_connections: '20' } });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(await place.processesThatStay()).toEqual([]);
  expect(hasPrivateServers(place)).toBe(false);
  await place[Symbol.asyncDispose]();
}, 60_000);

async function query(sql: string, url = server.url): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('what was committed survives a kill, on the same port', async () => {
  await query('CREATE TABLE ledger AS SELECT 7 AS gold');
  const { url, pid } = server;
  await server.kill();
  expect(server.isRunning).toBe(false);
  expect(await shakeHands('postgresql', url)).toMatchObject({ ok: false, refused: true });
  await server.start();
  expect(server.url).toBe(url);
  expect(server.pid).not.toBe(pid);
  expect(await query('SELECT gold FROM ledger')).toEqual([{ gold: 7 }]);
});

test('frozen it takes connections and does not answer; thawed it does, on the same connection', async () => {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  server.freeze();
  const answer = client.query('SELECT 1 AS one');
  expect(await shakeHands('postgresql', server.url, 200)).toMatchObject({ ok: false, reason: /no answer within/ });
  server.thaw();
  expect((await answer).rows).toEqual([{ one: 1 }]);
  await client.end();
});

test('frozen it can be killed, and nothing of it stays', async () => {
  server.freeze();
  await server.kill();
  await server.start();
  expect((await shakeHands('postgresql', server.url)).ok).toBe(true);
});

test('settings are the server’s, and a second server is another one', async () => {
  await using other = await startPrivatePostgres({ place, settings: { fsync: 'on', synchronous_commit: 'off' } });
  expect(await query('SHOW max_connections')).toEqual([{ max_connections: '20' }]);
  expect(await query('SHOW fsync', other.url)).toEqual([{ fsync: 'on' }]);
  expect(other.port).not.toBe(server.port);
});

test('the fault proxy stands in front of it: a freeze of the line, and a reset', async () => {
  await using proxy = await createTcpProxy({ upstream: { port: server.port }, seed: 1 });
  const url = server.url.replace(`:${server.port}/`, `:${proxy.port}/`);
  const client = new pg.Client({ connectionString: url });
  const broken = new Promise<Error>((resolve) => client.on('error', resolve));
  await client.connect();
  proxy.freeze();
  const answer = client.query('SELECT 2 AS two');
  const early = await Promise.race([answer.then(() => 'answered'), shakeHands('postgresql', server.url)]);
  // The server answers somebody who does not come through the proxy; ours still waits.
  expect(early).toMatchObject({ ok: true });
  proxy.unfreeze();
  expect((await answer).rows).toEqual([{ two: 2 }]);
  proxy.reset();
  expect((await broken).message).toMatch(/ECONNRESET|terminated/);
});

test('a database of one’s own comes empty or as a copy, and goes with whoever is connected to it', async () => {
  const first = await createDatabase({ address: server.url });
  await query('CREATE TABLE hero AS SELECT 1 AS id', first.url);
  const copy = await createDatabase({ address: server.url, template: first.name });
  expect(await query('SELECT id FROM hero', copy.url)).toEqual([{ id: 1 }]);
  const guest = new pg.Client({ connectionString: copy.url });
  guest.on('error', () => {});
  const ended = new Promise((resolve) => guest.once('end', resolve));
  await guest.connect();
  await Promise.all([first[Symbol.asyncDispose](), copy[Symbol.asyncDispose]()]);
  expect(await query(`SELECT datname FROM pg_database WHERE datname LIKE 'lab%'`)).toEqual([]);
  await ended;
});

test('a server whose run was killed goes with it', async () => {
  const { child, output } = place.launcher(`
    import { startPrivatePostgres } from ${JSON.stringify(new URL('private-server.ts', import.meta.url).pathname)};
    const server = await startPrivatePostgres({ place });
    server.freeze();
    console.log('frozen', server.pid);
    setInterval(() => {}, 1_000);`);
  output.catch(() => {});
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  const before = place.processes().length;
  child.kill('SIGKILL');
  await output.catch(() => {});
  const own = () => place.processes().filter((line) => !line.includes(String(server.port))).length;
  const end = performance.now() + 10_000;
  while (own() > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(before).toBeGreaterThan(1);
  expect(own()).toBe(0);
});

test('a Redis of one’s own keeps its keys over a stop, and a prefix removes its own alone', async ({ skip }) => {
  const usual = { ...place, env: process.env };
  const redis = await startPrivateRedis({ place: usual }).catch((error: Error & { code?: string }) => {
    if (error.code === 'UNAVAILABLE') return undefined;
    throw error;
  });
  if (!redis) return skip('there is no redis-server on the PATH');
  await using owned = redis;
  const client = createClient({ url: owned.url }).on('error', () => {});
  await client.connect();
  const prefix = createKeyPrefix(owned.url);
  await client.mSet({ [`${prefix.prefix}a`]: '1', b: '2' });
  await prefix[Symbol.asyncDispose]();
  expect(await client.keys('*')).toEqual(['b']);
  client.destroy();
  await owned.restart();
  expect((await shakeHands('redis', owned.url)).ok).toBe(true);
});
