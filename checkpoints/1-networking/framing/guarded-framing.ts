import { CheckpointFailure, check } from '../../harness/failure.ts';

export type Framing = typeof import('../../../labs/1-networking/framing/solution/framing.ts');
type FrameOptions = NonNullable<Parameters<Framing['createDecoder']>[0]>;
type Decoder = ReturnType<Framing['createDecoder']>;
type DecodeResult = ReturnType<Decoder['push']>;
type EncodeResult = ReturnType<Framing['encode']>;

/** How a stream came out: every message, and the error that ended it. */
export interface Outcome {
  readonly messages: readonly string[];
  readonly error?: Extract<DecodeResult, { ok: false }>['error'];
}

const RESULT_SHAPE = '{ ok: true, messages: […] } or { ok: false, messages: […], error: { code: … } }';
const TEXT_SHOWN_CHARS = 40;
const MESSAGES_SHOWN = 6;

/** A decoder under test whose every answer is looked at: it has the shape of the brief, and comes as a value. */
export class GuardedDecoder {
  readonly #decoder: Decoder;
  readonly #results: DecodeResult[] = [];

  constructor(framing: Framing, options?: FrameOptions) {
    this.#decoder = called('createDecoder', () => framing.createDecoder(options));
    for (const method of ['push', 'end'] as const) {
      check(typeof this.#decoder?.[method] === 'function', {
        expected: 'createDecoder to return an object with push, end and bufferedBytes',
        received: `${method} is ${typeof this.#decoder?.[method]}`,
        usually: 'a method has another name, or createDecoder returns nothing',
      });
    }
  }

  /** How many messages `feed` has seen. */
  fedMessages = 0;

  get bufferedBytes(): number {
    return this.#decoder.bufferedBytes;
  }

  push(chunk: Uint8Array): DecodeResult {
    return this.#keep('push', () => this.#decoder.push(chunk));
  }

  end(): DecodeResult {
    return this.#keep('end', () => this.#decoder.end());
  }

  /** Pushes valid bytes and forgets the answer, so that only the decoder itself holds memory. */
  feed(chunk: Uint8Array): void {
    const result = this.#looked('push', () => this.#decoder.push(chunk));
    this.fedMessages += result.messages.length;
    check(result.ok, () => ({
      sent: `${chunk.length} bytes of valid frames`,
      expected: 'no error',
      received: result.ok ? '' : shownError(result),
      usually: 'a border between frames is lost, so that payload is read as a header',
    }));
  }

  /** Pushes piece after piece, up to the first error. */
  pushAll(pieces: Iterable<Uint8Array>): this {
    for (const piece of pieces) if (!this.push(piece).ok) break;
    return this;
  }

  /** All that it has answered so far, read now: a result belongs to the caller and stays as it was. */
  outcome(): Outcome {
    const messages = this.#results.flatMap((result) => result.messages);
    const last = this.#results.at(-1);
    return last === undefined || last.ok ? { messages } : { messages, error: last.error };
  }

  #keep(method: 'push' | 'end', call: () => DecodeResult): DecodeResult {
    const result = this.#looked(method, call);
    this.#results.push(result);
    return result;
  }

  #looked(method: 'push' | 'end', call: () => DecodeResult): DecodeResult {
    const result: unknown = called(method, call);
    check(isDecodeResult(result), () => ({
      expected: `${method} to return ${RESULT_SHAPE}`,
      received: shownValue(result),
      usually: 'a branch returns nothing, or the messages themselves and not a result around them',
    }));
    return result;
  }
}

/** Decodes a stream that comes in these pieces, with a decoder of its own. */
export function decode(
  framing: Framing,
  pieces: Iterable<Uint8Array>,
  { end = false, ...options }: FrameOptions & { readonly end?: boolean } = {},
): Outcome {
  const decoder = new GuardedDecoder(framing, options).pushAll(pieces);
  if (end && decoder.outcome().error === undefined) decoder.end();
  return decoder.outcome();
}

/** `encode`, looked at in the same way. */
export function encode(framing: Framing, text: string, options?: FrameOptions): EncodeResult {
  const result: unknown = called('encode', () => framing.encode(text, options));
  check(isEncodeResult(result), () => ({
    expected: 'encode to return { ok: true, bytes: a Uint8Array } or { ok: false, error: { code: … } }',
    received: shownValue(result),
    usually: 'encode returns the bytes themselves and not a result around them',
  }));
  return result;
}

