import { randomUUID } from 'node:crypto';
import type { RedisLink } from '../../solution/redis-link.ts';
import { RedisStore, type RedisStoreOptions } from '../../solution/redis-store.ts';

/** A lock counts only in the epoch that it was taken in: an invalidation ends both with one key. */
const BEGIN = `
local epoch = redis.call('GET', KEYS[1])
if epoch and ARGV[3] == 'wait' and redis.call('GET', KEYS[2]) == epoch then return false end
epoch = epoch or ARGV[1]
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
redis.call('SET', KEYS[2], epoch, 'PX', ARGV[2])
return epoch`;

const FILL = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[3])
return 1`;

/**
 * Versions in place of leases: a key has an epoch, which an invalidation ends. Whoever loads notes the epoch, and may fill
 * as long as it lasts; a lock beside it decides who loads. After a lock was taken over, either of the two may fill: both
 * have read after the last write.
 */
export class EpochStore extends RedisStore {
  readonly #link: RedisLink;
  readonly #leaseMs: number;

  constructor(link: RedisLink, options: RedisStoreOptions) {
    super(link, options);
    this.#link = link;
    this.#leaseMs = options.leaseMs;
  }

  override async lease(key: string, steal: boolean): Promise<string | undefined> {
    const keys = [this.leaseKey(key), this.#lockKey(key)];
    const args = [randomUUID(), String(this.#leaseMs), steal ? 'steal' : 'wait'];
    const epoch = await this.#link.run((client) => client.eval(BEGIN, { keys, arguments: args }));
    return epoch === null ? undefined : String(epoch);
  }

  override async fill(key: string, epoch: string, text: string, livesMs: number): Promise<boolean> {
    const keys = [this.entryKey(key), this.leaseKey(key), this.#lockKey(key)];
    const args = [epoch, text, String(livesMs)];
    return (await this.#link.run((client) => client.eval(FILL, { keys, arguments: args }))) === 1;
  }

  override async release(key: string): Promise<void> {
    await this.#link.run((client) => client.del(this.#lockKey(key)));
  }

  #lockKey(key: string): string {
    return `${this.entryKey(key)}:lock`;
  }
}
