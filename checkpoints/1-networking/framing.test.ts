import fc from 'fast-check';
import { firstDifference, hex } from '../harness/bytes.ts';
import { checkpoint } from '../harness/checkpoint.ts';
import { CheckpointFailure, check, fail } from '../harness/failure.ts';
import { loadModule } from '../harness/module.ts';
import { expectLinearWork, expectSmallRequests, feedInTime, HeldBytes, MEBIBYTE } from './framing/costs.ts';
import {
  DEFAULT_LIMIT,
  expectAlways,
  expectFrame,
  expectOutcome,
  outcomeOf,
  type Told,
} from './framing/expectations.ts';
import {
  decode,
  encode,
  type Framing,
  frameOf,
  GuardedDecoder,
  type Outcome,
  shownText,
} from './framing/guarded-framing.ts';
import { withoutNodeGlobals } from './framing/node-globals.ts';
import { concatenate, cutAt, frameFor, headerFor, piecesOf, piecesOfSizes, viewsOf } from './framing/pieces.ts';
import {
  bytesOf,
  emptyFrame,
  frames,
  invalidStreams,
  laterErrorStreams,
  tooLargeStreams,
  truncatedStreams,
  unusualFrames,
} from './framing/vectors.ts';

const load = () => loadModule<Framing>('framing.ts');

const LARGEST_LIMIT = 2 ** 28;
const inChunksOf = (size: number) => (size === 1 ? 'chunks of one byte' : `chunks of ${size} bytes`);

checkpoint('vectors', 'a text becomes the published bytes, and the published bytes become their text', async () => {
  const framing = await load();
  const usually = 'the length is little-endian, counts characters and not bytes, or counts its own four bytes as well';
  for (const vector of frames) {
    expectFrame(framing, vector, usually);
    const sent = hex(vector.frame, 16);
    expectOutcome(decode(framing, [vector.frame]), { messages: [vector.text] }, { sent, usually });
  }
});

checkpoint(
  'split',
  'a frame cut at any byte, and any number of frames in one chunk, give the same messages',
  async ({ seed }) => {
    const framing = await load();
    const expectMessages = (pieces: readonly Uint8Array[], messages: readonly string[], told: Told) =>
      expectOutcome(decode(framing, pieces), { messages }, told);

    const messages = ['A', 'two', 'x'.repeat(300), 'four', 'the last'];
    const stream = concatenate(messages.map(frameFor));
    expectMessages([stream], messages, {
      sent: '5 frames in one chunk',
      usually: 'push stops after the first frame that it finds, and the others wait for the next chunk or are lost',
    });
    for (let at = 0; at <= stream.length; at += 1) {
      expectMessages(cutAt(stream, at), messages, {
        sent: `5 frames, ${stream.length} bytes, cut in two after byte ${at}`,
        expected: 'the same 5 messages as without the cut',
        usually:
          'push reads a chunk as if it held whole frames, or whole headers; what is left over must wait for the next chunk',
      });
    }
    for (const size of [1, 2, 3, 5, 7, 100]) {
      expectMessages([...piecesOf(stream, size)], messages, {
        sent: `5 frames in ${inChunksOf(size)}`,
        expected: 'the same 5 messages as in one chunk',
        usually: 'what is left over of one chunk is lost, or joined wrongly, when the next one brings too little again',
      });
    }

    const spaced = [...piecesOf(stream, 50)].flatMap((piece) => [piece, new Uint8Array(0)]);
    expectMessages(spaced, messages, {
      sent: '5 frames in chunks of 50 bytes with an empty chunk after each',
      expected: 'the same 5 messages as in one chunk',
      usually: 'an empty chunk is taken for the end of the stream, as a read of 0 bytes would be',
    });

    const anyMessages = fc.array(fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...'Tavern') }), {
      maxLength: 12,
    });
    const anySizes = fc.array(fc.nat({ max: 60 }), { maxLength: 12 });
    expectAlways(
      fc.property(anyMessages, anySizes, (texts, sizes) => {
        expectMessages(piecesOfSizes(concatenate(texts.map(frameFor)), sizes), texts, {
          sent: 'random frames in random chunks, empty ones among them',
          expected: 'the same messages as in one chunk',
          usually: 'what is left over of one chunk is lost, or joined wrongly, with what the next one brings',
        });
      }),
      seed,
      200,
    );
  },
);

