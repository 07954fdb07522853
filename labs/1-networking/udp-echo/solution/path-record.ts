/** What a path did to numbered datagrams. Pure: sequence numbers and times in, a report out. */

export interface PathReport {
  readonly sent: number;
  /** Sequence numbers that were answered at least once. */
  readonly received: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly rttMinMs: number | null;
  readonly rttP50Ms: number | null;
  readonly rttP99Ms: number | null;
}

/** Holds two numbers for each datagram sent, and no more, whatever comes back. */
export class PathRecord {
  /** By sequence number. */
  readonly #sentAtMs: number[] = [];
  readonly #rttMs = new Map<number, number>();
  #duplicated = 0;
  #reordered = 0;
  #nextExpected = 0;

  /** @param sequence one more than the last time; 0 at first. */
  sent(sequence: number, nowMs: number): void {
    this.#sentAtMs[sequence] = nowMs;
  }

  // #region reply
  /** Takes a reply; one to a number that was never sent is ignored. */
  reply(sequence: number, nowMs: number): void {
    const sentAtMs = this.#sentAtMs[sequence];
    if (sentAtMs === undefined) return;
    if (this.#rttMs.has(sequence)) {
      this.#duplicated += 1;
      return;
    }
    this.#rttMs.set(sequence, nowMs - sentAtMs);
    // RFC 4737 §3.3. Only the first copy is judged; a gap is loss until its number comes, and then it is late.
    if (sequence >= this.#nextExpected) this.#nextExpected = sequence + 1;
    else this.#reordered += 1;
  }
  // #endregion reply

  // #region report
  report(): PathReport {
    const sent = this.#sentAtMs.length;
    const received = this.#rttMs.size;
    const ascending = Float64Array.from(this.#rttMs.values()).sort();
    return {
      sent,
      received,
      lost: sent - received,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      rttMinMs: milliseconds(ascending[0]),
      rttP50Ms: milliseconds(percentile(ascending, 50)),
      rttP99Ms: milliseconds(percentile(ascending, 99)),
    };
  }
  // #endregion report
}

/** Nearest rank: a value that was measured, at place ⌈p/100 × n⌉ counted from 1. */
function percentile(ascending: Float64Array, p: number): number | undefined {
  return ascending[Math.ceil((p / 100) * ascending.length) - 1];
}

function milliseconds(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 1000) / 1000;
}
