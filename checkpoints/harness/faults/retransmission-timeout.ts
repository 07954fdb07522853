/** How long TCP waits for an acknowledgement before it sends again: RFC 6298. */

/** RFC 6298 §2.1: before the first measurement. */
export const INITIAL_RTO_MS = 1000;
/**
 * RFC 6298 §2.4 asks for at least 1,000 ms. Linux takes 200 ms (TCP_RTO_MIN in include/net/tcp.h), and so does this
 * model, since that is what most servers run on.
 */
export const MIN_RTO_MS = 200;
/** RFC 6298 §2.5: a maximum may be set, to 60 s or more. */
export const MAX_RTO_MS = 60_000;
/** G of RFC 6298 §2: the granularity of the clock. */
export const CLOCK_GRANULARITY_MS = 1;

const ALPHA = 1 / 8;
const BETA = 1 / 4;
const K = 4;

export class RetransmissionTimeout {
  readonly #minMs: number;
  #smoothedMs: number | undefined;
  #variationMs = 0;
  #timeoutMs = INITIAL_RTO_MS;

  constructor(minMs: number = MIN_RTO_MS) {
    this.#minMs = minMs;
  }

  /** RTO. */
  get ms(): number {
    return this.#timeoutMs;
  }

  /** SRTT, once something has been measured. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** Takes a round trip into account. The caller leaves out those of retransmitted segments (Karn, §3). */
  measured(roundTripMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = roundTripMs; // §2.2
      this.#variationMs = roundTripMs / 2;
    } else {
      // §2.3: the variation first, from the old mean.
      this.#variationMs = (1 - BETA) * this.#variationMs + BETA * Math.abs(this.#smoothedMs - roundTripMs);
      this.#smoothedMs = (1 - ALPHA) * this.#smoothedMs + ALPHA * roundTripMs;
    }
    this.#set(this.#smoothedMs + Math.max(CLOCK_GRANULARITY_MS, K * this.#variationMs));
  }

  /** The timer has run out: wait twice as long the next time (§5.5), until something is measured again. */
  backOff(): void {
    this.#set(this.#timeoutMs * 2);
  }

  #set(ms: number): void {
    this.#timeoutMs = Math.min(MAX_RTO_MS, Math.max(this.#minMs, ms));
  }
}
