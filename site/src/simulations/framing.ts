/**
 * Bytes that arrive in chunks, and a decoder that turns them back into messages: the decoder of the framing lab itself,
 * on chunks that a seed has cut. Chunks end where they please; frames do not care.
 */
import { createLink } from '../../../checkpoints/harness/faults/link.ts';
import { createWire } from '../../../checkpoints/harness/faults/wire.ts';
import { createRandom, deriveSeed } from '../../../checkpoints/harness/random.ts';
import { createDecoder, type DecodeResult, encode } from '../../../labs/1-networking/framing/solution/framing.ts';
import { type DecoderModule, DecoderStopped } from './decoder-module.ts';
import type { SettingsOf } from './parameters.ts';
import { savedFiles } from './saved-files.ts';
import type { Mark, SquareLook } from './scene.ts';
import {
  defineSimulation,
  type Frame,
  type OwnRun,
  type Readings,
  type Simulation,
  type Surroundings,
} from './simulation.ts';

const ENTRY = 'framing.ts';
const HEADER_BYTES = 4;
const SENDING_MS = 8_500;
const DELAY_MS = 1_000;
const DURATION_MS = 10_000;
const MAX_MESSAGES = 12;
const DATA_LIMIT_BYTES = 65_536;

const parameters = {
  messages: {
    kind: 'text',
    label: 'Messages, with | between them',
    maxLength: 80,
    value: 'Hail! | Two ales, please | | Grüße, 5 €',
  },
  chunk: { kind: 'number', label: 'Largest chunk', unit: 'bytes', min: 1, max: 32, step: 1, value: 7 },
  limit: { kind: 'number', label: 'Frame limit', unit: 'bytes', min: 4, max: 256, step: 4, value: 64 },
  fault: {
    kind: 'choice',
    label: 'The sender',
    options: [
      { value: 'none', label: 'keeps to the format' },
      { value: 'length', label: 'lies about a length' },
      { value: 'utf8', label: 'sends a byte that is no UTF-8' },
      { value: 'cut', label: 'ends within a frame' },
    ],
    value: 'none',
  },
} as const;

type Chosen = SettingsOf<typeof parameters>;

/** One byte of the stream, and what it truly is. */
interface StreamByte {
  readonly value: number;
  readonly frame: number;
  readonly header: boolean;
}

interface Chunk {
  readonly at: number;
  readonly bytes: readonly StreamByte[];
  readonly sentAt: number;
  arrivesAt: number;
}

interface State {
  readonly settings: Chosen;
  /** Whose decoder it is. */
  readonly whose: string;
  readonly texts: readonly string[];
  readonly stream: readonly StreamByte[];
  /** Sent so far, in order. */
  readonly chunks: readonly Chunk[];
  /** Where each frame begins, and after the last one the end. */
  readonly frames: readonly number[];
  readonly received: () => number;
  readonly out: readonly string[];
  readonly held: () => number;
  readonly error: () => string | undefined;
  readonly ended: () => boolean;
}

/** The messages that the text names: at most `MAX_MESSAGES`, each without the blanks around it. */
export function messagesOf(text: string): string[] {
  return text
    .split('|')
    .slice(0, MAX_MESSAGES)
    .map((message) => message.trim());
}

/** The bytes of the whole stream, with the sender's fault in it. */
export function streamOf(texts: readonly string[], fault: Chosen['fault']): StreamByte[] {
  const guilty = Math.floor(texts.length / 2);
  const stream = texts.flatMap((text, frame) => {
    const encoded = encode(text, { maxFrameBytes: DATA_LIMIT_BYTES });
    if (!encoded.ok) throw new Error(`a message cannot be encoded: ${encoded.error.code}`);
    const bytes = encoded.bytes;
    if (frame === guilty && fault === 'length') bytes.fill(0xff, 0, HEADER_BYTES);
    return Array.from(bytes, (value, i): StreamByte => ({ value, frame, header: i < HEADER_BYTES }));
  });
  if (fault === 'utf8') {
    const at = stream.findIndex(({ frame, header }) => frame >= guilty && !header);
    const spoilt = stream[at];
    if (spoilt !== undefined) stream[at] = { ...spoilt, value: 0xff };
  }
  return fault === 'cut' ? stream.slice(0, -1) : stream;
}

