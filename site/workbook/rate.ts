/** Counts calls in windows of time. */
export class Rate {
  readonly #max: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  #windowStart = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** At most `max` calls in each window. */
  constructor(max: number, windowMs: number, now: () => number = () => performance.now()) {
    this.#max = max;
    this.#windowMs = windowMs;
    this.#now = now;
  }

  /** Counts a call and says whether it is within the bound. */
  take(): boolean {
    const now = this.#now();
    if (now - this.#windowStart >= this.#windowMs) [this.#windowStart, this.#count] = [now, 0];
    this.#count += 1;
    return this.#count <= this.#max;
  }
}
