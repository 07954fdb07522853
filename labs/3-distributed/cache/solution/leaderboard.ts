import type { CacheEvents, CachePolicy } from './cache-aside.ts';
import { StoreUnavailable } from './cache-store.ts';
import type { Database } from './database.ts';
import { freshForMs } from './policy.ts';
import type { RedisLink } from './redis-link.ts';
import type { RedisStore } from './redis-store.ts';
import { SingleFlight } from './single-flight.ts';

export interface Standing {
  readonly rank: number;
  readonly name: string;
  readonly score: number;
}

export interface Page {
  readonly total: number;
  readonly items: readonly Standing[];
}

export interface Leaders<T> {
  readonly value: T;
  readonly from: 'fresh entry' | 'load' | 'bypass';
}

const KEY = 'leaderboard';
/** A member that no name can be: it marks a set that is whole, also one without adventurers. It sorts last. */
const WHOLE = '';
/** More adventurers than this are read from the database each time. */
const MAX_MEMBERS = 50_000;
const MAX_LOADS = 3;
const POLL_MS = 15;

// #region page
/**
 * Scores are kept negated: rising, they give the highest first, and equal ones by name (Redis compares members by their
 * bytes). ZREVRANGE would turn the names around as well.
 */
const PAGE = `
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' or not redis.call('ZSCORE', KEYS[1], '') then return false end
local items = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES')
local above = 0
if #items > 0 then above = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. items[2]) end
return { redis.call('ZCARD', KEYS[1]) - 1, above, items }`;
// #endregion page

const STANDING = `
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' or not redis.call('ZSCORE', KEYS[1], '') then return false end
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or ARGV[1] == '' then return {} end
return { score, redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. score) }`;

// #region raise
/**
 * Raises one score in a set that is whole, and only raises (LT, as it is negated): of two claims the later may come here
 * first. A set that is lost stays lost until it is rebuilt; and who rebuilds it now has read without this claim.
 */
const RAISE = `
redis.call('DEL', KEYS[2])
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then return 0 end
redis.call('ZADD', KEYS[1], 'LT', ARGV[1], ARGV[2])
return 1`;
// #endregion raise

// #region rebuild
const REBUILD = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZADD', KEYS[1], '+inf', '')
for i = 3, #ARGV, 2 do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;
// #endregion rebuild

export interface LeaderboardOptions {
  readonly database: Database;
  readonly link: RedisLink;
  readonly store: RedisStore;
  readonly policy: CachePolicy;
  readonly events: CacheEvents;
  readonly wait: (ms: number) => Promise<void>;
}

interface Row {
  readonly name: string;
  readonly score: number;
}

/** The adventurers by score: a sorted set in Redis, which PostgreSQL can always make again. */
export class Leaderboard {
  readonly #options: LeaderboardOptions;
  readonly #flights = new SingleFlight();

  constructor(options: LeaderboardOptions) {
    this.#options = options;
  }

