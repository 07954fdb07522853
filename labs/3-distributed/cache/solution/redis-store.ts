import { randomUUID } from 'node:crypto';
import type { CacheStore } from './cache-store.ts';
import type { RedisLink } from './redis-link.ts';

// #region fill
/** Keeps a value only under the lease that it was loaded under: one step, between whose halves nobody comes. */
const FILL = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1`;
// #endregion fill

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

export interface RedisStoreOptions {
  readonly prefix: string;
  /** A lease whose holder has died is free after this time. */
  readonly leaseMs: number;
}

/** Entries and leases in Redis. An invalidation removes both, so that a load from before it can fill nothing. */
export class RedisStore implements CacheStore {
  readonly #link: RedisLink;
  readonly #options: RedisStoreOptions;

  constructor(link: RedisLink, options: RedisStoreOptions) {
    this.#link = link;
    this.#options = options;
  }

  async read(key: string): Promise<string | null> {
    return this.#link.run(async (client) => {
      // MGET and not GET: a key of another type is null to it, and no error.
      const [text] = await client.mGet([this.entryKey(key)]);
      return text ?? null;
    });
  }

  // #region lease
  async lease(key: string, steal: boolean): Promise<string | undefined> {
    const lease = randomUUID();
    const expiration = { type: 'PX', value: this.#options.leaseMs } as const;
    const answer = await this.#link.run((client) =>
      client.set(this.leaseKey(key), lease, steal ? { expiration } : { expiration, condition: 'NX' }),
    );
    return answer === 'OK' ? lease : undefined;
  }
  // #endregion lease

  async fill(key: string, lease: string, text: string, livesMs: number): Promise<boolean> {
    const keys = [this.entryKey(key), this.leaseKey(key)];
    const args = [lease, text, String(livesMs)];
    return (await this.#link.run((client) => client.eval(FILL, { keys, arguments: args }))) === 1;
  }

  async release(key: string, lease: string): Promise<void> {
    await this.#link.run((client) => client.eval(RELEASE, { keys: [this.leaseKey(key)], arguments: [lease] }));
  }

  // #region invalidate
  /** Entry and lease together: who is loading now will not be able to keep what they read. */
  async invalidate(keys: readonly string[]): Promise<void> {
    await this.#link.remove(keys.flatMap((key) => [this.entryKey(key), this.leaseKey(key)]));
  }
  // #endregion invalidate

  entryKey(key: string): string {
    return `${this.#options.prefix}${key}`;
  }

  leaseKey(key: string): string {
    return `${this.#options.prefix}${key}:lease`;
  }
}
