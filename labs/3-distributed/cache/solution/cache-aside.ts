import { type CacheStore, StoreUnavailable, type Surroundings } from './cache-store.ts';
import { decodeEntry, type Entry, encodeEntry } from './entry.ts';
import { type EntryState, freshForMs, stateOf } from './policy.ts';
import { SingleFlight } from './single-flight.ts';

export interface CachePolicy {
  readonly ttlMs: number;
  readonly jitterPercent: number;
  /** How long after its freshness an entry may still be given where nothing better is to be had. */
  readonly staleMs: number;
  /** For what does not exist. It is never given stale. */
  readonly negativeTtlMs: number;
  readonly beta: number;
  readonly maxEntryBytes: number;
  /** How long a reader waits for the load of another process. */
  readonly waitMs: number;
  readonly format: number;
}

export type ReadResult = 'hit' | 'stale' | 'miss' | 'error';
/** Why a value that was loaded was not kept. `too-late`: it was past its time when it came. */
export type NotStored = 'too-large' | 'too-late' | 'invalidated' | 'error';

/** Told what happens, for counting and logging. */
export interface CacheEvents {
  onRead(result: ReadResult): void;
  onLoad(reason: 'miss' | 'early'): void;
  onNotStored(reason: NotStored): void;
  /** Of a refresh that nobody waits for. */
  onRefreshFailed(error: unknown): void;
}

export interface CacheOptions {
  readonly policy: CachePolicy;
  readonly store: CacheStore;
  readonly surroundings: Surroundings;
  readonly events: CacheEvents;
}

export interface Read<T> {
  readonly value: T | null;
  /** `bypass`: the store could not be asked. */
  readonly from: 'fresh entry' | 'stale entry' | 'load' | 'load of another' | 'bypass';
}

interface Found<T> {
  readonly state: EntryState;
  readonly entry: Entry<T> | undefined;
}

interface Loaded<T> {
  readonly read: Read<T>;
  /** Whether its lease was lost meanwhile. */
  readonly lost: boolean;
}

/** A loader that loses its lease this often gives what it has, and keeps nothing. */
const MAX_LOADS = 3;
const POLL_MS = 15;

/** Cache-aside: look, load what is missing, keep it. Runs wherever its store and its surroundings do. */
export class CacheAside<T> {
  readonly #options: CacheOptions;
  readonly #flights = new SingleFlight();

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  // #region read
  /**
   * @param load reads the origin; null when there is no such thing.
   * @throws what `load` throws, when there is no entry that may be given in its place.
   */
  async read(key: string, load: () => Promise<T | null>): Promise<Read<T>> {
    const { events } = this.#options;
    const found = await this.#look(key).catch(ifUnavailable);
    if (found === undefined) {
      events.onRead('error');
      return this.#flights.join(key, () => this.#loadOnly(key, load));
    }
    const { state, entry } = found;
    if (entry === undefined) {
      events.onRead('miss');
      return this.#flights.join(key, () => this.#fetch(key, load));
    }
    if (state === 'stale') return this.#readStale(key, load, entry);
    events.onRead('hit');
    if (state === 'early') this.#refresh(key, load);
    return { value: entry.value, from: 'fresh entry' };
  }
  // #endregion read

  /** To be called when a write is committed: what is being loaded here may have been read before it. */
  forget(key: string): void {
    this.#flights.forget(key);
  }

