/** The longest line that a client may send, its line end not counted. */
export const MAX_LINE_BYTES = 1_024;

const LF = 0x0a;
const CR = 0x0d;
/** Unicode's category Cc: C0, DEL and C1. A terminal obeys these, and people read chats in terminals. */
const CONTROL_CHARACTER = /\p{Cc}/u;

export type LineFault = 'LINE_TOO_LONG' | 'INVALID_UTF8' | 'CONTROL_CHARACTER';

/** One line of a client, as far as bytes go: what it means is not known yet. */
export type Line =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly fault: LineFault };

/**
 * Turns the bytes of one connection into lines, however the network has cut them.
 * Holds at most one line, in a buffer of fixed size: a line without an end costs no memory.
 */
export class LineDecoder {
  /** One byte more than a line: the CR of a CRLF may follow a line of full length. */
  readonly #held = new Uint8Array(MAX_LINE_BYTES + 1);
  #heldBytes = 0;
  #state: 'collecting' | 'skipping' = 'collecting';

  /** Yields every line that `chunk` completes, and a line's refusal as soon as it is too long. */
  // #region decode-lines
  *decode(chunk: Uint8Array): Generator<Line> {
    let start = 0;
    while (start < chunk.length) {
      const lineFeed = chunk.indexOf(LF, start);
      const end = lineFeed < 0 ? chunk.length : lineFeed;
      if (this.#state === 'collecting' && !this.#hold(chunk.subarray(start, end))) {
        this.#state = 'skipping';
        yield { kind: 'refused', fault: 'LINE_TOO_LONG' };
      }
      if (lineFeed < 0) return;
      const line = this.#heldLine();
      const complete = this.#state === 'collecting';
      this.#state = 'collecting';
      this.#heldBytes = 0;
      if (complete) yield line;
      start = lineFeed + 1;
    }
  }
  // #endregion decode-lines

  // #region bounded-line
  /** Keeps a piece of the line, or says that there is no room for it: nothing beyond the bound is ever copied. */
  #hold(piece: Uint8Array): boolean {
    const total = this.#heldBytes + piece.length;
    if (total > this.#held.length) return false;
    this.#held.set(piece, this.#heldBytes);
    this.#heldBytes = total;
    return total <= MAX_LINE_BYTES || this.#held[MAX_LINE_BYTES] === CR;
  }
  // #endregion bounded-line

  // #region line-end
  #heldLine(): Line {
    const endsInCr = this.#heldBytes > 0 && this.#held[this.#heldBytes - 1] === CR;
    return decodeText(this.#held.subarray(0, this.#heldBytes - (endsInCr ? 1 : 0)));
  }
  // #endregion line-end
}

// #region fatal-utf8
/** Whole lines only, so a character that the network split is whole again. A byte order mark is text like any other. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array): Line {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { kind: 'refused', fault: 'INVALID_UTF8' };
  }
  return CONTROL_CHARACTER.test(text) ? { kind: 'refused', fault: 'CONTROL_CHARACTER' } : { kind: 'text', text };
}
// #endregion fatal-utf8
