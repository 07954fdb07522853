import type { Clock, Timer } from './clock.ts';
import { Rack, type SentSegment } from './rack.ts';
import { RetransmissionTimeout } from './retransmission-timeout.ts';
import { type Segment, segmentLength } from './segment.ts';

/** RFC 5681 §3.2: after this many duplicates of an acknowledgement, the segment it asks for counts as lost. */
export const DUPLICATE_ACK_THRESHOLD = 3;

/**
 * How a sender finds a loss before the timer does.
 * - `duplicate-acks`: by the third duplicate acknowledgement (RFC 5681 §3.2), further holes by partial ones (RFC 6582).
 * - `rack`: by time. What was sent later has arrived, and a little more than a round trip is over (RFC 8985). Needs
 *   selective acknowledgements; finds lost retransmissions too. What Linux does.
 */
export type Recovery = 'duplicate-acks' | 'rack';

/** Why a segment went out. */
export type SendReason = 'new' | 'timeout' | 'duplicate-acks' | 'partial-ack' | 'overtaken';

/** How many segments went out for each reason. */
export type TcpSenderCounts = Record<SendReason, number>;

type OutgoingSegment = Omit<Segment, 'ack' | 'sack'>;

export interface Acknowledgement {
  readonly ack: number;
  readonly sack: readonly number[];
  /** The segment carried nothing else. */
  readonly bare: boolean;
}

export interface TcpSenderOptions {
  readonly clock: Clock;
  readonly mssBytes: number;
  /** Bytes that may be under way without an acknowledgement. */
  readonly windowBytes: number;
  readonly minRtoMs: number;
  readonly recovery: Recovery;
  readonly transmit: (segment: OutgoingSegment, reason: SendReason) => void;
  /** The number up to which the receiver has room. */
  readonly rightEdge: () => number;
  /** The other side has acknowledged something: `bufferedBytes` is smaller now. */
  readonly onAcknowledged: () => void;
}

interface Unacknowledged extends SentSegment {
  readonly segment: OutgoingSegment;
  readonly end: number;
  sentAt: number;
  retransmitted: boolean;
  delivered: boolean;
}

/**
 * The sending half of a connection: cuts bytes into segments, keeps them until they are acknowledged, sends them again.
 *
 * Simplified: no congestion control; the window is constant. In production: slow start, congestion avoidance (RFC 5681).
 * Simplified: no tail loss probe. In production: RFC 8985 §7.
 * Simplified: after a lost SYN the timeout stays doubled. In production: 3 s when data begins (RFC 6298 §5.7).
 * Simplified: no Nagle; what a write brings leaves at once if the window allows. In production: RFC 9293 §3.7.4.
 */
export class TcpSender {
  readonly counts: TcpSenderCounts = { new: 0, timeout: 0, 'duplicate-acks': 0, 'partial-ack': 0, overtaken: 0 };
  readonly timeout: RetransmissionTimeout;
  readonly #options: TcpSenderOptions;
  readonly #unacknowledged: Unacknowledged[] = [];
  readonly #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #unacknowledgedBytes = 0;
  #finQueued = false;
  #finSent = false;
  #established = false;
  #oldest = 0; // SND.UNA
  #next = 0; // SND.NXT
  #duplicateAcks = 0;
  /** While recovering: an acknowledgement up to here ends it (RFC 6582 §3.2). */
  #recoverUpTo = 0;
  readonly #rack = new Rack();
  #timer: Timer | undefined;
  #reorderTimer: Timer | undefined;

  constructor(options: TcpSenderOptions) {
    this.#options = options;
    this.timeout = new RetransmissionTimeout(options.minRtoMs);
  }

  /** SND.NXT: the number of the next new byte. */
  get next(): number {
    return this.#next;
  }

  /** Bytes written and not yet acknowledged. */
  get bufferedBytes(): number {
    return this.#unsentBytes + this.#unacknowledgedBytes;
  }

  /** The FIN has been sent and acknowledged. */
  get finished(): boolean {
    return this.#finSent && this.#unacknowledged.length === 0;
  }

  /** Sends the SYN. */
  open(): void {
    this.#sendNew({ seq: this.#next, syn: true, fin: false, data: new Uint8Array(0) });
  }

  /** The handshake is done: data may go. */
  established(): void {
    this.#established = true;
    this.fill();
  }