checkpoint('split-character', 'a character whose bytes come in different chunks arrives whole', async () => {
  const framing = await load();
  const text = 'é€😀';
  const frame = frameFor(text);
  const usually =
    'each chunk is turned into text by itself; half a character is no text, so bytes have to be kept as bytes until the frame is whole';
  for (let at = 1; at < frame.length; at += 1) {
    const sent = `the frame of ${shownText(text)} in two chunks, cut after byte ${at}`;
    expectOutcome(decode(framing, cutAt(frame, at)), { messages: [text] }, { sent, usually });
  }
  const sent = `the frame of ${shownText(text)}, byte by byte`;
  expectOutcome(decode(framing, piecesOf(frame, 1)), { messages: [text] }, { sent, usually });
});

checkpoint('empty-frame', 'a frame of length zero is an empty message, there with its fourth byte', async () => {
  const framing = await load();
  const empty = emptyFrame.frame;
  expectFrame(framing, emptyFrame, 'an empty text is taken for no text');
  const usually =
    'a length of 0 is taken for "nothing there" or for a keep-alive, or the message waits for the byte that comes after it';
  for (const pieces of [[empty], [...piecesOf(empty, 1)]]) {
    const sent = `${hex(empty)} in ${inChunksOf(pieces.length === 1 ? 4 : 1)}`;
    expectOutcome(decode(framing, pieces), { messages: [''] }, { sent, usually });
  }
  const between = concatenate([empty, frameFor('A'), empty, empty, frameFor('B'), empty]);
  for (const size of [between.length, 4, 1]) {
    expectOutcome(
      decode(framing, piecesOf(between, size), { end: true }),
      { messages: ['', 'A', '', '', 'B', ''] },
      { sent: `${hex(between)} in ${inChunksOf(size)}, then the end`, usually },
    );
  }
});

checkpoint(
  'every-code-point',
  'every code point is data: a leading U+FEFF stays, and U+0000, U+FFFD and U+FFFF pass',
  async () => {
    const framing = await load();
    const usually =
      'a TextDecoder drops a leading U+FEFF unless ignoreBOM is true; a U+FFFD in the text is no sign of invalid bytes';
    for (const vector of unusualFrames) {
      expectFrame(framing, vector, usually);
      const sent = hex(vector.frame);
      expectOutcome(decode(framing, [vector.frame]), { messages: [vector.text] }, { sent, usually });
      const twice = concatenate([vector.frame, vector.frame]);
      const both = { messages: [vector.text, vector.text] };
      expectOutcome(decode(framing, [twice]), both, { sent: `${sent}, twice`, usually });
    }
  },
);

checkpoint('chunk-views', 'a chunk that is a view into a larger buffer is read within its bounds', async () => {
  const framing = await load();
  const stream = concatenate(['Tavern', 'A', 'seven!!'].map(frameFor));
  for (const size of [stream.length, 4, 3, 1]) {
    const views = [...piecesOf(stream, size)].map((piece) => {
      const buffer = new Uint8Array(piece.length + 29).fill(0x7f);
      buffer.set(piece, 13);
      return buffer.subarray(13, 13 + piece.length);
    });
    expectOutcome(
      decode(framing, views),
      { messages: ['Tavern', 'A', 'seven!!'] },
      {
        sent: `3 frames in ${inChunksOf(size)}, each chunk at byte 13 of a buffer of its own`,
        usually:
          'chunk.buffer is read from its byte 0; a view begins at its byteOffset, and what a socket hands over is often a view',
      },
    );
  }
});

