import { setTimeout as delay } from 'node:timers/promises';
import { createCache } from 'async-cache-dedupe';
import { pino } from 'pino';
import {
  CacheAside,
  type CacheEvents,
  type CachePolicy,
} from '../../../labs/3-distributed/cache/solution/cache-aside.ts';
import type { CacheStore } from '../../../labs/3-distributed/cache/solution/cache-store.ts';
import { RedisLink } from '../../../labs/3-distributed/cache/solution/redis-link.ts';
import { RedisStore } from '../../../labs/3-distributed/cache/solution/redis-store.ts';
import type { Origin, Quest } from './origin.ts';

/** One process's way to its quests. */
export interface Instance extends AsyncDisposable {
  read(id: number): Promise<Quest>;
  /** To be called when a write is committed. */
  written(quest: Quest): Promise<void>;
}

export interface Surroundings {
  readonly origin: Origin;
  readonly redisUrl: string;
  /** Of this strategy's own keys. */
  readonly prefix: string;
  readonly ttlMs: number;
  readonly staleMs: number;
}

export type StrategyName =
  | 'no cache'
  | 'TTL'
  | 'TTL, removed by writes'
  | 'TTL, written by writes'
  | 'the lab'
  | 'the lab, in memory'
  | 'async-cache-dedupe';

export interface Strategy {
  readonly name: StrategyName;
  readonly open: (surroundings: Surroundings) => Promise<Instance>;
}

const REDIS_TIMEOUT_MS = 2_000;
const LEASE_MS = 5_000;
const WAIT_MS = 1_000;
const MAX_ENTRIES = 10_000;
const silent = pino({ level: 'silent' });
const NO_EVENTS: CacheEvents = { onRead: () => {}, onLoad: () => {}, onNotStored: () => {}, onRefreshFailed: () => {} };
const nothing = async (): Promise<void> => {};

async function openLink({ redisUrl }: Surroundings): Promise<RedisLink> {
  const link = new RedisLink({ url: redisUrl, timeoutMs: REDIS_TIMEOUT_MS, log: silent });
  await link.open();
  return link;
}

/** Look, load, keep: as it is written first. What a write does is the difference between three strategies. */
function plain(name: StrategyName, onWrite: 'nothing' | 'remove' | 'write'): Strategy {
  const open = async (surroundings: Surroundings): Promise<Instance> => {
    const { origin, prefix, ttlMs } = surroundings;
    const link = await openLink(surroundings);
    const keep = (quest: Quest) =>
      link.run((client) =>
        client.set(`${prefix}${quest.id}`, JSON.stringify(quest), { expiration: { type: 'PX', value: ttlMs } }),
      );
    return {
      read: async (id) => {
        const text = await link.run((client) => client.get(`${prefix}${id}`));
        if (text !== null) return JSON.parse(text) as Quest;
        const quest = await origin.load(id);
        await keep(quest);
        return quest;
      },
      written: async (quest) => {
        if (onWrite === 'remove') await link.remove([`${prefix}${quest.id}`]);
        else if (onWrite === 'write') await keep(quest);
      },
      [Symbol.asyncDispose]: () => link.close(),
    };
  };
  return { name, open };
}

function policyOf({ ttlMs, staleMs }: Surroundings): CachePolicy {
  return {
    ttlMs,
    staleMs,
    jitterPercent: 10,
    negativeTtlMs: ttlMs,
    beta: 1,
    maxEntryBytes: 65_536,
    waitMs: WAIT_MS,
    format: 1,
  };
}

function labCache(store: CacheStore, surroundings: Surroundings): CacheAside<Quest> {
  const around = { now: Date.now, random: Math.random, wait: (ms: number): Promise<void> => delay(ms) };
  return new CacheAside<Quest>({ policy: policyOf(surroundings), store, surroundings: around, events: NO_EVENTS });
}

async function readLab(cache: CacheAside<Quest>, origin: Origin, id: number): Promise<Quest> {
  const { value } = await cache.read(`quest:${id}`, () => origin.load(id));
  if (value === null) throw new Error(`there is no quest ${id}`);
  return value;
}

/** The lab's store contract over a Map: what its policy does where there is no network. */
class MemoryStore implements CacheStore {
  readonly #entries = new Map<string, string>();
  readonly #leases = new Map<string, string>();
  #next = 0;

  async read(key: string): Promise<string | null> {
    return this.#entries.get(key) ?? null;
  }

  async lease(key: string, steal: boolean): Promise<string | undefined> {
    if (this.#leases.has(key) && !steal) return undefined;
    this.#next += 1;
    this.#leases.set(key, String(this.#next));
    return String(this.#next);
  }

  async fill(key: string, lease: string, text: string): Promise<boolean> {
    if (this.#leases.get(key) !== lease) return false;
    this.#leases.delete(key);
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value ?? '');
    this.#entries.set(key, text);
    return true;
  }

  async release(key: string, lease: string): Promise<void> {
    if (this.#leases.get(key) === lease) this.#leases.delete(key);
  }

  invalidate(key: string): void {
    this.#entries.delete(key);
    this.#leases.delete(key);
  }
}

const lab: Strategy = {
  name: 'the lab',
  open: async (surroundings) => {
    const link = await openLink(surroundings);
    const store = new RedisStore(link, { prefix: surroundings.prefix, leaseMs: LEASE_MS });
    const cache = labCache(store, surroundings);
    return {
      read: (id) => readLab(cache, surroundings.origin, id),
      written: async ({ id }) => {
        cache.forget(`quest:${id}`);
        await store.invalidate([`quest:${id}`]);
      },
      [Symbol.asyncDispose]: () => link.close(),
    };
  },
};

const labInMemory: Strategy = {
  name: 'the lab, in memory',
  open: async (surroundings) => {
    const store = new MemoryStore();
    const cache = labCache(store, surroundings);
    return {
      read: (id) => readLab(cache, surroundings.origin, id),
      written: async ({ id }) => {
        cache.forget(`quest:${id}`);
        store.invalidate(`quest:${id}`);
      },
      [Symbol.asyncDispose]: nothing,
    };
  },
};

/** The peer: in memory, as its storage for Redis asks for another client than ours. Its times are whole seconds. */
const dedupe: Strategy = {
  name: 'async-cache-dedupe',
  open: async ({ origin, ttlMs, staleMs }) => {
    const cache = createCache({
      ttl: Math.max(1, Math.round(ttlMs / 1_000)),
      stale: Math.max(1, Math.round(staleMs / 1_000)),
      storage: { type: 'memory', options: { size: MAX_ENTRIES } },
    }).define('quest', (id: number) => origin.load(id));
    return {
      read: (id) => cache.quest(id),
      written: async ({ id }) => {
        await cache.clear('quest', id);
      },
      [Symbol.asyncDispose]: nothing,
    };
  },
};

const none: Strategy = {
  name: 'no cache',
  open: async ({ origin }) => ({ read: (id) => origin.load(id), written: nothing, [Symbol.asyncDispose]: nothing }),
};

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  'no cache': none,
  TTL: plain('TTL', 'nothing'),
  'TTL, removed by writes': plain('TTL, removed by writes', 'remove'),
  'TTL, written by writes': plain('TTL, written by writes', 'write'),
  'the lab': lab,
  'the lab, in memory': labInMemory,
  'async-cache-dedupe': dedupe,
};
