import type { Socket } from 'node:net';
import type { Random } from '../random.ts';

/** In what pieces bytes are written. TCP keeps no boundaries, so a peer must cope with any. */
export type Chunking =
  /** As they came. */
  | { readonly kind: 'as-is' }
  /** Cut into pieces of 1 to `maxBytes` bytes, each written in a turn of the event loop of its own. */
  | { readonly kind: 'split'; readonly maxBytes: number }
  /** Held back until there are `bytes` of them, `withinMs` have passed or the end has come; then written at once. */
  | { readonly kind: 'merge'; readonly bytes: number; readonly withinMs: number };

/** How much an outlet holds before it asks its source to wait. */
export const MAX_OUTLET_BYTES = 64 * 1024;

export interface SocketOutletOptions {
  readonly socket: Socket;
  readonly random: Random;
  readonly chunking: Chunking;
  /** After so many bytes, write no more and call `onLimit`. Infinity: never. */
  readonly limitBytes: number;
  readonly onLimit: () => void;
  /** There is room again, after `push` has returned false. */
  readonly onRoom: () => void;
}

/** The way out of the proxy: writes to a socket in the pieces asked for, stops on `freeze`, and holds a bounded amount. */
export class SocketOutlet {
  /** Bytes given to the socket so far. */
  passedBytes = 0;
  readonly #options: SocketOutletOptions;
  #queue: Buffer = Buffer.alloc(0);
  #state: 'flowing' | 'ending' | 'ended' = 'flowing';
  #waiting: 'for-drain' | 'for-turn' | undefined;
  #mergeTimer: NodeJS.Timeout | undefined;
  #mergeDue = false;
  #frozen = false;
  #askedToWait = false;

  constructor(options: SocketOutletOptions) {
    this.#options = options;
    options.socket.on('drain', () => this.#continue('for-drain'));
  }

  /** @returns false when the source has to wait for `onRoom`. The bytes are taken all the same. */
  push(bytes: Uint8Array): boolean {
    this.#queue = Buffer.concat([this.#queue, bytes]);
    this.#pump();
    this.#askedToWait = this.#queue.length >= MAX_OUTLET_BYTES || this.#waiting === 'for-drain';
    return !this.#askedToWait;
  }

  /** Ends the socket's writing side once everything has been written. */
  end(): void {
    if (this.#state === 'flowing') this.#state = 'ending';
    this.#pump();
  }

  freeze(): void {
    this.#frozen = true;
  }

  unfreeze(): void {
    this.#frozen = false;
    this.#pump();
  }

  /** Drops what is held. */
  close(): void {
    this.#state = 'ended';
    this.#queue = Buffer.alloc(0);
    clearTimeout(this.#mergeTimer);
  }

  #pump(): void {
    while (!this.#frozen && this.#waiting === undefined && this.#state !== 'ended') {
      const size = this.#nextPiece();
      if (size === 0) break;
      this.#writeFirst(size);
    }
    if (this.#state === 'ending' && this.#queue.length === 0 && !this.#frozen) {
      this.#state = 'ended';
      this.#options.socket.end();
    }
    if (this.#askedToWait && this.#queue.length < MAX_OUTLET_BYTES && this.#waiting !== 'for-drain') {
      this.#askedToWait = false;
      this.#options.onRoom();
    }
  }

  /** How many bytes to write now; 0 for none yet. */
  #nextPiece(): number {
    const { chunking, random } = this.#options;
    const held = this.#queue.length;
    if (held === 0) return 0;
    switch (chunking.kind) {
      case 'as-is':
        return held;
      case 'split':
        return Math.min(held, random.int(1, chunking.maxBytes));
      case 'merge':
        if (held >= chunking.bytes || this.#mergeDue || this.#state === 'ending') return held;
        this.#mergeTimer ??= setTimeout(() => {
          this.#mergeDue = true;
          this.#pump();
        }, chunking.withinMs);
        return 0;
    }
  }

  #writeFirst(size: number): void {
    const { socket, limitBytes, onLimit, chunking } = this.#options;
    const piece = this.#queue.subarray(0, Math.min(size, limitBytes - this.passedBytes));
    this.#queue = this.#queue.subarray(piece.length);
    this.passedBytes += piece.length;
    clearTimeout(this.#mergeTimer);
    this.#mergeTimer = undefined;
    this.#mergeDue = false;
    if (!socket.write(piece)) this.#waiting = 'for-drain';
    else if (chunking.kind === 'split') {
      this.#waiting = 'for-turn';
      setImmediate(() => this.#continue('for-turn'));
    }
    if (this.passedBytes >= limitBytes) {
      this.close();
      onLimit();
    }
  }

  #continue(after: 'for-drain' | 'for-turn'): void {
    if (this.#waiting !== after) return;
    this.#waiting = undefined;
    this.#pump();
  }
}
