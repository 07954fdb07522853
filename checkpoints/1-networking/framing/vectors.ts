/** The published vectors of the brief, as data. Runs in a browser too. */

export interface FrameVector {
  readonly text: string;
  readonly frame: Uint8Array;
}

export interface ErrorVector {
  readonly stream: Uint8Array;
  /** Whether the stream ends after these bytes. */
  readonly end: boolean;
  readonly messages: readonly string[];
  readonly error: {
    readonly code: 'frame-too-large' | 'invalid-utf8' | 'truncated';
    readonly offset: number;
    readonly length?: number;
  };
  /** What is wrong with it, for a failure. */
  readonly because: string;
}

/** The bytes that pairs of hexadecimal digits stand for; spaces do not count. */
export function bytesOf(hexadecimal: string): Uint8Array {
  const pairs = hexadecimal.match(/[0-9a-f]{2}/g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

function frame(text: string, hexadecimal: string, repeated?: { readonly byte: number; readonly times: number }) {
  const head = bytesOf(hexadecimal);
  if (!repeated) return { text, frame: head };
  const whole = new Uint8Array(head.length + repeated.times).fill(repeated.byte);
  whole.set(head);
  return { text, frame: whole };
}

/** Frames and their messages, both ways. */
export const frames: readonly FrameVector[] = [
  frame('A', '00 00 00 01 41'),
  frame('Hi ☕', '00 00 00 06 48 69 20 e2 98 95'),
  frame('é€😀', '00 00 00 09 c3 a9 e2 82 ac f0 9f 98 80'),
  frame('x'.repeat(258), '00 00 01 02', { byte: 0x78, times: 258 }),
  frame('x'.repeat(65_536), '00 01 00 00', { byte: 0x78, times: 65_536 }),
];

export const emptyFrame: FrameVector = frame('', '00 00 00 00');

/** Frames whose code points somebody may take for something else than data. */
export const unusualFrames: readonly FrameVector[] = [
  frame('a\u0000b', '00 00 00 03 61 00 62'),
  frame('\ufeffA', '00 00 00 04 ef bb bf 41'),
  frame('\ufffd', '00 00 00 03 ef bf bd'),
  frame('\uffff', '00 00 00 03 ef bf bf'),
  frame('\ud7ff\ue000', '00 00 00 06 ed 9f bf ee 80 80'),
  frame('\u{10ffff}', '00 00 00 04 f4 8f bf bf'),
];

const failing = (
  hexadecimal: string,
  messages: readonly string[],
  error: ErrorVector['error'],
  because: string,
  end = false,
): ErrorVector => ({ stream: bytesOf(hexadecimal), end, messages, error, because });

const tooLarge = (offset: number, length: number) => ({ code: 'frame-too-large', offset, length }) as const;
const invalid = (offset: number) => ({ code: 'invalid-utf8', offset }) as const;
const truncated = (offset: number) => ({ code: 'truncated', offset }) as const;

export const tooLargeStreams: readonly ErrorVector[] = [
  failing('00 01 00 01', [], tooLarge(0, 65_537), 'one byte above the limit'),
  failing('80 00 00 00', [], tooLarge(0, 2_147_483_648), 'a length of 2³¹'),
  failing('ff ff ff ff', [], tooLarge(0, 4_294_967_295), 'a length of 2³² − 1'),
];

/** Each is one frame, followed in one case by the start of another. */
export const invalidStreams: readonly ErrorVector[] = [
  failing('00 00 00 02 c0 80', [], invalid(0), 'an overlong U+0000'),
  failing('00 00 00 03 e0 80 af', [], invalid(0), 'an overlong /'),
  failing('00 00 00 04 f0 82 82 ac', [], invalid(0), 'an overlong €'),
  failing('00 00 00 03 ed a0 80', [], invalid(0), 'the surrogate U+D800'),
  failing('00 00 00 06 ed a0 bd ed b8 80', [], invalid(0), 'a pair of surrogates, three bytes each'),
  failing('00 00 00 04 f4 90 80 80', [], invalid(0), 'a code point above U+10FFFF'),
  failing('00 00 00 01 ff', [], invalid(0), 'a byte that UTF-8 does not have'),
  failing('00 00 00 02 41 80', [], invalid(0), 'a continuation byte alone'),
  failing('00 00 00 02 e2 82 00 00 00 01 ac', [], invalid(0), 'a character cut by the end of its frame'),
];

/** The frame at fault is not the first one. */
export const laterErrorStreams: readonly ErrorVector[] = [
  failing(
    '00 00 00 01 41 00 00 00 01 42 ff ff ff ff 41',
    ['A', 'B'],
    tooLarge(10, 4_294_967_295),
    'a length above the limit in the third frame',
  ),
  failing(
    '00 00 00 01 41 00 00 00 02 c3 28 00 00 00 01 42',
    ['A'],
    invalid(5),
    'invalid UTF-8 in the second frame of three',
  ),
];

export const truncatedStreams: readonly ErrorVector[] = [
  failing('00 00 00', [], truncated(0), 'the end inside a header', true),
  failing('00 00 00 01', [], truncated(0), 'the end between header and payload', true),
  failing('00 00 00 01 41 00 00 00 05 48 65 6c', ['A'], truncated(5), 'the end inside a payload', true),
];