/** Cuts `length` bytes into pieces of 1 to `most`. */
export function cutsOf(length: number, most: number, seed: number): number[] {
  const random = createRandom(seed);
  const cuts: number[] = [];
  for (let at = 0; at < length; ) {
    const size = Math.min(random.int(1, most), length - at);
    cuts.push(size);
    at += size;
  }
  return cuts;
}

/** The chunks of a run: the stream, cut by its seed. */
function chunksOf(stream: readonly StreamByte[], most: number, seed: number): StreamByte[][] {
  let at = 0;
  return cutsOf(stream.length, most, deriveSeed(seed, 0)).map((size) => {
    at += size;
    return stream.slice(at - size, at);
  });
}

function bytesOf(chunk: readonly StreamByte[]): Uint8Array {
  return Uint8Array.from(chunk, ({ value }) => value);
}

function createModel(module: DecoderModule, whose: string) {
  return ({ settings, seed, clock, note }: Surroundings<Chosen>): State => {
    const texts = messagesOf(settings.messages);
    const stream = streamOf(texts, settings.fault);
    const pieces = chunksOf(stream, settings.chunk, seed);
    const decoder = module.createDecoder({ maxFrameBytes: settings.limit });
    const chunks: Chunk[] = [];
    const out: string[] = [];
    let received = 0;
    let error: string | undefined;
    let ended = false;

    const take = (what: string, decode: () => DecodeResult): void => {
      const result = attempt(decode);
      const first = out.length;
      out.push(...result.messages);
      const numbers = out.slice(first).map((_, i) => `message ${first + i + 1}`);
      if (!result.ok) error ??= result.error;
      const outcome = [...numbers, ...(result.ok ? [] : [result.error])].join(', ');
      note(`${what}: ${outcome === '' ? `no message yet, ${decoder.bufferedBytes} bytes held` : outcome}`);
    };
    const wire = createWire<Chunk>({
      link: createLink({ delayMs: DELAY_MS, seed: deriveSeed(seed, 1) }),
      clock,
      sizeOf: ({ bytes }) => bytes.length,
      deliver: ({ bytes }) => {
        received += bytes.length;
        if (error !== undefined) return;
        take(`${bytes.length} bytes`, () => decoder.push(bytesOf(bytes)));
      },
    });
    const everyMs = SENDING_MS / (pieces.length + 1);
    let at = 0;
    pieces.forEach((bytes, i) => {
      const chunk: Chunk = { at, bytes, sentAt: i * everyMs, arrivesAt: Number.NaN };
      at += bytes.length;
      clock.after(chunk.sentAt, () => {
        const fate = wire.send(chunk);
        if (fate.outcome === 'delivered') chunk.arrivesAt = fate.arrivals[0] ?? Number.NaN;
        chunks.push(chunk);
      });
    });
    clock.after(SENDING_MS + DELAY_MS, () => {
      ended = true;
      if (error === undefined) take('The end', () => decoder.end());
    });

    const frames = texts.map((_, i) => stream.findIndex(({ frame }) => frame === i));
    return {
      settings,
      whose,
      texts,
      stream,
      chunks,
      frames: [...frames, stream.length],
      received: () => received,
      out,
      held: () => (error === undefined ? decoder.bufferedBytes : 0),
      error: () => error,
      ended: () => ended,
    };
  };
}

type Attempt =
  | { readonly ok: true; readonly messages: readonly string[] }
  | { readonly ok: false; readonly messages: readonly string[]; readonly error: string };

