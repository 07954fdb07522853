/**
 * The same contract in another shape: versions in place of leases, and node:http alone in place of Express. What it shares
 * with the solution is the policy core and what speaks to PostgreSQL.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { CacheAside } from '../../solution/cache-aside.ts';
import { Database } from '../../solution/database.ts';
import { Leaderboard } from '../../solution/leaderboard.ts';
import { createLog } from '../../solution/log.ts';
import { Metrics } from '../../solution/metrics.ts';
import { answerPolicy } from '../../solution/policy-role.ts';
import { Problem } from '../../solution/problem.ts';
import { type Quest, Quests } from '../../solution/quests.ts';
import { RedisLink } from '../../solution/redis-link.ts';
import { readSettings, type Settings } from '../../solution/settings.ts';
import { readClaim, readId, readPage, readQuest } from '../../solution/validation.ts';
import { EpochStore } from './epoch-store.ts';
import { type Answer, createListener, type Route } from './router.ts';

const STATUS: Readonly<Record<string, string>> = {
  'fresh entry': 'hit',
  'stale entry': 'hit; detail=stale',
  load: 'fwd=miss',
  'load of another': 'fwd=miss; collapsed',
  bypass: 'fwd=bypass',
};

const log = createLog();
const reading = readSettings(process.env);
if (!reading.ok) fail(reading.problem);
else if (reading.role === 'policy') await answerPolicy(reading.inputFile).catch((error: Error) => fail(error.message));
else await serve(reading.settings);

function fail(message: string): never {
  log.error({ message }, 'cannot-start');
  process.exit(1);
}

async function serve(settings: Settings): Promise<void> {
  const link = new RedisLink({ url: settings.redisUrl, timeoutMs: settings.cacheTimeoutMs, log });
  await link.open();
  let stopping = false;
  const listener = createListener(routesOf(settings, link), log, () => stopping);
  const server = createServer((request, response) => {
    listener(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'answer-failed');
      response.destroy();
    });
  });
  server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
    fail(code === 'EADDRINUSE' ? `port ${settings.port} is in use` : message),
  );
  server.listen(settings.port, settings.host);
  await once(server, 'listening');
  process.stdout.write(`READY ${(server.address() as AddressInfo).port}\n`);
  await once(process, 'SIGTERM');
  stopping = true;
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(0), settings.shutdownTimeoutMs);
}

function routesOf(settings: Settings, link: RedisLink): readonly Route[] {
  const { keyPrefix: prefix, leaseMs, policy } = settings;
  const database = new Database(settings, log);
  const store = new EpochStore(link, { prefix, leaseMs });
  const metrics = new Metrics(log);
  const surroundings = { now: Date.now, random: Math.random, wait: (ms: number): Promise<void> => wait(ms) };
  const leaderboard = new Leaderboard({
    database,
    link,
    store,
    policy,
    wait: surroundings.wait,
    events: metrics.eventsOf('leaderboard'),
  });
  const quests = new Quests({
    database,
    store,
    leaderboard,
    quests: new CacheAside<Quest>({ policy, store, surroundings, events: metrics.eventsOf('quest') }),
    board: new CacheAside<readonly Quest[]>({ policy, store, surroundings, events: metrics.eventsOf('board') }),
  });
  const given = ({ value, from }: { readonly value: unknown; readonly from: string }): Answer => {
    const headers = { 'Cache-Status': `tavern; ${STATUS[from]}` };
    if (value !== null && value !== undefined) return { status: 200, headers, body: value };
    throw new Problem('not-found', 'There is no such thing.', { headers });
  };
  return [
    {
      path: /^\/quests\/([^/]+)$/,
      methods: {
        GET: async ({ parts: [id] }) => given(await quests.read(readId(id))),
        PUT: async ({ parts: [id], body }) => {
          const { quest, created } = await quests.write(readId(id), readQuest(await body()));
          return { status: created ? 201 : 200, body: quest };
        },
        DELETE: async ({ parts: [id] }) => {
          await quests.remove(readId(id));
          return { status: 204 };
        },
      },
    },
    {
      path: /^\/quests\/([^/]+)\/claims$/,
      methods: {
        POST: async ({ parts: [id], body }) => ({
          status: 201,
          body: await quests.claim(readId(id), readClaim(await body())),
        }),
      },
    },
    {
      path: /^\/board$/,
      methods: {
        GET: async () => {
          const { value, from } = await quests.readBoard();
          return given({ value: { items: value }, from });
        },
      },
    },
    {
      path: /^\/leaderboard$/,
      methods: {
        GET: async ({ url }) => {
          const { offset, limit } = readPage(url);
          return given(await leaderboard.page(offset, limit));
        },
      },
    },
    {
      path: /^\/leaderboard\/([^/]+)$/,
      methods: { GET: async ({ parts: [name = ''] }) => given(await leaderboard.standing(name)) },
    },
    {
      path: /^\/metrics$/,
      methods: {
        GET: () => ({
          status: 200,
          headers: { 'Content-Type': 'text/plain; version=0.0.4' },
          body: metrics.toText(),
        }),
      },
    },
  ];
}