  async #look(key: string): Promise<Found<T>> {
    const { store, policy, surroundings } = this.#options;
    const entry = decodeEntry<T>(await store.read(key), policy.format);
    if (entry === undefined) return { state: 'gone', entry };
    const state = stateOf(entry, surroundings.now(), policy.beta, 1 - surroundings.random());
    return state === 'gone' ? { state, entry: undefined } : { state, entry };
  }

  // #region stale
  /** One reader loads; the others, and this one should it fail, make do with what there is. */
  async #readStale(key: string, load: () => Promise<T | null>, entry: Entry<T>): Promise<Read<T>> {
    const { store, events } = this.#options;
    const old: Read<T> = { value: entry.value, from: 'stale entry' };
    const lease = this.#flights.has(key) ? undefined : await store.lease(key, false).catch(ifUnavailable);
    if (lease === undefined || this.#flights.has(key)) {
      events.onRead('stale');
      return old;
    }
    try {
      const read = await this.#flights.join(key, () => this.#fetch(key, load, lease));
      events.onRead('miss');
      return read;
    } catch (error) {
      events.onRead('stale');
      events.onRefreshFailed(error);
      return old;
    }
  }
  // #endregion stale

  /** Behind an answer that has its value already: if somebody is loading, they do. */
  #refresh(key: string, load: () => Promise<T | null>): void {
    const { store, events } = this.#options;
    if (this.#flights.has(key)) return;
    const refresh = async (): Promise<void> => {
      const lease = await store.lease(key, false);
      if (lease === undefined || this.#flights.has(key)) return;
      await this.#flights.join(key, () => this.#fetch(key, load, lease, 'early'));
    };
    refresh().catch((error: unknown) => events.onRefreshFailed(error));
  }

  // #region fetch
  /** Waits for the load of another process, or loads under a lease. */
  async #fetch(
    key: string,
    load: () => Promise<T | null>,
    given?: string,
    reason: 'miss' | 'early' = 'miss',
  ): Promise<Read<T>> {
    const { surroundings, policy, store } = this.#options;
    const patienceEnds = surroundings.now() + policy.waitMs;
    let lease = given;
    for (let loads = 1; ; ) {
      try {
        lease ??= await store.lease(key, surroundings.now() >= patienceEnds);
      } catch (error) {
        ifUnavailable(error);
        return this.#loadOnly(key, load);
      }
      if (lease === undefined) {
        await surroundings.wait(POLL_MS * (0.5 + surroundings.random()));
        const found = await this.#look(key).catch(ifUnavailable);
        if (found?.entry !== undefined) return { value: found.entry.value, from: 'load of another' };
        continue;
      }
      const filled = reason === 'miss' ? await this.#look(key).catch(ifUnavailable) : undefined;
      if (filled?.entry !== undefined && filled.state !== 'stale') {
        // Between our look and our lease somebody was done with it.
        await store.release(key, lease).catch(ifUnavailable);
        return { value: filled.entry.value, from: 'load of another' };
      }
      const { read, lost } = await this.#load(key, load, lease, 'load', reason);
      // A lease that was lost means: somebody has written, and this value may be the one from before.
      if (!lost || loads === MAX_LOADS) return read;
      loads += 1;
      lease = undefined;
    }
  }
  // #endregion fetch

  async #loadOnly(key: string, load: () => Promise<T | null>): Promise<Read<T>> {
    const { read } = await this.#load(key, load, undefined, 'bypass');
    return read;
  }

  // #region load
  /** @param lease the right to keep what is loaded; without it nothing is kept. */
  async #load(
    key: string,
    load: () => Promise<T | null>,
    lease: string | undefined,
    from: Read<T>['from'],
    reason: 'miss' | 'early' = 'miss',
  ): Promise<Loaded<T>> {
    const { surroundings, store, events } = this.#options;
    events.onLoad(reason);
    const begunAt = surroundings.now();
    let value: T | null;
    try {
      value = await load();
    } catch (error) {
      if (lease !== undefined) await store.release(key, lease).catch(ifUnavailable);
      throw error;
    }
    const kept = { read: { value, from }, lost: false };
    if (lease === undefined) return kept;
    try {
      const { text, livesMs, refusal } = this.#wrap(value, begunAt);
      if (refusal !== undefined) {
        events.onNotStored(refusal);
        await store.release(key, lease);
        return kept;
      }
      if (await store.fill(key, lease, text, livesMs)) {
        this.#flights.forget(key); // whoever finds nothing from now on has come after a later write
        return kept;
      }
      events.onNotStored('invalidated');
      return { ...kept, lost: true };
    } catch (error) {
      ifUnavailable(error);
      events.onNotStored('error');
      return kept;
    }
  }
  // #endregion load

  // #region wrap
  #wrap(value: T | null, begunAt: number): { text: string; livesMs: number; refusal?: NotStored } {
    const { surroundings, policy } = this.#options;
    const now = surroundings.now();
    const ttlMs = value === null ? policy.negativeTtlMs : policy.ttlMs;
    // The time begins with the load: what was written since is not in the value.
    const freshUntil = begunAt + freshForMs(ttlMs, policy.jitterPercent, surroundings.random());
    const staleUntil = value === null ? freshUntil : freshUntil + policy.staleMs;
    const text = encodeEntry({ value, freshUntil, staleUntil, loadMs: now - begunAt }, policy.format);
    const wrapped = { text, livesMs: Math.ceil(staleUntil - now) };
    if (byteLength(text) > policy.maxEntryBytes) return { ...wrapped, refusal: 'too-large' };
    if (wrapped.livesMs <= 0) return { ...wrapped, refusal: 'too-late' };
    return wrapped;
  }
  // #endregion wrap
}

/** A store that is away is an expected outcome; anything else is not. */
function ifUnavailable(error: unknown): undefined {
  if (!(error instanceof StoreUnavailable)) throw error;
  return undefined;
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).byteLength;
}
