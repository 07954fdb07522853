/** Keys that are remembered at most. When it is full, the one that was touched longest ago goes. */
const MAX_KEYS = 100_000;

export type Admission =
  | { readonly admitted: true /** Takes the attempt back: it was no failure. */; forgive(): void }
  | { readonly admitted: false; readonly retryAfterMs: number };

/** A key and how many attempts it has in a window. */
export interface Quota {
  readonly key: string;
  readonly limit: number;
}

/**
 * Counts failures by key over a sliding window.
 *
 * Simplified: it lives in the memory of one process. In production, with several of them: in Redis or in the database.
 */
export class AttemptLimit {
  readonly #windowMs: number;
  readonly #now: () => number;
  /** For each key the moments of its attempts in the window; never more than its limit. */
  readonly #attempts = new Map<string, number[]>();

  constructor(windowMs: number, now: () => number = () => performance.now()) {
    this.#windowMs = windowMs;
    this.#now = now;
  }

  // #region admit
  /**
   * Admits an attempt if every quota has room, and counts it at once: a hundred at the same moment are a hundred.
   * One that is refused is not counted, so that waiting helps, whoever else goes on trying.
   */
  admit(quotas: readonly Quota[]): Admission {
    const now = this.#now();
    const waits = quotas.map(({ key, limit }) => this.#waitMs(key, limit, now));
    const retryAfterMs = Math.max(...waits);
    if (retryAfterMs > 0) return { admitted: false, retryAfterMs };
    for (const { key } of quotas) this.#add(key, now);
    const forgive = () => {
      for (const { key } of quotas) this.#remove(key, now);
    };
    return { admitted: true, forgive };
  }
  // #endregion admit

  #waitMs(key: string, limit: number, now: number): number {
    const recent = (this.#attempts.get(key) ?? []).filter((at) => at > now - this.#windowMs);
    if (recent.length === 0) this.#attempts.delete(key);
    else this.#attempts.set(key, recent);
    const oldest = recent.at(-limit);
    return oldest === undefined ? 0 : oldest + this.#windowMs - now;
  }

  #add(key: string, at: number): void {
    const attempts = this.#attempts.get(key) ?? [];
    this.#attempts.delete(key);
    if (this.#attempts.size >= MAX_KEYS) {
      const [eldest] = this.#attempts.keys();
      if (eldest !== undefined) this.#attempts.delete(eldest);
    }
    this.#attempts.set(key, [...attempts, at]);
  }

  #remove(key: string, at: number): void {
    const attempts = this.#attempts.get(key) ?? [];
    const index = attempts.indexOf(at);
    if (index >= 0) attempts.splice(index, 1);
  }
}
