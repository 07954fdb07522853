import type { Socket } from 'node:net';
import type { DeliveryRound } from './delivery-round.ts';

/** What one write hands to the kernel at most: many small lines travel together, and no block is long under way. */
const BLOCK_BYTES = 65_536;

export interface OutboxOptions {
  readonly socket: Socket;
  readonly maxPendingBytes: number;
  /** Says when to write. Shared by all outboxes, so that they are emptied together. */
  readonly round: DeliveryRound;
}

/** The lines that wait for one client: bounded, and never more than one block beyond what the kernel has taken. */
export class Outbox {
  readonly #socket: Socket;
  readonly #maxPendingBytes: number;
  readonly #round: DeliveryRound;
  readonly #deliver = () => this.#pump();
  #lines: Uint8Array[] = [];
  #waitingBytes = 0;
  #finishing = false;

  constructor({ socket, maxPendingBytes, round }: OutboxOptions) {
    this.#socket = socket;
    this.#maxPendingBytes = maxPendingBytes;
    this.#round = round;
  }

  /** Bytes that this process holds for the client. What the kernel holds is not ours to bound. */
  get pendingBytes(): number {
    return this.#waitingBytes + this.#socket.writableLength;
  }

  // #region bounded-outbox
  /**
   * Takes a line, which nobody ever waits for.
   *
   * @returns false when more than the bound waits now: the client reads too slowly, and is to be cut off.
   */
  put(line: Uint8Array): boolean {
    this.#lines.push(line);
    this.#waitingBytes += line.length;
    if (this.#waitingBytes >= Math.min(BLOCK_BYTES, this.#maxPendingBytes)) this.#pump();
    else this.#round.add(this.#deliver);
    return this.pendingBytes <= this.#maxPendingBytes;
  }
  // #endregion bounded-outbox

  /** Ends the connection's sending half (FIN) once everything is written. */
  finish(): void {
    this.#finishing = true;
    this.#pump();
  }

  /** Throws away what waits. */
  clear(): void {
    this.#lines = [];
    this.#waitingBytes = 0;
  }

  // #region pump
  /** Hands over block by block, each when the kernel has taken the one before. */
  #pump(): void {
    if (this.#socket.destroyed) return;
    while (this.#waitingBytes > 0 && this.#socket.writableLength === 0) {
      this.#socket.write(this.#takeBlock(), () => this.#pump());
    }
    if (this.#finishing && this.#waitingBytes === 0) this.#socket.end();
  }
  // #endregion pump

  #takeBlock(): Uint8Array {
    let count = 0;
    let bytes = 0;
    for (const line of this.#lines) {
      if (count > 0 && bytes + line.length > BLOCK_BYTES) break;
      count += 1;
      bytes += line.length;
    }
    this.#waitingBytes -= bytes;
    return Buffer.concat(this.#lines.splice(0, count), bytes);
  }
}