/** A reader's decoder may throw, which the lab's does not. */
function attempt(decode: () => DecodeResult): Attempt {
  try {
    const result = decode();
    if (result.ok) return { ok: true, messages: [...result.messages] };
    const { error } = result;
    const where = 'offset' in error ? `, the frame at byte ${error.offset}` : '';
    const length = error.code === 'frame-too-large' ? `: ${error.length.toLocaleString('en-GB')} bytes announced` : '';
    return { ok: false, messages: [...result.messages], error: `${error.code}${where}${length}` };
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    return { ok: false, messages: [], error: thrown instanceof DecoderStopped ? said : `it throws: ${said}` };
  }
}

const NARROW = 560;
const BYTE = 24;
const WIRE_Y = 50;
const FRAME_Y = 118;
const FRAME_ROWS = 2;
const STREAM_Y = 212;
const OUT_Y = 322;
const LINE = 22;
const SHOWN_MESSAGES = 5;
const BAR = 6;

function draw(state: State, { width, nowMs }: Frame): Mark[] {
  return [
    ...wireMarks(state, width, nowMs),
    ...frameMarks(state, width),
    ...streamMarks(state, width),
    ...outMarks(state, width),
  ];
}

function label(key: string, x: number, y: number, text: string, anchor: 'start' | 'end' = 'start'): Mark {
  return { kind: 'text', key, x, y, text, look: 'label', anchor };
}