checkpoint(
  'reused-chunk',
  'a chunk is the caller’s again when push returns: both may do with theirs as they like',
  async () => {
    const framing = await load();
    const messages = ['Tavern', 'seven!!', 'x'.repeat(40)];
    const stream = concatenate(messages.map(frameFor));
    for (const size of [1, 3, 9, 16]) {
      const scratch = new Uint8Array(size);
      const decoder = new GuardedDecoder(framing);
      for (const piece of piecesOf(stream, size)) {
        const chunk = scratch.subarray(0, piece.length);
        chunk.set(piece);
        const result = decoder.push(chunk);
        check(firstDifference(piece, chunk) < 0, () => ({
          sent: `a chunk of ${piece.length} bytes: ${hex(piece)}`,
          expected: 'the chunk to be as it was',
          received: hex(chunk),
          usually: 'the decoder uses the chunk as its own buffer',
        }));
        scratch.fill(0xee);
        if (!result.ok) break;
      }
      expectOutcome(
        decoder.outcome(),
        { messages },
        {
          sent: `3 frames in ${inChunksOf(size)}, all in one buffer that is overwritten after each push`,
          expected: 'the 3 messages that were sent',
          usually:
            'the decoder keeps a view of the chunk (subarray copies nothing) and reads it when it belongs to others again',
        },
      );
    }
  },
);

checkpoint(
  'too-large',
  'a length above the limit is refused with the fourth byte of its header, before anything is allocated',
  async () => {
    const framing = await load();
    const refuse = (header: Uint8Array, limit: number | undefined, wanted: Outcome) => {
      const usually =
        (header[0] ?? 0) >= 0x80
          ? 'the length is read as a signed number: what a shift by 24 makes of 0x80 is negative, and below every limit'
          : 'the length is compared with the limit when the payload has come, with the wrong operator, or not at all';
      const sent = `${hex(header)}, byte by byte, with ${limit === undefined ? 'the default limit' : `maxFrameBytes ${limit}`}`;
      const decoder = new GuardedDecoder(framing, { maxFrameBytes: limit });
      decoder.pushAll(piecesOf(header.subarray(0, 3), 1));
      expectOutcome(decoder.outcome(), { messages: [] }, { sent: `${sent}, the first three`, usually });
      expectSmallRequests(4, () => decoder.push(header.subarray(3)), {
        sent,
        expected: 'no buffer to be asked for',
        usually: 'the buffer for the payload is made before its length is compared with the limit',
      });
      expectOutcome(decoder.outcome(), wanted, { sent, usually });
    };

    for (const vector of tooLargeStreams) refuse(vector.stream, undefined, outcomeOf(vector));
    for (const [limit, length] of [
      [16, 17],
      [16, 0x80000001],
      [16, 0xfffffff0],
      [1, 2],
      [LARGEST_LIMIT, LARGEST_LIMIT + 1],
    ] as const) {
      const error = { code: 'frame-too-large', offset: 0, length, limit } as const;
      refuse(headerFor(length), limit, { messages: [], error });
    }

    const whole = 'x'.repeat(16);
    expectOutcome(
      decode(framing, [frameFor(whole)], { maxFrameBytes: 16 }),
      { messages: [whole] },
      {
        sent: 'a frame of 16 bytes with maxFrameBytes 16',
        usually: 'the length is compared with >=, or with its header counted in: the limit itself is allowed',
      },
    );
  },
);

