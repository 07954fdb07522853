/**
 * Another shape: no bytes of a payload are kept at all. Each piece becomes text as it arrives, by a TextDecoder that is
 * made for the frame and keeps the bytes of half a character, up to three, by itself.
 */

interface Limits {
  maxFrameBytes?: number | undefined;
}

class FrameTrouble extends Error {
  readonly details:
    | { code: 'frame-too-large'; offset: number; length: number; limit: number }
    | { code: 'invalid-utf8' | 'truncated'; offset: number }
    | { code: 'closed' };

  constructor(details: FrameTrouble['details']) {
    super(details.code);
    this.details = details;
  }
}

type Result = { ok: true; messages: string[] } | { ok: false; messages: string[]; error: FrameTrouble['details'] };

export function createDecoder(limits: Limits = {}): {
  push(chunk: Uint8Array): Result;
  end(): Result;
  readonly bufferedBytes: number;
} {
  return new TextFrames(maximum(limits));
}

class TextFrames {
  #maximum: number;
  #header = 0;
  #headerBytes = 0;
  #missing = 0;
  #text = '';
  #utf8: TextDecoder | undefined;
  #position = 0;
  #frameStart = 0;
  #closed = false;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get bufferedBytes(): number {
    return this.#closed ? 0 : this.#position - this.#frameStart;
  }

  push(chunk: Uint8Array): Result {
    return this.#answer((messages) => {
      for (let at = 0; at < chunk.length; ) {
        const before = at;
        at = this.#utf8 ? this.#takeText(chunk, at, this.#utf8) : this.#takeLength(chunk, at);
        this.#position += at - before;
        if (this.#utf8 && this.#missing === 0) messages.push(this.#finish(this.#utf8));
      }
    });
  }

  end(): Result {
    const result = this.#answer(() => {
      if (this.bufferedBytes > 0) throw new FrameTrouble({ code: 'truncated', offset: this.#frameStart });
    });
    this.#closed = true;
    return result;
  }

  /** Expected trouble travels as an exception inside, and leaves as a value. */
  #answer(work: (messages: string[]) => void): Result {
    const messages: string[] = [];
    try {
      if (this.#closed) throw new FrameTrouble({ code: 'closed' });
      work(messages);
      return { ok: true, messages };
    } catch (error) {
      if (!(error instanceof FrameTrouble)) throw error;
      this.#closed = true;
      this.#text = '';
      return { ok: false, messages, error: error.details };
    }
  }

  #takeLength(chunk: Uint8Array, at: number): number {
    this.#header = this.#header * 256 + (chunk[at] ?? 0);
    this.#headerBytes += 1;
    if (this.#headerBytes < 4) return at + 1;
    const length = this.#header;
    if (length > this.#maximum) {
      throw new FrameTrouble({ code: 'frame-too-large', offset: this.#frameStart, length, limit: this.#maximum });
    }
    this.#missing = length;
    this.#utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return at + 1;
  }

  #takeText(chunk: Uint8Array, at: number, utf8: TextDecoder): number {
    const part = chunk.subarray(at, at + this.#missing);
    this.#missing -= part.length;
    this.#text += this.#valid(() => utf8.decode(part, { stream: true }));
    return at + part.length;
  }

  #finish(utf8: TextDecoder): string {
    const message = this.#text + this.#valid(() => utf8.decode());
    this.#text = '';
    this.#header = 0;
    this.#headerBytes = 0;
    this.#utf8 = undefined;
    this.#frameStart = this.#position;
    return message;
  }

  #valid(decode: () => string): string {
    try {
      return decode();
    } catch {
      throw new FrameTrouble({ code: 'invalid-utf8', offset: this.#frameStart });
    }
  }
}

export function encode(text: string, limits: Limits = {}) {
  const limit = maximum(limits);
  const utf8 = new TextEncoder().encode(text);
  // A lone surrogate comes back as another text.
  if (new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8) !== text) {
    const index = [...text].reduce(
      ({ at, found }, character) => ({
        at: at + character.length,
        found: found < 0 && !character.isWellFormed() ? at : found,
      }),
      { at: 0, found: -1 },
    ).found;
    return { ok: false, error: { code: 'ill-formed-text', index } } as const;
  }
  if (utf8.length > limit)
    return { ok: false, error: { code: 'frame-too-large', length: utf8.length, limit } } as const;
  const bytes = new Uint8Array(utf8.length + 4);
  bytes.set([24, 16, 8, 0].map((shift) => (utf8.length >> shift) & 0xff));
  bytes.set(utf8, 4);
  return { ok: true, bytes } as const;
}

function maximum({ maxFrameBytes = 65_536 }: Limits): number {
  const valid =
    typeof maxFrameBytes === 'number' && maxFrameBytes % 1 === 0 && maxFrameBytes >= 1 && maxFrameBytes <= 2 ** 28;
  if (!valid)
    throw new RangeError(`maxFrameBytes must be a whole number of bytes from 1 to 268435456, not ${maxFrameBytes}`);
  return maxFrameBytes;
}