/** The chunks under way, byte by byte: headers in the accent, payloads in ink. */
function wireMarks({ chunks }: State, width: number, nowMs: number): Mark[] {
  const bar = 'M0 0h6v44h-6z';
  const marks: Mark[] = [
    { kind: 'path', key: 'wire', x: 0, y: WIRE_Y, d: `M0 0H${width}`, look: 'line' },
    label('receiver', 0, 16, 'decoder'),
    label('sender', width, 16, 'sender', 'end'),
  ];
  for (const { at, bytes, sentAt, arrivesAt } of chunks) {
    if (!(arrivesAt > nowMs)) continue;
    const share = (nowMs - sentAt) / (arrivesAt - sentAt);
    const length = bytes.length * BYTE;
    const x = width + (BAR - length - width) * share;
    const squares = bytes.map(({ value, header }, i): Mark => {
      const look = header ? 'hollow' : 'held';
      return { kind: 'square', key: String(i), x: i * BYTE, y: 0, size: BYTE, look, text: hex(value) };
    });
    const cut: Mark = {
      kind: 'path',
      key: 'cut',
      x: 0,
      y: 0,
      d: `M0 -6V${BYTE + 6}M${length} -6V${BYTE + 6}`,
      look: 'line',
    };
    marks.push({ kind: 'group', key: `chunk-${at}`, x, y: WIRE_Y - BYTE / 2, marks: [...squares, cut] });
  }
  marks.push(
    { kind: 'path', key: 'decoder', x: 0, y: WIRE_Y - 22, d: bar, look: 'ink' },
    { kind: 'path', key: 'origin', x: width - BAR, y: WIRE_Y - 22, d: bar, look: 'ink' },
  );
  return marks;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** The frame that the stream is in, with what of it has arrived. */
function frameMarks(state: State, width: number): Mark[] {
  const { stream, frames } = state;
  const received = state.received();
  const frame = stream[Math.min(received, stream.length - 1)]?.frame ?? 0;
  const from = frames[frame] ?? 0;
  const bytes = stream.slice(from, frames[frame + 1]);
  const here = Math.max(0, received - from);
  const known = here >= HEADER_BYTES ? bytes.length : HEADER_BYTES;
  const room = Math.floor((width - BYTE) / BYTE);
  const error = state.error();
  const words =
    error !== undefined
      ? 'After an error nothing is decoded'
      : received >= stream.length
        ? 'Everything has arrived'
        : here < HEADER_BYTES
          ? `Frame ${frame + 1}: ${here} of the ${HEADER_BYTES} bytes of its length`
          : `Frame ${frame + 1}: ${here - HEADER_BYTES} of ${bytes.length - HEADER_BYTES} bytes of text`;
  const marks: Mark[] = [
    { kind: 'text', key: 'frame', x: 0, y: FRAME_Y - 14, text: words, look: error === undefined ? 'plain' : 'bad' },
    label('held', width, FRAME_Y - 14, `${state.held()} bytes held`, 'end'),
  ];
  if (error !== undefined || received >= stream.length) return marks;
  bytes.slice(0, Math.min(known, FRAME_ROWS * room)).forEach(({ value, header }, i) => {
    const look: SquareLook = i >= here ? 'pale' : header ? 'again' : 'given';
    const x = (i % room) * BYTE + (header || i >= room ? 0 : 8);
    const y = FRAME_Y + Math.floor(i / room) * BYTE;
    marks.push({ kind: 'square', key: `slot-${i}`, x, y, size: BYTE - 2, look, text: i < here ? hex(value) : '' });
  });
  return marks;
}

const MAX_PITCH = 16;
const MIN_PITCH = 3;
const MAX_ROWS = 2;
const ROW = 38;

/** The whole stream: above it where the chunks end, below it where the frames do. */
function streamMarks(state: State, width: number): Mark[] {
  const { stream, frames, chunks } = state;
  let pitch = MAX_PITCH;
  while (pitch > MIN_PITCH && stream.length > MAX_ROWS * Math.floor(width / pitch)) pitch--;
  const perRow = Math.floor(width / pitch);
  const place = (i: number): [number, number] => [(i % perRow) * pitch, Math.floor(i / perRow) * ROW];
  const side = pitch - 2;
  const tick = side + 2;
  const received = state.received();
  const squares = (keep: (byte: StreamByte, i: number) => boolean): string =>
    stream
      .map((byte, i) => {
        const [x, y] = place(i);
        return keep(byte, i) ? `M${x} ${y}h${side}v${side}h-${side}z` : '';
      })
      .join('') || 'M0 0';
  const cuts = chunks.map(({ at }) => at).filter((at) => at > 0);
  const cutLines = cuts.map((at) => lineAt(place(at), -10, -2)).join('') || 'M0 0';
  const frameLines =
    frames
      .slice(1, -1)
      .map((at) => lineAt(place(at), tick, tick + 8))
      .join('') || 'M0 0';
  const at = { x: 0, y: STREAM_Y };
  return [
    label(
      'stream',
      0,
      STREAM_Y - 20,
      width < NARROW
        ? 'Above: where chunks end. Below: frames.'
        : 'The whole stream: above it where the chunks end, below it where the frames do',
    ),
    { kind: 'path', key: 'not-yet', ...at, d: squares((_, i) => i >= received), look: 'faint' },
    { kind: 'path', key: 'headers', ...at, d: squares(({ header }, i) => header && i < received), look: 'touch' },
    { kind: 'path', key: 'payloads', ...at, d: squares(({ header }, i) => !header && i < received), look: 'ink' },
    { kind: 'path', key: 'chunk-ends', ...at, d: cutLines, look: 'line' },
    { kind: 'path', key: 'frame-ends', ...at, d: frameLines, look: 'accent' },
  ];
}

function lineAt([x, y]: readonly [number, number], from: number, to: number): string {
  return `M${x - 1} ${y + from}V${y + to}`;
}

function outMarks(state: State, width: number): Mark[] {
  const { out, texts } = state;
  const first = Math.max(0, out.length - SHOWN_MESSAGES);
  const error = state.error();
  const marks: Mark[] = [
    label('out', 0, OUT_Y - LINE, `Handed over by ${state.whose}`),
    label('count', width, OUT_Y - LINE, `${out.length} of ${texts.length}`, 'end'),
  ];
  out.slice(first).forEach((text, i) => {
    const n = first + i;
    const right = text === texts[n];
    const y = OUT_Y + i * LINE;
    marks.push(
      { kind: 'text', key: `number-${n}`, x: 0, y, text: String(n + 1), look: 'label' },
      {
        kind: 'text',
        key: `message-${n}`,
        x: 24,
        y,
        text: `“${text}”${right ? '' : ', which is not what was sent'}`,
        look: right ? 'mono' : 'bad',
      },
    );
  });
  const y = OUT_Y + (out.length - first) * LINE;
  if (error !== undefined) marks.push({ kind: 'text', key: 'error', x: 0, y, text: error, look: 'bad' });
  else if (state.ended())
    marks.push({ kind: 'text', key: 'end', x: 0, y, text: 'the end, with nothing left over', look: 'label' });
  return marks;
}

function readings(state: State): Readings {
  const { out, texts, stream, chunks } = state;
  const received = state.received();
  const whole = chunks.filter(
    ({ at, bytes }) => state.frames.includes(at) && state.frames.includes(at + bytes.length),
  ).length;
  return {
    columns: ['decoder', 'bytes', 'of', 'chunks', 'whole frames', 'messages', 'of', 'bytes held'],
    rows: [
      [
        state.whose,
        ...[received, stream.length, chunks.length, whole, out.length, texts.length, state.held()].map(String),
      ],
    ],
  };
}

function describe(state: State, nowMs: number): string {
  const error = state.error();
  const outcome =
    error === undefined ? `holds ${state.held()} bytes of the next one` : `has ended the stream: ${error}`;
  return (
    `After ${(nowMs / 1000).toFixed(1)} s, ${state.received()} of ${state.stream.length} bytes have arrived, in chunks of 1 to ${state.settings.chunk}. ` +
    `${state.whose[0]?.toUpperCase()}${state.whose.slice(1)} has handed over ${state.out.length} of ${state.texts.length} messages, and ${outcome}.`
  );
}

/** A run with the decoder that the reader has written in the workbench of this browser, if there is one. */
async function ownRun({
  settings,
  seed,
}: {
  readonly settings: Chosen;
  readonly seed: number;
}): Promise<OwnRun | undefined> {
  const files = savedFiles('framing', ENTRY);
  if (!files) return undefined;
  const { decoderOf } = await import('./own-decoder.ts');
  const stream = streamOf(messagesOf(settings.messages), settings.fault);
  const chunks = chunksOf(stream, settings.chunk, seed).map(bytesOf);
  const own = await decoderOf(files, { entry: ENTRY, chunks, maxFrameBytes: settings.limit });
  if ('trouble' in own)
    return { simulation, said: `Your decoder in the workbench cannot run: ${own.trouble}. Here runs the reference.` };
  return {
    simulation: framingWith(own, 'your decoder'),
    said: 'Here runs your decoder, as the workbench of this browser has it.',
  };
}

/** The simulation with any decoder of the lab's contract. */
export function framingWith(module: DecoderModule, whose: string): Simulation {
  return defineSimulation({
    name: 'framing',
    title: 'Bytes in, messages out',
    caption:
      'A stream of frames, cut into chunks by chance: four bytes of length in blue, then the text. Almost no chunk ends where a frame does. Shrink the chunks to one byte, or make the sender lie.',
    parameters,
    constants: [
      'the stream is sent within 8.5 s, however it is cut',
      'a chunk is under way for 1 s',
      `at most ${MAX_MESSAGES} messages`,
      'a fault is put into the middle message',
    ],
    durationMs: DURATION_MS,
    speeds: [0.1, 0.25, 0.5, 1, 2],
    speed: 0.5,
    seed: 7,
    stillAtMs: 3_600,
    height: 430,
    room: [884, 742, 588, 652, 474],
    model: createModel(module, whose),
    draw,
    readings,
    describe,
    own: ownRun,
  });
}

export const simulation = framingWith({ createDecoder }, 'the reference decoder');