checkpoint('limit-option', 'a limit that is no whole number in its range is a RangeError at once', async () => {
  const framing = await load();
  const wrong: readonly unknown[] = [Number.NaN, 0, -1, 1.5, Number.POSITIVE_INFINITY, LARGEST_LIMIT + 1, '1024', null];
  const calls = {
    createDecoder: (maxFrameBytes: number | undefined) => framing.createDecoder({ maxFrameBytes }),
    encode: (maxFrameBytes: number | undefined) => framing.encode('', { maxFrameBytes }),
  };
  for (const [name, call] of Object.entries(calls)) {
    for (const value of wrong) {
      const sent = `${name} with maxFrameBytes ${typeof value === 'string' ? `'${value}'` : String(value)}`;
      const usually = 'the limit is not looked at: no length is above NaN, so that limit would be none';
      let thrown: unknown;
      try {
        call(value as number);
      } catch (error) {
        thrown = error;
      }
      check(thrown instanceof RangeError, () => ({
        sent,
        expected: 'a RangeError',
        received:
          thrown === undefined ? 'no error' : thrown instanceof Error ? `a ${thrown.name}` : 'another value thrown',
        usually,
      }));
    }
    for (const value of [1, LARGEST_LIMIT, undefined]) {
      try {
        call(value);
      } catch (error) {
        const received = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        const usually = 'the ends of the range are shut out, or undefined does not mean the default';
        fail({ sent: `${name} with maxFrameBytes ${value}`, expected: 'no error', received, usually });
      }
    }
  }
});

checkpoint(
  'invalid-utf8',
  'bytes that are not UTF-8 are an error, also when only the frame’s end cuts a character',
  async () => {
    const framing = await load();
    const usually =
      'a TextDecoder without fatal: true puts U+FFFD for what it cannot read; one with stream: true joins half a character to the next frame';
    for (const vector of invalidStreams) {
      const told = { sent: `${hex(vector.stream)}: ${vector.because}`, usually };
      expectOutcome(decode(framing, [vector.stream]), outcomeOf(vector), told);
      expectOutcome(decode(framing, piecesOf(vector.stream, 1)), outcomeOf(vector), told);
    }
    // Payloads of up to four bytes from both sides of each border in RFC 3629 §4.
    const judge = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const seconds = bytesOf('7f 80 8f 90 9f a0 bf c0');
    const others = bytesOf('7f 80 bf c0');
    for (const lead of bytesOf('00 7f 80 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 f7 f8 ff')) {
      // A lead of four bytes is tried with three more, one of three with two.
      const longest = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
      let payloads = [[lead]];
      for (let length = 1; length <= longest; length += 1) {
        for (const payload of payloads) {
          const bytes = Uint8Array.from(payload);
          const sent = `a frame with the payload ${hex(bytes)}`;
          expectOutcome(decode(framing, [frameFor(bytes)]), judged(judge, bytes), { sent, usually });
        }
        const next = length === 1 ? seconds : others;
        payloads = payloads.flatMap((payload) => [...next].map((byte) => [...payload, byte]));
      }
    }
  },
);

function judged(judge: TextDecoder, payload: Uint8Array): Outcome {
  try {
    return { messages: [judge.decode(payload)] };
  } catch {
    return { messages: [], error: { code: 'invalid-utf8', offset: 0 } };
  }
}

checkpoint(
  'error-position',
  'what came before an error is delivered with it, and the error says where its frame begins',
  async () => {
    const framing = await load();
    const usually =
      'an error throws the messages of its chunk away, or its offset is counted from the start of the chunk and not of the stream';
    for (const vector of laterErrorStreams) {
      const wanted = outcomeOf(vector);
      const sent = `${hex(vector.stream)}: ${vector.because}`;
      expectOutcome(decode(framing, [vector.stream]), wanted, { sent: `${sent}, in one chunk`, usually });
      for (let at = 1; at < vector.stream.length; at += 1) {
        const cut = { sent: `${sent}, cut in two after byte ${at}`, usually };
        expectOutcome(decode(framing, cutAt(vector.stream, at)), wanted, cut);
      }
      const single = { sent: `${sent}, byte by byte`, usually };
      expectOutcome(decode(framing, piecesOf(vector.stream, 1)), wanted, single);
    }
    const text = 'x'.repeat(DEFAULT_LIMIT);
    expectOutcome(
      decode(framing, [concatenate([frameFor(text), frameFor(Uint8Array.of(0xff))])]),
      { messages: [text], error: { code: 'invalid-utf8', offset: 65_540 } },
      { sent: 'a frame of 65,536 bytes, then one with invalid UTF-8', usually },
    );
  },
);

