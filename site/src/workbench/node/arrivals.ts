import { joined, MAX_READ_BYTES } from './link.ts';

/** What one read of a socket brings. */
export type Read = Uint8Array | 'fin' | 'reset';

interface Item {
  readonly what: Read;
  /** Bytes that the wire has cut off: no read takes more than these. */
  readonly isCut: boolean;
}

/** What has arrived at a socket and was not read, as in the buffer of a kernel: first in, first out. */
export class Arrivals {
  #items: Item[] = [];
  #at = 0;

  get isEmpty(): boolean {
    return this.#at === this.#items.length;
  }

  /** What the next read brings first. */
  get first(): Read | undefined {
    return this.#items[this.#at]?.what;
  }

  add(what: Read, isCut = false): void {
    this.#items.push({ what, isCut });
  }

  /** As much as one read takes: what arrived bit by bit comes together, unless the wire has cut it. */
  read(): Read | undefined {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for (let item = this.#items[this.#at]; item; item = this.#items[this.#at]) {
      const { what, isCut } = item;
      if (typeof what === 'string') {
        if (length > 0) break;
        this.#drop();
        return what;
      }
      if (isCut && length > 0) break;
      const room = MAX_READ_BYTES - length;
      if (what.length > room) {
        pieces.push(what.subarray(0, room));
        this.#items[this.#at] = { what: what.subarray(room), isCut };
        break;
      }
      this.#drop();
      pieces.push(what);
      length += what.length;
      if (isCut || length === MAX_READ_BYTES) break;
    }
    return pieces.length === 0 ? undefined : joined(pieces);
  }

  #drop(): void {
    this.#at += 1;
    if (this.#at < this.#items.length) return;
    this.#items = [];
    this.#at = 0;
  }
}
