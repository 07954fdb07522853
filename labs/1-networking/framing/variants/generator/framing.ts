/**
 * Another shape: the decoder is a generator that asks for one byte after the other, so that its place in the frame is
 * its place in the code. It reads UTF-8 by itself and fails at the first byte that cannot belong to it.
 */

export interface FrameOptions {
  readonly maxFrameBytes?: number | undefined;
}

type TooLarge = { readonly code: 'frame-too-large'; readonly length: number; readonly limit: number };
type FrameError =
  | (TooLarge & { readonly offset: number })
  | { readonly code: 'invalid-utf8' | 'truncated'; readonly offset: number }
  | { readonly code: 'closed' };
type DecodeResult =
  | { readonly ok: true; readonly messages: readonly string[] }
  | { readonly ok: false; readonly messages: readonly string[]; readonly error: FrameError };
type EncodeResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: TooLarge | { readonly code: 'ill-formed-text'; readonly index: number } };

/** Yields for every byte that it needs; returns the error that ends the stream. */
type Reader = Generator<undefined, FrameError, number>;

const MAX_LIMIT = 256 * 1024 * 1024;
/** How many code points are collected before they become text: the bound of an argument list, kept far away. */
const CODE_POINTS_AT_ONCE = 1_024;

export function createDecoder(options: FrameOptions = {}) {
  const limit = checkedLimit(options.maxFrameBytes);
  let messages: string[] = [];
  let buffered = 0;
  let offset = 0;
  let open = true;
  const reader = readFrames(limit, (text) => {
    messages.push(text);
    offset += buffered;
    buffered = 0;
  });
  reader.next();

  const close = (error: FrameError): DecodeResult => {
    open = false;
    buffered = 0;
    return { ok: false, messages, error };
  };

  return {
    push(chunk: Uint8Array): DecodeResult {
      messages = [];
      if (!open) return { ok: false, messages, error: { code: 'closed' } };
      for (const byte of chunk) {
        buffered += 1;
        const step = reader.next(byte);
        if (step.done) return close(step.value);
      }
      return { ok: true, messages };
    },
    end(): DecodeResult {
      messages = [];
      if (!open) return { ok: false, messages, error: { code: 'closed' } };
      if (buffered > 0) return close({ code: 'truncated', offset });
      open = false;
      return { ok: true, messages };
    },
    get bufferedBytes() {
      return buffered;
    },
  };
}

function* readFrames(limit: number, deliver: (text: string) => void): Reader {
  for (let offset = 0; ; ) {
    let length = 0;
    // Multiplied, not shifted: a product has no sign bit.
    for (let i = 0; i < 4; i += 1) length = length * 256 + (yield);
    if (length > limit) return { code: 'frame-too-large', offset, length, limit };
    const text = yield* readText(length);
    if (text === undefined) return { code: 'invalid-utf8', offset };
    offset += 4 + length;
    deliver(text);
  }
}

/** `length` bytes as text, or undefined at the first byte that is not UTF-8. */
function* readText(length: number): Generator<undefined, string | undefined, number> {
  let text = '';
  let points: number[] = [];
  for (let left = length; left > 0; ) {
    const lead = yield;
    left -= 1;
    const form = formOf(lead);
    if (form === undefined || form.more > left) return undefined;
    let point = form.bits;
    let [low, high] = [form.low, form.high];
    for (let i = 0; i < form.more; i += 1) {
      const byte = yield;
      left -= 1;
      if (byte < low || byte > high) return undefined;
      point = point * 64 + (byte - 0x80);
      [low, high] = [0x80, 0xbf];
    }
    points.push(point);
    if (points.length === CODE_POINTS_AT_ONCE) {
      text += String.fromCodePoint(...points);
      points = [];
    }
  }
  return text + String.fromCodePoint(...points);
}

/** RFC 3629 §4: how many bytes follow a lead byte, and between which bounds the first of them lies. */
function formOf(lead: number): { bits: number; more: number; low: number; high: number } | undefined {
  if (lead < 0x80) return { bits: lead, more: 0, low: 0, high: 0 };
  if (lead < 0xc2 || lead > 0xf4) return undefined;
  if (lead < 0xe0) return { bits: lead - 0xc0, more: 1, low: 0x80, high: 0xbf };
  if (lead < 0xf0)
    return { bits: lead - 0xe0, more: 2, low: lead === 0xe0 ? 0xa0 : 0x80, high: lead === 0xed ? 0x9f : 0xbf };
  return { bits: lead - 0xf0, more: 3, low: lead === 0xf0 ? 0x90 : 0x80, high: lead === 0xf4 ? 0x8f : 0xbf };
}

export function encode(text: string, options: FrameOptions = {}): EncodeResult {
  const limit = checkedLimit(options.maxFrameBytes);
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    const point = text.codePointAt(index) ?? 0;
    if (point >= 0xd800 && point <= 0xdfff) return { ok: false, error: { code: 'ill-formed-text', index } };
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (point >= 0x10000) index += 1;
  }
  if (length > limit) return { ok: false, error: { code: 'frame-too-large', length, limit } };
  const bytes = new Uint8Array(4 + length);
  for (let i = 0, rest = length; i < 4; i += 1, rest = Math.floor(rest / 256)) bytes[3 - i] = rest % 256;
  new TextEncoder().encodeInto(text, bytes.subarray(4));
  return { ok: true, bytes };
}

function checkedLimit(limit = 64 * 1024): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new RangeError(`maxFrameBytes: expected a whole number from 1 to ${MAX_LIMIT}, got ${String(limit)}`);
}
