/**
 * One direction of a network path, as a decision: for each packet, does it arrive, when, and how often?
 * Holds no packet and starts no timer (that is `wire.ts`), so it runs anywhere and the same seed gives the same history.
 */
import { createRandom } from '../random.ts';

/** IPv4 without options, RFC 791 §3.1. */
export const IP_HEADER_BYTES = 20;
/** RFC 768. */
export const UDP_HEADER_BYTES = 8;
/** RFC 9293 §3.1, without options. */
export const TCP_HEADER_BYTES = 20;
/** How many fates a link remembers for its log; the counts go on. */
export const REMEMBERED_FATES = 10_000;

export interface LinkFaults {
  /** Chance that a fragment is lost, 0 to 1. A packet is lost with any of its fragments. */
  readonly loss: number;
  /** Chance that a packet arrives twice. */
  readonly duplication: number;
  /** Chance that a packet is held back by `reorderByMs`, so that those sent in the meantime overtake it. */
  readonly reorder: number;
  readonly reorderByMs: number;
  /** One way. */
  readonly delayMs: number;
  /** Added to the delay, uniform from 0 to this. The link is a queue: jitter alone reorders nothing. */
  readonly jitterMs: number;
  /** Infinity: no limit. */
  readonly bandwidthBytesPerSecond: number;
  /** The largest IP packet that travels whole; a larger one is cut into fragments. Infinity: no limit. */
  readonly mtuBytes: number;
  /** Bytes that may wait for the bandwidth; a packet that finds no room is lost. Infinity: no limit. */
  readonly queueBytes: number;
}

/** Everything arrives at once, whole and in order. */
export const PERFECT_LINK: LinkFaults = {
  loss: 0,
  duplication: 0,
  reorder: 0,
  reorderByMs: 10,
  delayMs: 0,
  jitterMs: 0,
  bandwidthBytesPerSecond: Number.POSITIVE_INFINITY,
  mtuBytes: Number.POSITIVE_INFINITY,
  queueBytes: Number.POSITIVE_INFINITY,
};

/** What became of a packet. `packet` counts from 0. Times are those of the clock that the caller reads. */
export type Fate = {
  readonly packet: number;
  readonly sentAt: number;
  /** On the wire, every IP header included. */
  readonly wireBytes: number;
  readonly fragments: number;
} & (
  | { readonly outcome: 'delivered'; readonly arrivals: readonly number[]; readonly reordered: boolean }
  | { readonly outcome: 'lost'; readonly reason: 'loss' | 'queue-full' }
);

export interface LinkCounts {
  sent: number;
  delivered: number;
  lost: number;
  /** Part of `lost`: those that found the queue full. */
  queueFull: number;
  duplicated: number;
  reordered: number;
}

export interface Link {
  readonly seed: number;
  readonly faults: LinkFaults;
  readonly counts: Readonly<LinkCounts>;
  /** The last `REMEMBERED_FATES` fates, oldest first. */
  readonly log: readonly Fate[];
  /** Decides the fate of a packet of `bytes` (transport header and payload, without IP header) sent at `nowMs`. */
  send(bytes: number, nowMs: number): Fate;
}