  write(data: Uint8Array): void {
    if (this.#finQueued)
      throw new Error('write after end: this side of the modelled connection has already sent its FIN');
    if (data.length === 0) return;
    this.#unsent.push(data);
    this.#unsentBytes += data.length;
    this.fill();
  }

  /** Sends a FIN after everything written before. */
  end(): void {
    this.#finQueued = true;
    this.fill();
  }

  /** Sends what the window allows. */
  fill(): void {
    if (!this.#established) return;
    for (;;) {
      const limit = Math.min(this.#oldest + this.#options.windowBytes, this.#options.rightEdge());
      const data = this.#takeUnsent(Math.min(this.#options.mssBytes, limit - this.#next));
      const fin = this.#finQueued && !this.#finSent && this.#unsentBytes === 0;
      if (data.length === 0 && !fin) return;
      this.#finSent ||= fin;
      this.#sendNew({ seq: this.#next, syn: false, fin, data });
    }
  }

  acknowledged({ ack, sack, bare }: Acknowledgement): void {
    const advances = ack > this.#oldest;
    if (advances) this.#advance(ack);
    if (this.#options.recovery === 'rack') {
      this.#markDelivered(sack);
      this.#detectOvertaken();
    } else if (advances) {
      // RFC 6582 §3.2, step 3: an acknowledgement that stops short of the point of recovery has found the next hole.
      if (ack < this.#recoverUpTo) this.#retransmit(this.#unacknowledged[0], 'partial-ack');
    } else if (ack === this.#oldest && bare && this.#unacknowledged.length > 0) {
      this.#duplicate();
    }
    if (!advances) return;
    this.#options.onAcknowledged();
    this.fill();
  }

  /** Stops the timer and forgets everything. */
  close(): void {
    this.#timer?.cancel();
    this.#reorderTimer?.cancel();
    this.#unacknowledged.length = 0;
    this.#unsent.length = 0;
    this.#unsentBytes = 0;
    this.#unacknowledgedBytes = 0;
    this.#established = false;
  }

  #advance(ack: number): void {
    const covered = this.#unacknowledged.filter(({ end }) => end <= ack);
    this.#unacknowledged.splice(0, covered.length);
    for (const sent of covered) {
      this.#unacknowledgedBytes -= sent.segment.data.length;
      if (!sent.delivered) this.#rack.noteDelivered(sent, this.#options.clock.now());
    }
    this.#oldest = ack;
    this.#duplicateAcks = 0;
    // Karn's rule (RFC 6298 §3): which copy a retransmitted segment's acknowledgement answers is unknown, and the
    // segments that waited behind it tell how long the repair took, not the path.
    const last = covered.at(-1);
    if (last !== undefined && !covered.some(({ retransmitted }) => retransmitted)) {
      this.timeout.measured(this.#options.clock.now() - last.sentAt);
    }
    this.#restartTimer(); // RFC 6298 §5.2, §5.3
  }

  #duplicate(): void {
    this.#duplicateAcks++;
    const recovering = this.#oldest < this.#recoverUpTo;
    if (this.#duplicateAcks !== DUPLICATE_ACK_THRESHOLD || recovering) return;
    this.#recoverUpTo = this.#next;
    this.#retransmit(this.#unacknowledged[0], 'duplicate-acks'); // RFC 5681 §3.2, step 3
  }

  #markDelivered(sack: readonly number[]): void {
    const numbers = new Set(sack);
    for (const sent of this.#unacknowledged) {
      if (sent.delivered || !numbers.has(sent.segment.seq)) continue;
      sent.delivered = true;
      this.#rack.noteDelivered(sent, this.#options.clock.now());
    }
  }

  #detectOvertaken(): void {
    const { clock } = this.#options;
    this.#reorderTimer?.cancel();
    const { lost, againInMs } = this.#rack.findLost(this.#unacknowledged, clock.now());
    for (const sent of lost) this.#retransmit(sent, 'overtaken');
    if (againInMs === Number.POSITIVE_INFINITY) return;
    this.#reorderTimer = clock.after(againInMs, () => this.#detectOvertaken());
  }

  #timedOut(): void {
    this.timeout.backOff(); // RFC 6298 §5.5
    this.#duplicateAcks = 0;
    this.#recoverUpTo = this.#next;
    this.#retransmit(this.#unacknowledged[0], 'timeout'); // §5.4
    this.#restartTimer(); // §5.6
  }

  #sendNew(segment: OutgoingSegment): void {
    const end = segment.seq + segmentLength(segment);
    const sentAt = this.#options.clock.now();
    this.#unacknowledged.push({ segment, end, sentAt, retransmitted: false, delivered: false });
    this.#unacknowledgedBytes += segment.data.length;
    this.#next = end;
    if (this.#unacknowledged.length === 1) this.#restartTimer(); // RFC 6298 §5.1
    this.#transmit(segment, 'new');
  }

  // Simplified: a retransmission repeats a segment as it was. In production: it may be cut or joined anew.
  #retransmit(sent: Unacknowledged | undefined, reason: Exclude<SendReason, 'new'>): void {
    if (sent === undefined) return;
    sent.retransmitted = true;
    sent.sentAt = this.#options.clock.now();
    this.#transmit(sent.segment, reason);
  }

  #transmit(segment: OutgoingSegment, reason: SendReason): void {
    this.counts[reason]++;
    this.#options.transmit(segment, reason);
  }

  #restartTimer(): void {
    this.#timer?.cancel();
    if (this.#unacknowledged.length === 0) return;
    this.#timer = this.#options.clock.after(this.timeout.ms, () => this.#timedOut());
  }

  #takeUnsent(maxBytes: number): Uint8Array {
    const size = Math.max(0, Math.min(maxBytes, this.#unsentBytes));
    const taken = new Uint8Array(size);
    for (let filled = 0; filled < size; ) {
      const first = this.#unsent[0];
      if (first === undefined) break;
      const part = first.subarray(0, size - filled);
      taken.set(part, filled);
      filled += part.length;
      if (part.length === first.length) this.#unsent.shift();
      else this.#unsent[0] = first.subarray(part.length);
    }
    this.#unsentBytes -= size;
    return taken;
  }
}
