/**
 * Another shape: a closure that keeps what has arrived in a list of blocks, and joins them when the frame is whole.
 * Small chunks share a block, so that a slow sender does not make a list of single bytes.
 */

type Options = { readonly maxFrameBytes?: number | undefined };
type TooLarge = { readonly code: 'frame-too-large'; readonly length: number; readonly limit: number };
type FrameError =
  | (TooLarge & { readonly offset: number })
  | { readonly code: 'invalid-utf8'; readonly offset: number }
  | { readonly code: 'truncated'; readonly offset: number }
  | { readonly code: 'closed' };
type DecodeResult =
  | { readonly ok: true; readonly messages: readonly string[] }
  | { readonly ok: false; readonly messages: readonly string[]; readonly error: FrameError };
type EncodeResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: TooLarge | { readonly code: 'ill-formed-text'; readonly index: number } };

const HEADER = 4;
const BLOCK_BYTES = 4_096;

/** A queue of copied bytes, written at one end and read at the other. */
function createByteQueue() {
  let blocks: Uint8Array[] = [];
  /** Bytes used of the last block. */
  let used = 0;
  let size = 0;
  return {
    get size() {
      return size;
    },
    /** @param expected how many bytes there will be in all, so that a short frame gets a short block. */
    write(bytes: Uint8Array, expected: number) {
      for (let at = 0; at < bytes.length; ) {
        let block = blocks.at(-1);
        if (block === undefined || used === block.length) {
          block = new Uint8Array(Math.min(expected - size, Math.max(BLOCK_BYTES, bytes.length - at)));
          blocks.push(block);
          used = 0;
        }
        const part = bytes.subarray(at, at + block.length - used);
        block.set(part, used);
        used += part.length;
        size += part.length;
        at += part.length;
      }
    },
    /** Takes everything out. */
    drain(): Uint8Array {
      const whole = new Uint8Array(size);
      let at = 0;
      for (const block of blocks) {
        const part = block.subarray(0, size - at);
        whole.set(part, at);
        at += part.length;
      }
      blocks = [];
      used = 0;
      size = 0;
      return whole;
    },
  };
}

export const createDecoder = ({ maxFrameBytes }: Options = {}) => {
  const limit = limitFrom(maxFrameBytes);
  const queue = createByteQueue();
  let frameStart = 0;
  /** Undefined while the header is not whole. */
  let length: number | undefined;
  let closed = false;

  const failure = (messages: string[], error: FrameError): DecodeResult => {
    closed = true;
    queue.drain();
    length = undefined;
    return { ok: false, messages, error };
  };

  const push = (chunk: Uint8Array): DecodeResult => {
    const messages: string[] = [];
    if (closed) return failure(messages, { code: 'closed' });
    let at = 0;
    do {
      const wanted = length ?? HEADER;
      const part = chunk.subarray(at, at + wanted - queue.size);
      queue.write(part, wanted);
      at += part.length;
      if (queue.size < wanted) break;
      const bytes = queue.drain();
      if (length === undefined) {
        length = new DataView(bytes.buffer).getUint32(0);
        if (length > limit) return failure(messages, { code: 'frame-too-large', offset: frameStart, length, limit });
        if (length > 0) continue;
        messages.push('');
      } else {
        try {
          messages.push(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
        } catch {
          return failure(messages, { code: 'invalid-utf8', offset: frameStart });
        }
      }
      frameStart += HEADER + length;
      length = undefined;
    } while (at < chunk.length);
    return { ok: true, messages };
  };

  const bufferedBytes = () => (length === undefined ? 0 : HEADER) + queue.size;
  const end = (): DecodeResult => {
    if (closed) return failure([], { code: 'closed' });
    if (bufferedBytes() > 0) return failure([], { code: 'truncated', offset: frameStart });
    closed = true;
    return { ok: true, messages: [] };
  };

  return Object.defineProperty({ push, end, bufferedBytes: 0 }, 'bufferedBytes', { get: bufferedBytes });
};

export function encode(text: string, { maxFrameBytes }: Options = {}): EncodeResult {
  const limit = limitFrom(maxFrameBytes);
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) < 0xd800 || text.charCodeAt(index) > 0xdfff) continue;
    if (/^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(index, index + 2))) index += 1;
    else return { ok: false, error: { code: 'ill-formed-text', index } };
  }
  const payload = new TextEncoder().encode(text);
  const { length } = payload;
  if (length > limit) return { ok: false, error: { code: 'frame-too-large', length, limit } };
  return { ok: true, bytes: Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, ...payload) };
}

function limitFrom(value = 65_536): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > 0x1000_0000) {
    throw new RangeError(`a limit of 1 to ${0x1000_0000} bytes was expected, and not ${String(value)}`);
  }
  return value;
}