checkpoint('closed', 'after an error, and after the end, the decoder takes nothing more', async () => {
  const framing = await load();
  const endings: [string, Uint8Array, boolean][] = [
    ['a length above the limit', headerFor(0xffffffff), false],
    ['invalid UTF-8', frameFor(Uint8Array.of(0xff)), false],
    ['an end inside a frame', headerFor(5), true],
    ['an end between frames', frameFor('A'), true],
  ];
  for (const [what, stream, end] of endings) {
    const decoder = new GuardedDecoder(framing);
    decoder.push(stream);
    if (end) decoder.end();
    const usually =
      'the decoder goes on as if nothing had happened; but where the next frame begins, nobody knows after an error';
    const later: [string, () => ReturnType<GuardedDecoder['push']>][] = [
      ['a whole frame', () => decoder.push(frameFor('B'))],
      ['another whole frame', () => decoder.push(frameFor('C'))],
      ['an empty chunk', () => decoder.push(new Uint8Array(0))],
      ['end()', () => decoder.end()],
      ['end() once more', () => decoder.end()],
    ];
    for (const [next, call] of later) {
      const result = call();
      const outcome = result.ok ? { messages: result.messages } : result;
      const sent = `${what}, then ${next}`;
      expectOutcome(outcome, { messages: [], error: { code: 'closed' } }, { sent, usually });
    }
    check(decoder.bufferedBytes === 0, () => ({
      sent: `${what}, then bufferedBytes`,
      expected: '0',
      received: `${decoder.bufferedBytes}`,
      usually: 'a closed decoder keeps bytes that nobody will ever ask for',
    }));
  }
});

checkpoint('truncated', 'an end inside a frame is an error, and an end between frames is not', async () => {
  const framing = await load();
  const usually =
    'end() looks at nothing, or forgets that a header may be under way, so what a lost connection cut off disappears in silence';
  for (const vector of truncatedStreams) {
    const sent = `${hex(vector.stream)}, then the end`;
    expectOutcome(decode(framing, [vector.stream], { end: true }), outcomeOf(vector), { sent, usually });
  }
  const before = frameFor('A');
  const stream = concatenate([before, frameFor('Tavern')]);
  for (let at = 0; at <= stream.length; at += 1) {
    const complete = at >= stream.length ? ['A', 'Tavern'] : at >= before.length ? ['A'] : [];
    const between = at === 0 || at === before.length || at === stream.length;
    const offset = at < before.length ? 0 : before.length;
    const wanted: Outcome = between
      ? { messages: complete }
      : { messages: complete, error: { code: 'truncated', offset } };
    const sent = `the first ${at} bytes of ${hex(stream)}, then the end`;
    expectOutcome(decode(framing, piecesOf(stream.subarray(0, at), at || 1), { end: true }), wanted, { sent, usually });
    expectOutcome(decode(framing, piecesOf(stream.subarray(0, at), 1), { end: true }), wanted, { sent, usually });
  }
});

checkpoint('bounded-memory', 'the decoder keeps the bytes of one frame and no more', async () => {
  const framing = await load();
  expectBufferedBytes(framing);

  // Chunks as long as a frame, each beginning in the middle of one: no push ever ends between two frames.
  const frame = frameFor('x'.repeat(100));
  const shifted = concatenate([frame.subarray(50), frame.subarray(0, 50)]);
  const endless: Told = {
    sent: '20,000 frames of 104 bytes in chunks that begin and end in the middle of a frame',
    usually:
      'bytes of frames that are done with stay in the buffer, which is emptied only when a chunk happens to end with a frame',
  };
  const held = new HeldBytes();
  const decoder = new GuardedDecoder(framing);
  const feed = () => {
    decoder.feed(frame.subarray(0, 50));
    for (let i = 0; i < 20_000; i += 1) decoder.feed(shifted);
  };
  expectSmallRequests(2 * frame.length, feed, endless);
  held.expectFew(decoder, 50, endless);

  const long = frameFor('x'.repeat(MEBIBYTE / 32)).subarray(0, -1);
  const dribble: Told = {
    sent: 'all but the last byte of a frame of 32 KiB, byte by byte',
    usually: 'each chunk is kept as an object of its own: a hundred bytes and more for each byte of a slow sender',
  };
  const heldBySlow = new HeldBytes();
  const slow = new GuardedDecoder(framing, { maxFrameBytes: MEBIBYTE });
  for (const view of viewsOf(long, 1)) slow.feed(view);
  heldBySlow.expectFew(slow, long.length, dribble);
});

