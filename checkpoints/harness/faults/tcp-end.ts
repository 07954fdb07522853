import type { Clock } from './clock.ts';
import { type Segment, segmentLength } from './segment.ts';
import { TcpReceiver } from './tcp-receiver.ts';
import { type Recovery, type SendReason, TcpSender, type TcpSenderCounts } from './tcp-sender.ts';

/** Why a segment was put on the link. */
export type TransmitReason = SendReason | 'acknowledgement';

/** What an end tells its application. Set the ones you need before the connection opens. */
export interface TcpEndEvents {
  /** Server only: a SYN has arrived. Call `accept`. Without this, it is accepted at once. */
  onSyn?: () => void;
  /** The handshake is done on this side. */
  onConnect?: () => void;
  /** The next bytes, in order. */
  onData?: (data: Uint8Array) => void;
  /** The other side has sent its FIN, and everything before it has been handed over. */
  onEnd?: () => void;
  /** Some of what was written has been acknowledged. */
  onAcknowledged?: () => void;
}

export interface TcpEndOptions {
  readonly clock: Clock;
  readonly mssBytes: number;
  readonly windowBytes: number;
  readonly minRtoMs: number;
  readonly recovery: Recovery;
  readonly peer: () => TcpEnd;
  readonly transmit: (segment: Segment, reason: TransmitReason) => void;
}

/** One end: a sender and a receiver, half-closed each by itself. */
export class TcpEnd {
  readonly events: TcpEndEvents = {};
  readonly #options: TcpEndOptions;
  readonly #sender: TcpSender;
  readonly #receiver: TcpReceiver;
  readonly #unread: Segment[] = [];
  #paused = false;
  #state: 'closed' | 'syn-sent' | 'syn-received' | 'established' = 'closed';

  constructor(options: TcpEndOptions) {
    this.#options = options;
    this.#receiver = new TcpReceiver(options.windowBytes);
    this.#sender = new TcpSender({
      ...options,
      transmit: (segment, reason) => {
        const ack = segment.syn && this.#state === 'syn-sent' ? undefined : this.#receiver.next;
        options.transmit({ ...segment, ack, sack: this.#receiver.early }, reason);
      },
      // Simplified: the sender sees the receiver's room at once. In production: each segment carries it, and a probe
      // finds an update that was lost (RFC 9293 §3.8.6.1).
      rightEdge: () => options.peer().rightEdge,
      onAcknowledged: () => this.events.onAcknowledged?.(),
    });
  }

  get rightEdge(): number {
    return this.#receiver.rightEdge;
  }

  /** Bytes written here and not yet acknowledged by the other side. */
  get bufferedBytes(): number {
    return this.#sender.bufferedBytes;
  }

  /** Bytes that have arrived here and wait behind a gap. */
  get waitingBytes(): number {
    return this.#receiver.waitingBytes;
  }

  /** Everything written here has arrived, the FIN too. */
  get finished(): boolean {
    return this.#sender.finished;
  }

  /** RTO, as it stands. */
  get retransmissionTimeoutMs(): number {
    return this.#sender.timeout.ms;
  }

  get counts(): Readonly<TcpSenderCounts> {
    return this.#sender.counts;
  }

  /** Begins the three-way handshake, RFC 9293 §3.5: one round trip before the first byte may go. */
  connect(): void {
    if (this.#state !== 'closed') throw new Error(`connect needs a closed end; this one is ${this.#state}`);
    this.#state = 'syn-sent';
    this.#sender.open();
  }

  /** Answers a SYN, once. */
  accept(): void {
    if (this.#state !== 'syn-received')
      throw new Error(`accept needs an end that has got a SYN; this one is ${this.#state}`);
    this.#sender.open();
  }

  write(data: Uint8Array): void {
    this.#sender.write(data);
  }

  /** Ends this direction; the other goes on. */
  end(): void {
    this.#sender.end();
  }

  /** Stops handing data over: the window closes, and the other side has to wait. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#handOver();
  }

  close(): void {
    this.#sender.close();
    this.#unread.length = 0;
    this.#state = 'closed';
  }

  /** A segment has arrived from the link. RFC 9293 §3.10.7, without resets. */
  receive(segment: Segment): void {
    switch (this.#state) {
      case 'closed':
        if (segment.syn && segment.ack === undefined) this.#receiveSyn(segment);
        return;
      case 'syn-sent':
        if (segment.syn && segment.ack !== undefined) this.#receiveSynAck(segment, segment.ack);
        return;
      case 'syn-received':
        if (segment.ack === undefined) return; // a repeated SYN: the SYN-ACK has a timer of its own
        this.#establish();
        this.#receiveSynchronized(segment);
        return;
      case 'established':
        this.#receiveSynchronized(segment);
    }
  }

  #receiveSyn(segment: Segment): void {
    this.#receiver.accept(segment);
    this.#receiver.consumed(1);
    this.#state = 'syn-received';
    if (this.events.onSyn === undefined) this.accept();
    else this.events.onSyn();
  }

  #receiveSynAck(segment: Segment, ack: number): void {
    this.#receiver.accept(segment);
    this.#receiver.consumed(1);
    this.#sender.acknowledged({ ack, sack: segment.sack, bare: false });
    this.#acknowledge();
    this.#establish();
  }

  #receiveSynchronized(segment: Segment): void {
    const length = segmentLength(segment);
    const { ack, sack } = segment;
    if (ack !== undefined) this.#sender.acknowledged({ ack, sack, bare: length === 0 });
    if (length === 0) return;
    this.#unread.push(...this.#receiver.accept(segment));
    // Simplified: every segment is acknowledged at once. In production: every second one, or within 500 ms
    // (RFC 9293 §3.8.6.3); out of order, at once (RFC 5681 §4.2).
    this.#acknowledge();
    this.#handOver();
  }

  #establish(): void {
    this.#state = 'established';
    this.#sender.established();
    this.events.onConnect?.();
  }

  #acknowledge(): void {
    const seq = this.#sender.next;
    const { next: ack, early: sack } = this.#receiver;
    this.#options.transmit({ seq, syn: false, fin: false, data: NO_DATA, ack, sack }, 'acknowledgement');
  }

  #handOver(): void {
    while (!this.#paused) {
      const segment = this.#unread.shift();
      if (segment === undefined) return;
      this.#receiver.consumed(segmentLength(segment));
      if (segment.data.length > 0) this.events.onData?.(segment.data);
      if (segment.fin) this.events.onEnd?.();
      this.#options.peer().roomMade();
    }
  }

  /** The peer's application has taken data. */
  roomMade(): void {
    this.#sender.fill();
  }
}

const NO_DATA = new Uint8Array(0);
