/** The store did not answer, or could not do it. What was asked for may have happened, or may yet. */
export class StoreUnavailable extends Error {
  readonly code = 'STORE_UNAVAILABLE';
}

/** What the cache asks of the place where entries are kept. Every call may throw StoreUnavailable, in bounded time. */
export interface CacheStore {
  /** The text under the key; null when there is none, or something that is no text. */
  read(key: string): Promise<string | null>;
  /** The right to fill the key, or undefined while somebody else has it. `steal` takes it from them. */
  lease(key: string, steal: boolean): Promise<string | undefined>;
  /** @returns false, and nothing is kept, when the lease has been lost: by an invalidation, to a thief, or to time. */
  fill(key: string, lease: string, text: string, livesMs: number): Promise<boolean>;
  /** Gives the lease back unused. */
  release(key: string, lease: string): Promise<void>;
}

/** Where the time, the luck and the waits come from. */
export interface Surroundings {
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  wait(ms: number): Promise<void>;
}