function expectBufferedBytes(framing: Framing): void {
  const texts = ['Tavern', 'A', 'seven!!'];
  const decoder = new GuardedDecoder(framing);
  for (const text of texts) {
    const frame = frameFor(text);
    for (let at = 0; at < frame.length; at += 1) {
      decoder.push(frame.subarray(at, at + 1));
      const wanted = (at + 1) % frame.length;
      check(decoder.bufferedBytes === wanted, () => ({
        sent: `${at + 1} of the ${frame.length} bytes of a frame, byte by byte`,
        expected: `bufferedBytes ${wanted}`,
        received: `bufferedBytes ${decoder.bufferedBytes}`,
        usually: 'bufferedBytes leaves the header out, or still counts a frame that is done with',
      }));
    }
  }
}

checkpoint(
  'promised-length',
  'memory follows the bytes that have arrived, not the length that a header promises',
  async () => {
    const framing = await load();
    const limit = 16 * MEBIBYTE;
    const start = concatenate([headerFor(limit), Uint8Array.of(0x41)]);
    const promise = () => {
      const decoder = new GuardedDecoder(framing, { maxFrameBytes: limit });
      for (const view of viewsOf(start, 1)) decoder.feed(view);
      buffered = decoder.bufferedBytes;
    };
    let buffered = 0;
    expectSmallRequests(start.length, promise, {
      sent: `${hex(start)}: a header that promises 16 MiB, and one byte`,
      expected: 'no buffer of more than 64 KiB',
      usually:
        'the buffer is as long as the header says, or as the limit allows: a thousand idle peers then cost 16 GiB',
    });
    check(buffered === start.length, () => ({
      sent: `${hex(start)}, byte by byte, then bufferedBytes`,
      expected: `${start.length}`,
      received: `${buffered}`,
      usually: 'bytes of a frame under way are lost, or not counted',
    }));
  },
);

checkpoint('linear-cost', 'a frame costs in proportion to its bytes, in whatever pieces it arrives', async () => {
  const framing = await load();
  const many = concatenate(Array.from({ length: 2_500 }, () => frameFor('x'.repeat(100))));
  const crowd = new Uint8Array(250_000).map((_, i) => [0, 0, 0, 1, 0x41][i % 5] ?? 0);
  const cases: { what: string; bytes: Uint8Array; size: number; frames: number }[] = [
    { what: 'a frame of 1 MiB in chunks of 1 KiB', bytes: frameFor('x'.repeat(MEBIBYTE)), size: 1_024, frames: 1 },
    { what: 'a frame of 128 KiB, byte by byte', bytes: frameFor('x'.repeat(MEBIBYTE / 8)), size: 1, frames: 1 },
    { what: '2,500 frames of 104 bytes in one chunk', bytes: many, size: many.length, frames: 2_500 },
    { what: '50,000 frames of 5 bytes in one chunk', bytes: crowd, size: crowd.length, frames: 50_000 },
  ];
  for (const { what, bytes, size, frames } of cases) {
    const told: Told = {
      sent: what,
      usually:
        'every chunk, or every message, makes a new buffer and copies the rest into it: twice the bytes, four times the work',
    };
    const decoder = new GuardedDecoder(framing, { maxFrameBytes: MEBIBYTE });
    expectLinearWork({ bytes: bytes.length, frames }, () => feedInTime(decoder, bytes, size, told), told);
    check(decoder.fedMessages === frames && decoder.bufferedBytes === 0, () => ({
      sent: what,
      expected: `all messages: ${frames}`,
      received: `${decoder.fedMessages} messages, bufferedBytes ${decoder.bufferedBytes}`,
      usually: 'what is left over of one chunk is lost, or joined wrongly, with what the next one brings',
    }));
  }
});

