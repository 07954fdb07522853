/**
 * Finds losses by time, after RACK (RFC 8985): what was sent before a segment that is there, and has had a round trip
 * and a little more, is lost. Finds lost retransmissions too, which duplicate acknowledgements cannot.
 *
 * Simplified: the allowance for reordering is fixed. In production: it grows as reordering is seen (RFC 8985 §6.2, step 4).
 */
export interface SentSegment {
  /** The last time, if it was sent more than once. */
  readonly sentAt: number;
  readonly retransmitted: boolean;
  /** A selective acknowledgement says that it is there. */
  readonly delivered: boolean;
}

/** From so many segments delivered out of order on, the allowance is dropped: RFC 8985 §6.2, step 4. */
const NO_ALLOWANCE_FROM = 3;

export class Rack {
  /** The delivered segment that was sent last: RACK.xmit_ts and RACK.rtt of RFC 8985 §5.2. */
  #newest = { sentAt: Number.NEGATIVE_INFINITY, roundTripMs: 0 };
  #minRoundTripMs = Number.POSITIVE_INFINITY;

  /** RFC 8985 §6.2, steps 1 and 2. */
  noteDelivered({ sentAt, retransmitted }: SentSegment, nowMs: number): void {
    const roundTripMs = nowMs - sentAt;
    if (!retransmitted) this.#minRoundTripMs = Math.min(this.#minRoundTripMs, roundTripMs);
    // Sooner than any round trip: the answer is to an earlier copy, and tells nothing of this one.
    else if (roundTripMs < this.#minRoundTripMs) return;
    if (sentAt >= this.#newest.sentAt) this.#newest = { sentAt, roundTripMs };
  }

  /**
   * RFC 8985 §6.2, step 5.
   *
   * @param segments sent and not covered by a cumulative acknowledgement.
   * @returns those that are lost, and after how long to look again (Infinity: not until something is delivered).
   */
  findLost<Sent extends SentSegment>(segments: readonly Sent[], nowMs: number): { lost: Sent[]; againInMs: number } {
    const outOfOrder = segments.filter(({ delivered }) => delivered).length;
    const allowanceMs = outOfOrder >= NO_ALLOWANCE_FROM ? 0 : this.#minRoundTripMs / 4;
    const lost: Sent[] = [];
    let againInMs = Number.POSITIVE_INFINITY;
    for (const sent of segments) {
      if (sent.delivered || sent.sentAt >= this.#newest.sentAt) continue;
      const remainingMs = sent.sentAt + this.#newest.roundTripMs + allowanceMs - nowMs;
      if (remainingMs <= 0) lost.push(sent);
      else againInMs = Math.min(againInMs, remainingMs);
    }
    return { lost, againInMs };
  }
}
