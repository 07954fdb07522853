import { setTimeout as delay } from 'node:timers/promises';
import type { Express } from 'express';
import { createApp } from './app.ts';
import { CacheAside } from './cache-aside.ts';
import { Database } from './database.ts';
import { Leaderboard } from './leaderboard.ts';
import type { Log } from './log.ts';
import { type CacheName, Metrics } from './metrics.ts';
import { type Quest, Quests } from './quests.ts';
import { RedisLink } from './redis-link.ts';
import { RedisStore } from './redis-store.ts';
import type { Settings } from './settings.ts';

/** Puts the parts together. A Redis or a database that is away is no reason not to start. */
export async function createTavern(
  settings: Settings,
  log: Log,
  isStopping: () => boolean,
): Promise<{ readonly app: Express; readonly close: () => Promise<void> }> {
  const { redisUrl, cacheTimeoutMs, keyPrefix, leaseMs, policy } = settings;
  const database = new Database(settings, log);
  const link = new RedisLink({ url: redisUrl, timeoutMs: cacheTimeoutMs, log });
  const store = new RedisStore(link, { prefix: keyPrefix, leaseMs });
  const metrics = new Metrics(log);
  const wait = (ms: number): Promise<void> => delay(ms);
  const surroundings = { now: Date.now, random: Math.random, wait };
  const cacheOf = <T>(name: CacheName) =>
    new CacheAside<T>({ policy, store, surroundings, events: metrics.eventsOf(name) });
  const leaderboard = new Leaderboard({ database, link, store, policy, wait, events: metrics.eventsOf('leaderboard') });
  const quests = new Quests({
    database,
    store,
    leaderboard,
    quests: cacheOf<Quest>('quest'),
    board: cacheOf<readonly Quest[]>('board'),
  });
  await link.open();
  const app = createApp({ quests, leaderboard, metrics, log, isStopping, isOverdue: () => link.isOverdue });
  return { app, close: () => link.close() };
}
