import { type Segment, segmentLength } from './segment.ts';

/**
 * The receiving half of a connection: puts segments back in order. Bytes behind a gap wait, however many they are:
 * this is where the head of the line blocks the rest.
 */
export class TcpReceiver {
  readonly #windowBytes: number;
  readonly #early = new Map<number, Segment>();
  #next = 0;
  #consumed = 0;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  /** RCV.NXT: the number that acknowledgements carry. */
  get next(): number {
    return this.#next;
  }

  /** The number up to which the other side may send: RCV.NXT + RCV.WND. */
  get rightEdge(): number {
    return this.#consumed + this.#windowBytes;
  }

  /** The numbers of the segments that have arrived behind a gap. */
  get early(): readonly number[] {
    return [...this.#early.keys()];
  }

  /** Bytes that have arrived behind a gap. */
  get waitingBytes(): number {
    return this.#early.values().reduce((sum, segment) => sum + segment.data.length, 0);
  }

  /**
   * Takes a segment and returns those that are now in order, itself among them or not.
   * A segment seen before, or beyond the window, changes nothing.
   */
  accept(segment: Segment): Segment[] {
    const inOrder: Segment[] = [];
    if (segment.seq < this.#next || segment.seq + segment.data.length > this.rightEdge) return inOrder;
    this.#early.set(segment.seq, segment);
    for (let ready = this.#early.get(this.#next); ready !== undefined; ready = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#next += segmentLength(ready);
      inOrder.push(ready);
    }
    return inOrder;
  }

  /** The application has taken `length` numbers: the window moves on. */
  consumed(length: number): void {
    this.#consumed += length;
  }
}
