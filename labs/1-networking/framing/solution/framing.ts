/**
 * Length-prefixed frames over a byte stream: `encode` makes the bytes of one message, a decoder turns bytes, in
 * whatever pieces they come, back into messages. It knows no socket, so it runs in a browser as it runs in Node.
 */

// #region wire-format
/** The header: the payload's length in bytes, unsigned, most significant byte first (RFC 791, appendix B). */
const HEADER_BYTES = 4;
/** The lab's number: long for a chat message, and short enough to hold for thousands of peers. */
const DEFAULT_MAX_FRAME_BYTES = 65_536;
/** 256 MiB: a text of so many bytes is still a string that every engine can hold. */
const LARGEST_LIMIT_BYTES = 2 ** 28;
// #endregion wire-format

/** Room for the first bytes of a payload; doubled as more arrive. */
const FIRST_BLOCK_BYTES = 1_024;

export interface FrameOptions {
  /** The longest payload, in bytes: a whole number from 1 to 268,435,456. Default 65,536. */
  readonly maxFrameBytes?: number | undefined;
}

export interface FrameTooLarge {
  readonly code: 'frame-too-large';
  /** Where in the stream the frame begins, counted in bytes from 0. */
  readonly offset: number;
  /** The payload bytes that its header announces. */
  readonly length: number;
  /** The payload bytes that are allowed. */
  readonly limit: number;
}

/** What ends a stream. Each but `closed` says where the frame at fault begins, in bytes from the stream's start. */
export type FrameError =
  | FrameTooLarge
  | { readonly code: 'invalid-utf8'; readonly offset: number }
  | { readonly code: 'truncated'; readonly offset: number }
  | { readonly code: 'closed' };

/** `messages` holds what was decoded in this call, in order; with an error, what came before it. */
export type DecodeResult =
  | { readonly ok: true; readonly messages: readonly string[] }
  | { readonly ok: false; readonly messages: readonly string[]; readonly error: FrameError };

export interface Decoder {
  /** Takes the next bytes of the stream. The chunk is the caller's again when this returns. */
  push(chunk: Uint8Array): DecodeResult;
  /** Says that no more bytes will come: `truncated` when a frame is under way. */
  end(): DecodeResult;
  /** Bytes of the frame under way that have arrived, its header included; 0 between frames and once closed. */
  readonly bufferedBytes: number;
}

export type EncodeResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: EncodeError };

export type EncodeError =
  | Omit<FrameTooLarge, 'offset'>
  /** The text has a surrogate without its partner, first at `index` (in UTF-16 code units). */
  | { readonly code: 'ill-formed-text'; readonly index: number };

/**
 * Makes a decoder for one stream.
 *
 * @throws RangeError when `maxFrameBytes` is not a whole number in its range: a mistake of the program, not of a peer.
 */
export function createDecoder(options: FrameOptions = {}): Decoder {
  return new FrameDecoder(limitOf(options));
}

// #region encode
/**
 * The bytes of one frame.
 *
 * @throws RangeError when `maxFrameBytes` is not a whole number in its range.
 */
export function encode(text: string, options: FrameOptions = {}): EncodeResult {
  const limit = limitOf(options);
  // TextEncoder would write U+FFFD for a lone surrogate, and the peer would read another text than was sent.
  if (!text.isWellFormed()) {
    return { ok: false, error: { code: 'ill-formed-text', index: text.search(/\p{Surrogate}/u) } };
  }
  const payload = new TextEncoder().encode(text);
  if (payload.length > limit) {
    return { ok: false, error: { code: 'frame-too-large', length: payload.length, limit } };
  }
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(bytes.buffer).setUint32(0, payload.length);
  bytes.set(payload, HEADER_BYTES);
  return { ok: true, bytes };
}
// #endregion encode

// #region states
type State =
  /** Collecting the four bytes of a header. */
  | { readonly name: 'header'; received: number }
  /** The length is known and allowed; collecting that many bytes. */
  | { readonly name: 'payload'; readonly payload: Payload }
  /** After an error or the end. There is no way back: nobody knows where the next frame would begin. */
  | { readonly name: 'closed' };
// #endregion states

