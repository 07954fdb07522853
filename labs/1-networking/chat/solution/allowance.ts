export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

export type Grant = 'granted' | 'refused' | 'refused again';

/** A token bucket: one client's right to send lines. Times in milliseconds of any monotonic clock. */
export class Allowance {
  readonly #limit: RateLimit;
  #tokens: number;
  #filledAt: number;
  #refusing = false;

  constructor(limit: RateLimit, now: number) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#filledAt = now;
  }

  // #region token-bucket
  /** Takes a token. The first refusal in a row differs from the rest: a flood of lines must not cause one of errors. */
  spend(now: number): Grant {
    const earned = ((now - this.#filledAt) / 1_000) * this.#limit.perSecond;
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + earned);
    this.#filledAt = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      this.#refusing = false;
      return 'granted';
    }
    if (this.#refusing) return 'refused again';
    this.#refusing = true;
    return 'refused';
  }
  // #endregion token-bucket
}
