/**
 * As much of `node:net`'s `Socket` as the labs' code needs that runs in simulations, on one end of the modelled TCP.
 * What is written and not yet taken by the modelled kernel is the memory of the process.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../../checkpoints/harness/faults/clock.ts';
import type { TcpEnd } from '../../../checkpoints/harness/faults/tcp-end.ts';

export interface ModelledSocketOptions {
  readonly end: TcpEnd;
  readonly clock: Clock;
  /** What the kernel takes before it makes a writer wait. */
  readonly sendBufferBytes: number;
  /** `write` returns false from so many waiting bytes on. */
  readonly highWaterMarkBytes: number;
}

interface Write {
  rest: Uint8Array;
  readonly done: (() => void) | undefined;
}

type Listener = (chunk: Uint8Array) => void;

export class ModelledSocket {
  destroyed = false;
  paused = false;
  /** The code on this socket wants to be given data again. */
  onResume: () => void = () => {};
  readonly #options: ModelledSocketOptions;
  readonly #listeners = new Map<string, Listener>();
  readonly #writes: Write[] = [];
  #drainOwed = false;

  constructor(options: ModelledSocketOptions) {
    this.#options = options;
    options.end.events.onAcknowledged = () => this.#pump();
  }

  /** For code that asks for a socket of Node; it uses nothing but what stands here. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  get writableLength(): number {
    return this.#writes.reduce((sum, { rest }) => sum + rest.length, 0);
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, listener);
    return this;
  }

  /** Bytes have come from the peer. */
  receive(chunk: Uint8Array): void {
    this.#listeners.get('data')?.(chunk);
  }

  write(chunk: Uint8Array, done?: () => void): boolean {
    this.#writes.push({ rest: chunk, done });
    this.#pump();
    const roomLeft = this.writableLength < this.#options.highWaterMarkBytes;
    this.#drainOwed ||= !roomLeft;
    return roomLeft;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.onResume();
  }

  end(): void {
    this.#options.end.end();
  }

  resetAndDestroy(): void {
    this.destroyed = true;
    this.#writes.length = 0;
  }

  /** Hands to the kernel what it has room for. */
  #pump(): void {
    const { end, clock, sendBufferBytes } = this.#options;
    for (let first = this.#writes[0]; first !== undefined; first = this.#writes[0]) {
      const room = sendBufferBytes - end.bufferedBytes;
      if (room <= 0) return;
      const part = first.rest.subarray(0, room);
      first.rest = first.rest.subarray(part.length);
      const finished = first.rest.length === 0;
      if (finished) this.#writes.shift();
      end.write(part);
      if (finished && first.done !== undefined) clock.after(0, first.done);
    }
    if (!this.#drainOwed) return;
    // As in Node: once everything has been taken, and not sooner.
    this.#drainOwed = false;
    clock.after(0, () => this.#listeners.get('drain')?.(NOTHING));
  }
}

const NOTHING = new Uint8Array(0);