  async page(offset: number, limit: number): Promise<Leaders<Page>> {
    const answer = await this.#ask<[number, number, string[]]>(PAGE, [String(offset), String(offset + limit - 1)]);
    if (answer.value === undefined) return { value: pageOf(answer.rows, offset, limit), from: answer.from };
    const [total, above, flat] = answer.value;
    const rows: Row[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] !== WHOLE) rows.push({ name: flat[i] ?? '', score: 0 - Number(flat[i + 1]) });
    }
    return { value: { total, items: ranked(rows, offset, above) }, from: answer.from };
  }

  async standing(name: string): Promise<Leaders<Standing | undefined>> {
    const answer = await this.#ask<[string, number] | []>(STANDING, [name]);
    if (answer.value !== undefined) {
      const [score, above] = answer.value;
      const found = score === undefined ? undefined : { rank: (above ?? 0) + 1, name, score: 0 - Number(score) };
      return { value: found, from: answer.from };
    }
    const row = answer.rows.find((each) => each.name === name);
    if (row === undefined) return { value: undefined, from: answer.from };
    const above = answer.rows.filter(({ score }) => score > row.score).length;
    return { value: { rank: above + 1, ...row }, from: answer.from };
  }

  /** To be called when a claim is committed. */
  async raise(name: string, score: number): Promise<void> {
    const { link, store } = this.#options;
    this.#flights.forget(KEY);
    const keys = [store.entryKey(KEY), store.leaseKey(KEY)];
    try {
      await link.run((client) => client.eval(RAISE, { keys, arguments: [String(0 - score), name] }));
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // Full, or away: a set that misses a claim is worse than none.
      await this.invalidate();
    }
  }

  async invalidate(): Promise<void> {
    this.#flights.forget(KEY);
    await this.#options.store.invalidate([KEY]);
  }

  /** Asks the set, or gives all rows where there is none. */
  async #ask<T>(
    script: string,
    values: string[],
  ): Promise<{ value: T; from: 'fresh entry' } | { value: undefined; rows: readonly Row[]; from: 'load' | 'bypass' }> {
    const { link, store, events } = this.#options;
    const keys = [store.entryKey(KEY)];
    const ask = () => link.run((client) => client.eval(script, { keys, arguments: values }));
    let found: unknown;
    try {
      found = await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      events.onRead('error');
      return { value: undefined, rows: await this.#flights.join(KEY, () => this.#load()), from: 'bypass' };
    }
    if (found !== null) {
      events.onRead('hit');
      return { value: found as T, from: 'fresh entry' };
    }
    events.onRead('miss');
    const rows = await this.#flights.join(KEY, () => this.#rebuild(ask));
    if (rows !== undefined) return { value: undefined, rows, from: 'load' };
    const rebuilt = await ask().catch(() => null);
    if (rebuilt !== null) return { value: rebuilt as T, from: 'fresh entry' };
    return { value: undefined, rows: await this.#load(), from: 'load' };
  }

  /**
   * @param ask tells whether the set is there.
   * @returns the rows that the set was made of, or undefined when another process has made it meanwhile.
   */
  async #rebuild(ask: () => Promise<unknown>): Promise<readonly Row[] | undefined> {
    const { link, store, policy, events, wait } = this.#options;
    const patienceEnds = Date.now() + policy.waitMs;
    try {
      for (let loads = 1; ; ) {
        const lease = await store.lease(KEY, Date.now() >= patienceEnds);
        if (lease === undefined) {
          await wait(POLL_MS);
          if ((await ask()) !== null) return undefined;
          continue;
        }
        if ((await ask()) !== null) {
          await store.release(KEY, lease); // made between our look and our lease
          return undefined;
        }
        const rows = await this.#load().catch(async (error: unknown) => {
          await store.release(KEY, lease);
          throw error;
        });
        if (rows.length > MAX_MEMBERS) {
          events.onNotStored('too-large');
          await store.release(KEY, lease);
          return rows;
        }
        const livesMs = freshForMs(policy.ttlMs, policy.jitterPercent, Math.random());
        const values = [
          lease,
          String(Math.max(1, livesMs)),
          ...rows.flatMap(({ name, score }) => [String(0 - score), name]),
        ];
        const keys = [store.entryKey(KEY), store.leaseKey(KEY)];
        const kept = await link.run((client) => client.eval(REBUILD, { keys, arguments: values }));
        if (kept === 1) {
          this.#flights.forget(KEY);
          return rows;
        }
        events.onNotStored('invalidated');
        if (loads === MAX_LOADS) return rows;
        loads += 1;
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      events.onNotStored('error');
      return this.#load();
    }
  }

  async #load(): Promise<readonly Row[]> {
    const { database, events } = this.#options;
    events.onLoad('miss');
    // By bytes, as Redis does it, and not by the rules of a language.
    const sql = 'SELECT name, score FROM adventurers ORDER BY score DESC, name COLLATE "C"';
    const rows = await database.query<{ name: string; score: string }>(sql);
    return rows.map(({ name, score }) => ({ name, score: Number(score) }));
  }
}

// #region ranks
/** Equal scores share a rank, and the next one counts all before it: 1, 2, 2, 4. */
function ranked(rows: readonly Row[], offset: number, above: number): Standing[] {
  let rank = above + 1;
  let last = rows[0]?.score;
  return rows.map(({ name, score }, i) => {
    if (score !== last) rank = offset + i + 1;
    last = score;
    return { rank, name, score };
  });
}
// #endregion ranks

function pageOf(rows: readonly Row[], offset: number, limit: number): Page {
  const items = rows.slice(offset, offset + limit);
  const above = rows.filter(({ score }) => score > (items[0]?.score ?? 0)).length;
  return { total: rows.length, items: ranked(items, offset, above) };
}