checkpoint(
  'independent',
  'decoders share nothing: each has its own stream, its own error and its own end',
  async () => {
    const framing = await load();
    const usually =
      'bytes, lengths or a TextDecoder live in a variable of the module, so that all streams use the same one';
    // Their lengths differ in two bytes: a header mixed from both is no header of either.
    const short = ['left', 'é€😀', 'more'];
    const long = ['x'.repeat(300), 'A', '☕'];
    const left = concatenate(short.map(frameFor));
    const right = concatenate(long.map(frameFor));
    for (let lag = 0; lag <= 5; lag += 1) {
      const one = new GuardedDecoder(framing);
      const two = new GuardedDecoder(framing);
      for (let at = 0; at < right.length + lag; at += 1) {
        if (at < left.length) one.push(left.subarray(at, at + 1));
        if (at >= lag) two.push(right.subarray(at - lag, at - lag + 1));
      }
      const sent = `two streams, byte by byte in turn, the second ${lag} behind, to a decoder each`;
      expectOutcome(one.outcome(), { messages: short }, { sent, usually });
      expectOutcome(two.outcome(), { messages: long }, { sent, usually });
    }

    const broken = new GuardedDecoder(framing);
    const healthy = new GuardedDecoder(framing);
    healthy.push(frameFor('Tavern').subarray(0, 6));
    broken.push(headerFor(0xffffffff));
    new GuardedDecoder(framing).end();
    healthy.push(frameFor('Tavern').subarray(6));
    const later = new GuardedDecoder(framing);
    later.push(frameFor('later'));
    const beside = 'a stream beside one that fails and one that ends, and a stream after them';
    expectOutcome(healthy.outcome(), { messages: ['Tavern'] }, { sent: beside, usually });
    expectOutcome(later.outcome(), { messages: ['later'] }, { sent: beside, usually });
  },
);

checkpoint('encode-limit', 'a text is too large when its bytes, not its characters, are above the limit', async () => {
  const framing = await load();
  const usually = 'the limit is compared with text.length, which counts UTF-16 code units, or not at all';
  const cases: [text: string, limit: number | undefined, bytes: number][] = [
    ['Hi ☕', 6, 6],
    ['Hi ☕', 5, 6],
    ['😀', 3, 4],
    ['x'.repeat(16), 16, 16],
    ['x'.repeat(17), 16, 17],
    ['☕'.repeat(21_846), undefined, 65_538],
    ['x'.repeat(DEFAULT_LIMIT), undefined, DEFAULT_LIMIT],
  ];
  for (const [text, maxFrameBytes, bytes] of cases) {
    const limit = maxFrameBytes ?? DEFAULT_LIMIT;
    const result = encode(framing, text, { maxFrameBytes });
    const refused = (error: { readonly length: number; readonly limit: number }) =>
      `frame-too-large, length ${error.length}, limit ${error.limit}`;
    const expected = bytes <= limit ? 'a frame' : refused({ length: bytes, limit });
    let received = 'a frame';
    if (!result.ok) received = result.error.code === 'frame-too-large' ? refused(result.error) : result.error.code;
    check(received === expected, {
      sent: `encode(${shownText(text)}) with ${maxFrameBytes === undefined ? 'the default limit' : `maxFrameBytes ${limit}`}`,
      expected,
      received,
      usually,
    });
  }
});

checkpoint('ill-formed-text', 'a text with a lone surrogate is refused, and not sent as another text', async () => {
  const framing = await load();
  const usually = 'TextEncoder writes U+FFFD for a surrogate without its partner and says nothing';
  const cases: [text: string, index: number][] = [
    ['\ud83d', 0],
    ['\ude00', 0],
    ['ab\ude00\ud83d', 2],
    ['ok 😀\ud83d', 5],
    ['\ud83d\ud83d\ude00', 0],
    [`${'x'.repeat(DEFAULT_LIMIT)}\udbff`, DEFAULT_LIMIT],
  ];
  for (const [text, index] of cases) {
    const result = encode(framing, text);
    const received = result.ok
      ? `the frame ${hex(result.bytes)}`
      : result.error.code === 'ill-formed-text'
        ? `ill-formed-text at index ${result.error.index}`
        : result.error.code;
    const expected = `ill-formed-text at index ${index}`;
    check(received === expected, { sent: `encode(${shownText(text)})`, expected, received, usually });
  }
});

