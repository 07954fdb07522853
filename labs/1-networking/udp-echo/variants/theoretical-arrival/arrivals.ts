/** A rounding error of a float must not cost the last datagram of a burst. */
const TOLERANCE_MS = 1e-6;

/**
 * The generic cell rate algorithm (ITU-T I.371): one number a source, the time at which its next datagram would
 * arrive if it kept exactly to the rate. It admits what a token bucket of the same size admits.
 */
export class Arrivals {
  readonly #spacingMs: number;
  readonly #burst: number;
  readonly #maxSources: number;
  /** In the order of the last datagram of each. */
  readonly #nextMs = new Map<string, number>();

  constructor(limit: { readonly perSecond: number; readonly burst: number; readonly maxSources: number }) {
    this.#spacingMs = 1000 / limit.perSecond;
    this.#burst = limit.burst;
    this.#maxSources = limit.maxSources;
  }

  conforms(source: string, nowMs: number): boolean {
    const nextMs = Math.max(this.#nextMs.get(source) ?? nowMs, nowMs);
    const conforming = nextMs + this.#spacingMs - nowMs <= this.#burst * this.#spacingMs + TOLERANCE_MS;
    this.#nextMs.delete(source);
    this.#nextMs.set(source, conforming ? nextMs + this.#spacingMs : nextMs);
    for (const silent of this.#nextMs.keys()) {
      if (this.#nextMs.size <= this.#maxSources) break;
      this.#nextMs.delete(silent);
    }
    return conforming;
  }
}
