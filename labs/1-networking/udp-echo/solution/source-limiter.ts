import { type BucketSize, TokenBucket } from './token-bucket.ts';

export interface SourceLimits extends BucketSize {
  readonly maxSources: number;
}

/** A token bucket for each source, and a bound on how many sources are remembered. */
export class SourceLimiter {
  readonly #limits: SourceLimits;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(limits: SourceLimits) {
    this.#limits = limits;
  }

  // #region admit
  /** Whether a datagram from `source` may be answered now. */
  admit(source: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(source) ?? new TokenBucket(this.#limits, nowMs);
    // A Map keeps the order of insertion. Put back at the end each time, its first key is the source that has been
    // silent the longest.
    this.#buckets.delete(source);
    this.#forgetSilent();
    this.#buckets.set(source, bucket);
    return bucket.take(nowMs);
  }

  /** Makes room for one. Forgotten sources start anew: the price of a bound that strangers cannot push. */
  #forgetSilent(): void {
    if (this.#buckets.size < this.#limits.maxSources) return;
    const silent = this.#buckets.keys().next();
    if (!silent.done) this.#buckets.delete(silent.value);
  }
  // #endregion admit
}
