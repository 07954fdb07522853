/**
 * Length-prefixed frames over a byte stream: `encode` makes the bytes of one message, a decoder turns bytes, in
 * whatever pieces they come, back into messages. The brief has the wire format and what each situation gets.
 *
 * This is a first version: right as long as every chunk holds whole frames and nobody means harm.
 */

const HEADER_BYTES = 4;

export interface FrameOptions {
  /** The longest payload, in bytes: a whole number from 1 to 268,435,456. Default 65,536. */
  readonly maxFrameBytes?: number | undefined;
}

export type FrameError =
  | { readonly code: 'frame-too-large'; readonly offset: number; readonly length: number; readonly limit: number }
  | { readonly code: 'invalid-utf8'; readonly offset: number }
  | { readonly code: 'truncated'; readonly offset: number }
  | { readonly code: 'closed' };

export type DecodeResult =
  | { readonly ok: true; readonly messages: readonly string[] }
  | { readonly ok: false; readonly messages: readonly string[]; readonly error: FrameError };

export interface Decoder {
  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): DecodeResult;
  /** Says that no more bytes will come. */
  end(): DecodeResult;
  /** Bytes of the frame under way that have arrived, its header included. */
  readonly bufferedBytes: number;
}

export type EncodeError =
  | { readonly code: 'frame-too-large'; readonly length: number; readonly limit: number }
  | { readonly code: 'ill-formed-text'; readonly index: number };

export type EncodeResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: EncodeError };

export function createDecoder(_options: FrameOptions = {}): Decoder {
  // TODO(limit-option): a limit that is no whole number in its range ends here, with a RangeError.
  return new FrameDecoder();
}

export function encode(text: string, _options: FrameOptions = {}): EncodeResult {
  // TODO(ill-formed-text): a text that UTF-8 cannot carry is refused.
  const payload = new TextEncoder().encode(text);
  // TODO(encode-limit): a payload of more bytes than the limit is refused.
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(bytes.buffer).setUint32(0, payload.length);
  bytes.set(payload, HEADER_BYTES);
  return { ok: true, bytes };
}

class FrameDecoder implements Decoder {
  // TODO(independent): whatever has to be remembered from one chunk to the next belongs to each decoder alone.
  // TODO(bounded-memory): it is the bytes of one frame, their number is told, and done frames leave nothing behind.
  readonly bufferedBytes = 0;

  push(chunk: Uint8Array): DecodeResult {
    // TODO(closed): after an error or the end, nothing more is taken.
    // TODO(chunk-views): a chunk may be a view that begins anywhere in its buffer.
    const view = new DataView(chunk.buffer);
    const messages: string[] = [];
    let at = 0;
    // TODO(split): a chunk may end anywhere, in the middle of a header too.
    // TODO(reused-chunk): the chunk belongs to the caller again after this call.
    while (at + HEADER_BYTES <= chunk.length) {
      // TODO(empty-frame): a header of zeros is a whole message, also when it came in pieces.
      const length = view.getUint32(at);
      // TODO(too-large): a length above the limit is an error, with the very byte that makes it known.
      // TODO(promised-length): memory is taken for bytes that came, not for bytes that were promised.
      // TODO(linear-cost): a frame in a thousand chunks costs about as much as a frame in one.
      const payload = chunk.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
      // TODO(split-character): a character may begin in one chunk and end in the next.
      // TODO(invalid-utf8): bytes that are no UTF-8 are an error, and not a text with replacement characters.
      // TODO(every-code-point): a leading U+FEFF is a part of the text.
      messages.push(new TextDecoder().decode(payload));
      at += HEADER_BYTES + length;
    }
    // TODO(round-trip): whatever encode takes comes back here, in whatever pieces it travels.
    // TODO(error-position): an error brings the messages before it, and the offset of its frame in the whole stream.
    return { ok: true, messages };
  }

  end(): DecodeResult {
    // TODO(truncated): an end in the middle of a frame is an error.
    return { ok: true, messages: [] };
  }
}