checkpoint('round-trip', 'what is encoded and then decoded is the same text, whatever the text', async ({ seed }) => {
  const framing = await load();
  const usually = 'a text is normalized, trimmed or escaped on its way: what looks the same is not the same';
  const roundTrip = (texts: readonly string[], sizes: readonly number[], sent: string) => {
    const stream = concatenate(texts.map((text) => frameOf(framing, text)));
    const wanted = { messages: texts };
    expectOutcome(decode(framing, piecesOfSizes(stream, sizes), { end: true }), wanted, { sent, usually });
  };
  const lookAlike = [
    'e\u0301',
    '\u00e9',
    '\u212b',
    '\u1112\u1161\u11ab',
    '\ufb01',
    ' padded ',
    '\r\n',
    '\\u0041',
    '%41',
  ];
  for (const text of lookAlike) roundTrip([text], [3], `${shownText(text)}, encoded and decoded`);
  // As often from each length of UTF-8, and from both sides of the surrogates.
  const codePoints = [0x7f, 0x7ff, 0xd7ff, 0x10ffff].map((max) => fc.integer({ min: 0, max }));
  const anyCharacter = fc.oneof(...codePoints, fc.integer({ min: 0xe000, max: 0xffff }));
  const wellFormed = fc
    .array(anyCharacter, { maxLength: 30 })
    .map((points) => String.fromCodePoint(...points).toWellFormed());
  const anyTexts = fc.array(wellFormed, { maxLength: 8 });
  const anySizes = fc.array(fc.nat({ max: 40 }), { maxLength: 8 });
  expectAlways(
    fc.property(anyTexts, anySizes, (texts, sizes) => roundTrip(texts, sizes, 'random texts, encoded and decoded')),
    seed,
    200,
  );
  // Any UTF-16 at all: what is not refused comes back.
  const codeUnits = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7fe, max: 0xe001 }));
  const anyString = fc.array(codeUnits, { maxLength: 12 }).map((units) => String.fromCharCode(...units));
  expectAlways(
    fc.property(anyString, (text) => {
      const result = encode(framing, text);
      if (result.ok) roundTrip([text], [2], 'random UTF-16, encoded and decoded');
      check(result.ok === text.isWellFormed(), {
        sent: `encode(${shownText(text)})`,
        expected: text.isWellFormed() ? 'a frame' : 'ill-formed-text',
        received: result.ok ? 'a frame' : result.error.code,
        usually: 'surrogate pairs are told from lone surrogates wrongly',
      });
    }),
    seed,
    200,
  );
});

checkpoint('portable', 'nothing is used that only Node has: the module runs in a browser too', async () => {
  const framing = await load();
  const work = () => {
    const bytes = frameOf(framing, 'Hi ☕');
    const decoder = new GuardedDecoder(framing).pushAll([bytes, ...piecesOf(concatenate([bytes, headerFor(0)]), 3)]);
    if (decoder.outcome().error === undefined) decoder.end();
    return decoder.outcome();
  };
  // What is right, the other checkpoints say; here it has to be the same.
  const beside = work();
  const outcome = withoutNodeGlobals(work);
  const told: Told = {
    sent: 'encode and decode, with the globals of Node taken away',
    usually: 'Buffer, process or setImmediate is used; Uint8Array, DataView, TextEncoder and TextDecoder do the same',
  };
  if (outcome instanceof CheckpointFailure) {
    fail({ ...told, expected: 'the same as with them', received: outcome.report.received });
  }
  expectOutcome(outcome, beside, told);
});