/** The frame of a text that can be encoded; anything else is a failure. */
export function frameOf(framing: Framing, text: string, options?: FrameOptions): Uint8Array {
  const result = encode(framing, text, options);
  check(result.ok, () => ({
    expected: `the frame of ${shownText(text)}`,
    received: result.ok ? '' : `the error ${result.error.code}`,
    usually: 'encode refuses a well-formed text within the limit',
  }));
  return result.bytes;
}

/** Whether both have the same messages and the same error, further fields of an error left out. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  return (
    a.messages.length === b.messages.length &&
    a.messages.every((message, i) => message === b.messages[i]) &&
    shownError(a) === shownError(b)
  );
}

/** An outcome in words: `"A", "" and then frame-too-large at offset 9, length 17, limit 16`. */
export function shown(outcome: Outcome): string {
  const { messages } = outcome;
  const texts = messages.slice(0, MESSAGES_SHOWN).map(shownText).join(', ');
  const list = messages.length > MESSAGES_SHOWN ? `${texts}, … (${messages.length} messages)` : texts;
  if (outcome.error === undefined) return messages.length === 0 ? 'no message' : list;
  return messages.length === 0 ? shownError(outcome) : `${list} and then ${shownError(outcome)}`;
}

/** A text in quotes, with escapes for what cannot be seen. */
export function shownText(text: string): string {
  const start = text.length > TEXT_SHOWN_CHARS ? text.slice(0, TEXT_SHOWN_CHARS) : text;
  const visible = JSON.stringify(start).replaceAll(
    /[\p{C}\p{M}\ufffd]|(?! )\p{Z}/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
  return text.length > TEXT_SHOWN_CHARS ? `${visible}… (${text.length} characters)` : visible;
}

function shownError({ error }: Outcome): string {
  if (error === undefined) return '';
  const fields = { offset: undefined, length: undefined, limit: undefined, ...error };
  const parts = [
    fields.offset === undefined ? error.code : `${error.code} at offset ${fields.offset}`,
    ...(fields.length === undefined ? [] : [`length ${fields.length}`]),
    ...(fields.limit === undefined ? [] : [`limit ${fields.limit}`]),
  ];
  return parts.join(', ');
}

/** Calls into the code under test; what it throws is its answer, and a wrong one. */
function called<T>(name: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof CheckpointFailure) throw error;
    throw new CheckpointFailure({
      expected: `${name} to return a value`,
      received: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      usually: usualThrow(error),
      ...(error instanceof Error && error.stack ? { details: error.stack.split('\n').slice(1, 3) } : {}),
    });
  }
}

function usualThrow(error: unknown): string {
  // V8 and JavaScriptCore say "Maximum call stack size exceeded", SpiderMonkey says "too much recursion".
  return error instanceof Error && /call stack|recursion/.test(error.message)
    ? 'push calls itself for every frame, or spreads bytes into arguments: a peer chooses how many there are'
    : 'an exception gets through to the caller: what a peer sends is expected to be wrong and is answered with a value';
}

function isDecodeResult(value: unknown): value is DecodeResult {
  if (typeof value !== 'object' || value === null) return false;
  const { ok, messages, error } = value as { ok?: unknown; messages?: unknown; error?: unknown };
  if (!Array.isArray(messages) || !messages.every((message) => typeof message === 'string')) return false;
  return ok === true ? error === undefined : ok === false && hasCode(error);
}

function isEncodeResult(value: unknown): value is EncodeResult {
  if (typeof value !== 'object' || value === null) return false;
  const { ok, bytes, error } = value as { ok?: unknown; bytes?: unknown; error?: unknown };
  return ok === true ? bytes instanceof Uint8Array : ok === false && hasCode(error);
}

function hasCode(error: unknown): boolean {
  return typeof error === 'object' && error !== null && typeof (error as { code?: unknown }).code === 'string';
}

function shownValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const keys = Object.entries(value).map(([key, inner]) => `${key}: ${Array.isArray(inner) ? 'array' : typeof inner}`);
  return `${value.constructor?.name ?? 'an object'} { ${keys.slice(0, MESSAGES_SHOWN).join(', ')} }`;
}