class FrameDecoder implements Decoder {
  readonly #limit: number;
  readonly #header = new Uint8Array(HEADER_BYTES);
  // #region strict-utf8
  // Two defaults undone: invalid bytes would become U+FFFD, and a leading U+FEFF would be dropped (RFC 3629 §6).
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // #endregion strict-utf8
  #state: State = { name: 'header', received: 0 };
  /** Where the frame under way begins. */
  #offset = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bufferedBytes(): number {
    const state = this.#state;
    if (state.name === 'header') return state.received;
    if (state.name === 'payload') return HEADER_BYTES + state.payload.received;
    return 0;
  }

  // #region push
  push(chunk: Uint8Array): DecodeResult {
    // Simplified: one list for each chunk. In production: one message at a time, so that a slow consumer can wait.
    const messages: string[] = [];
    let at = 0;
    for (;;) {
      const state = this.#state;
      if (state.name === 'closed') return { ok: false, messages, error: { code: 'closed' } };
      if (state.name === 'header') {
        const part = chunk.subarray(at, at + HEADER_BYTES - state.received);
        this.#header.set(part, state.received);
        state.received += part.length;
        at += part.length;
        if (state.received < HEADER_BYTES) return { ok: true, messages };
        const length = readLength(this.#header);
        // Before anything is allocated for it.
        if (length > this.#limit) {
          return this.#fail(messages, { code: 'frame-too-large', offset: this.#offset, length, limit: this.#limit });
        }
        this.#state = { name: 'payload', payload: new Payload(length) };
      } else {
        at += state.payload.append(chunk.subarray(at));
        // A payload of no bytes is whole already, even at the end of the chunk.
        if (!state.payload.whole) return { ok: true, messages };
        const text = this.#decodeText(state.payload.bytes());
        if (text === undefined) return this.#fail(messages, { code: 'invalid-utf8', offset: this.#offset });
        messages.push(text);
        this.#offset += HEADER_BYTES + state.payload.length;
        this.#state = { name: 'header', received: 0 };
      }
    }
  }
  // #endregion push

  // #region end
  end(): DecodeResult {
    if (this.#state.name === 'closed') return { ok: false, messages: [], error: { code: 'closed' } };
    if (this.bufferedBytes > 0) return this.#fail([], { code: 'truncated', offset: this.#offset });
    this.#state = { name: 'closed' };
    return { ok: true, messages: [] };
  }
  // #endregion end

  // #region text
  /** The text of one whole payload, or undefined when it is not UTF-8 (RFC 3629 §3). */
  #decodeText(bytes: Uint8Array): string | undefined {
    try {
      // Without `stream`: half a character at a frame's end is an error, and not the next frame's first half.
      return this.#utf8.decode(bytes);
    } catch {
      return undefined;
    }
  }
  // #endregion text

  #fail(messages: readonly string[], error: FrameError): DecodeResult {
    this.#state = { name: 'closed' };
    return { ok: false, messages, error };
  }
}

// #region payload
/** The bytes of one payload. Its memory follows what has arrived; the length in the header is only a claim. */
class Payload {
  readonly length: number;
  received = 0;
  #block = new Uint8Array(0);

  constructor(length: number) {
    this.length = length;
  }

  get whole(): boolean {
    return this.received === this.length;
  }

  /** Copies what belongs to this payload, so that the caller may reuse its chunk. Returns how many bytes it took. */
  append(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.length - this.received);
    const needed = this.received + part.length;
    if (needed > this.#block.length) {
      // Doubling: each byte is copied about twice in all, however small the pieces are.
      const capacity = Math.max(needed, 2 * this.#block.length, FIRST_BLOCK_BYTES);
      const grown = new Uint8Array(Math.min(capacity, this.length));
      grown.set(this.bytes());
      this.#block = grown;
    }
    this.#block.set(part, this.received);
    this.received = needed;
    return part.length;
  }

  bytes(): Uint8Array {
    return this.#block.subarray(0, this.received);
  }
}
// #endregion payload

// #region length
function readLength(header: Uint8Array): number {
  // `header[0] << 24` would be negative from 0x80 on. The view begins where the bytes do, not where their buffer does.
  return new DataView(header.buffer, header.byteOffset, HEADER_BYTES).getUint32(0);
}
// #endregion length

// #region limit
function limitOf({ maxFrameBytes = DEFAULT_MAX_FRAME_BYTES }: FrameOptions): number {
  // `length > NaN` is false for every length: a limit that is not a number would be no limit at all.
  if (!Number.isInteger(maxFrameBytes) || maxFrameBytes < 1 || maxFrameBytes > LARGEST_LIMIT_BYTES) {
    throw new RangeError(
      `maxFrameBytes must be a whole number from 1 to ${LARGEST_LIMIT_BYTES}; it is ${String(maxFrameBytes)}`,
    );
  }
  return maxFrameBytes;
}
// #endregion limit
