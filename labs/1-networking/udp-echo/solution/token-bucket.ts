/** Tokens that come back with time. Knows no clock: every call brings the time along, so tests need not wait. */
export interface BucketSize {
  /** The most that a bucket holds, and what a new one starts with. */
  readonly burst: number;
  readonly tokensPerSecond: number;
}

export class TokenBucket {
  readonly #size: BucketSize;
  #tokens: number;
  #filledAtMs: number;

  constructor(size: BucketSize, nowMs: number) {
    this.#size = size;
    this.#tokens = size.burst;
    this.#filledAtMs = nowMs;
  }

  // #region take
  /** Takes one token, or returns false and takes nothing. `nowMs` must never go back. */
  take(nowMs: number): boolean {
    const refill = ((nowMs - this.#filledAtMs) / 1000) * this.#size.tokensPerSecond;
    // Fractions are kept: rounded down on every call, a source that asks often would never get a token back.
    this.#tokens = Math.min(this.#size.burst, this.#tokens + refill);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
  // #endregion take
}