export function createLink(options: Partial<LinkFaults> & { readonly seed: number }): Link {
  const { seed, ...given } = options;
  const faults: LinkFaults = { ...PERFECT_LINK, ...given };
  checkFaults(faults);
  // Four draws a packet, whatever the rates and sizes are: packet n meets the same luck in every run with this seed.
  // The further fragments of large packets draw from a sequence of their own.
  const random = createRandom(seed);
  const fragmentRandom = createRandom(~seed);
  const counts: LinkCounts = { sent: 0, delivered: 0, lost: 0, queueFull: 0, duplicated: 0, reordered: 0 };
  const log: Fate[] = [];
  let freeAt = Number.NEGATIVE_INFINITY;
  let lastArrival = Number.NEGATIVE_INFINITY;

  const decide = (bytes: number, nowMs: number): Fate => {
    const lostFirst = random.chance(faults.loss);
    const duplicated = random.chance(faults.duplication);
    const reordered = random.chance(faults.reorder);
    const jitterMs = random.next() * faults.jitterMs;

    const fragments = countFragments(bytes, faults.mtuBytes);
    const wireBytes = bytes + fragments * IP_HEADER_BYTES;
    const common = { packet: counts.sent, sentAt: nowMs, wireBytes, fragments };

    const waitMs = Math.max(0, freeAt - nowMs);
    const waitingBytes = waitMs === 0 ? 0 : (waitMs / 1000) * faults.bandwidthBytesPerSecond;
    if (waitingBytes + wireBytes > faults.queueBytes) return { ...common, outcome: 'lost', reason: 'queue-full' };
    freeAt = nowMs + waitMs + (wireBytes / faults.bandwidthBytesPerSecond) * 1000;

    let lost = lostFirst;
    for (let i = 1; i < fragments; i++) lost = fragmentRandom.chance(faults.loss) || lost;
    if (lost) return { ...common, outcome: 'lost', reason: 'loss' };

    let arrival = freeAt + faults.delayMs + jitterMs;
    if (reordered) arrival += faults.reorderByMs;
    else lastArrival = arrival = Math.max(arrival, lastArrival);
    return { ...common, outcome: 'delivered', arrivals: duplicated ? [arrival, arrival] : [arrival], reordered };
  };

  return {
    seed,
    faults,
    counts,
    log,
    send: (bytes, nowMs) => {
      const fate = decide(bytes, nowMs);
      count(counts, fate);
      log.push(fate);
      if (log.length > REMEMBERED_FATES) log.shift();
      return fate;
    },
  };
}

/**
 * Every fragment but the last carries a multiple of 8 bytes after its own IP header (RFC 791 §3.2).
 * @param bytes of the packet without its IP header.
 */
export function countFragments(bytes: number, mtuBytes: number): number {
  if (bytes + IP_HEADER_BYTES <= mtuBytes) return 1;
  return Math.ceil(bytes / (Math.floor((mtuBytes - IP_HEADER_BYTES) / 8) * 8));
}

/** One line a fate, for the message of a failing test. */
export function describeFate(fate: Fate): string {
  const head = `#${fate.packet} at ${fate.sentAt.toFixed(1)} ms, ${fate.wireBytes} bytes`;
  if (fate.outcome === 'lost') return `${head}: lost (${fate.reason})`;
  const notes = [fate.reordered ? ', held back' : '', fate.arrivals.length > 1 ? ', twice' : ''].join('');
  return `${head}: arrives at ${fate.arrivals[0]?.toFixed(1)} ms${notes}`;
}

function count(counts: LinkCounts, fate: Fate): void {
  counts.sent++;
  if (fate.outcome === 'lost') {
    counts.lost++;
    if (fate.reason === 'queue-full') counts.queueFull++;
    return;
  }
  counts.delivered++;
  if (fate.arrivals.length > 1) counts.duplicated++;
  if (fate.reordered) counts.reordered++;
}

const SMALLEST_MTU_BYTES = 68; // RFC 791 §3.2: every link must carry this much without fragmenting

function checkFaults(faults: LinkFaults): void {
  for (const name of ['loss', 'duplication', 'reorder'] as const) {
    if (!(faults[name] >= 0 && faults[name] <= 1)) {
      throw new RangeError(`${name} is a chance from 0 to 1; got ${faults[name]}. For 5 % write 0.05`);
    }
  }
  for (const name of ['reorderByMs', 'delayMs', 'jitterMs', 'queueBytes'] as const) {
    if (!(faults[name] >= 0)) throw new RangeError(`${name} must be 0 or more; got ${faults[name]}`);
  }
  if (!(faults.bandwidthBytesPerSecond > 0)) {
    throw new RangeError(`bandwidthBytesPerSecond must be above 0; got ${faults.bandwidthBytesPerSecond}`);
  }
  if (!(faults.mtuBytes >= SMALLEST_MTU_BYTES)) {
    throw new RangeError(`mtuBytes must be ${SMALLEST_MTU_BYTES} or more (RFC 791 §3.2); got ${faults.mtuBytes}`);
  }
}
