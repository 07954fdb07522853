/**
 * A fast writer and a slow reader, with and without a bound between them. What stands at the bound is the labs' own
 * code, on a socket that is modelled: `echo` of tcp-echo pauses, `Outbox` of chat cuts off. The kernels and the link
 * are the course's model of TCP.
 */
import { type Distribution, distributionOf } from '../../../checkpoints/bench/distribution.ts';
import type { FakeClock } from '../../../checkpoints/harness/faults/clock.ts';
import { createLink } from '../../../checkpoints/harness/faults/link.ts';
import { createTcpConnection } from '../../../checkpoints/harness/faults/tcp-connection.ts';
import { createRandom } from '../../../checkpoints/harness/random.ts';
import type { DeliveryRound } from '../../../labs/1-networking/chat/solution/delivery-round.ts';
import { Outbox } from '../../../labs/1-networking/chat/solution/outbox.ts';
import { echo } from '../../../labs/1-networking/tcp-echo/solution/echo.ts';
import { ModelledSocket } from './modelled-socket.ts';
import type { SettingsOf } from './parameters.ts';
import { curve, heightOf, levels, niceCeiling } from './plot.ts';
import type { Mark, TextLook } from './scene.ts';
import { defineSimulation, type Frame, type Readings, type Surroundings } from './simulation.ts';

const DURATION_MS = 10_000;
const MESSAGE_BYTES = 1024;
const HANDSHAKE_LIMIT_MS = 10_000;
const SAMPLE_MS = 50;

const parameters = {
  writer: { kind: 'number', label: 'Writer', unit: 'messages/s', min: 5, max: 200, step: 5, value: 60 },
  reader: { kind: 'number', label: 'Reader', unit: 'messages/s', min: 1, max: 200, step: 1, value: 20 },
  bound: { kind: 'number', label: 'Bound', unit: 'KiB', min: 4, max: 256, step: 4, value: 64 },
  policy: {
    kind: 'choice',
    label: 'At the bound',
    options: [
      { value: 'pause', label: 'pause the writer' },
      { value: 'drop', label: 'drop the message' },
      { value: 'disconnect', label: 'cut the reader off' },
    ],
    value: 'pause',
  },
  send: { kind: 'number', label: 'Send buffer', unit: 'KiB', min: 4, max: 64, step: 4, value: 16 },
  receive: { kind: 'number', label: 'Receive buffer', unit: 'KiB', min: 4, max: 64, step: 4, value: 16 },
  delay: { kind: 'number', label: 'Delay, one way', unit: 'ms', min: 5, max: 90, step: 5, value: 25 },
} as const;

type Policy = 'none' | (typeof parameters.policy.options)[number]['value'];
type Chosen = SettingsOf<typeof parameters>;

/** One row of the drawing: a writer, what holds its messages, and a reader. */
interface Lane {
  readonly policy: Policy;
  /** Messages in each place on the way. */
  readonly counts: () => Counts;
  /** For each message under way, how much of the link is behind it. */
  readonly underWay: () => readonly { readonly key: string; readonly share: number }[];
  /** KiB that the process held, every `SAMPLE_MS`. */
  readonly memory: readonly number[];
  /** The most that it ever held, in KiB. */
  readonly peak: () => number;
  /** From the write to the read, of each message read. */
  readonly ages: readonly number[];
  readonly paused: () => boolean;
  readonly cutOffAt: () => number | undefined;
}

interface Counts {
  readonly written: number;
  readonly process: number;
  readonly sendBuffer: number;
  readonly underWay: number;
  readonly receiveBuffer: number;
  readonly read: number;
  readonly dropped: number;
  /** Gone with the connection when it was cut. */
  readonly thrownAway: number;
  /** What the writer has not been able to write yet. */
  readonly kept: number;
}

interface State {
  readonly settings: Chosen;
  readonly unbounded: Lane;
  readonly bounded: Lane;
}

/** What the code at the bound offers to the writer. */
interface Gate {
  /** Takes a message. */
  write(message: Uint8Array): 'taken' | 'dropped' | 'cut off';
  /** Bytes that the process holds. */
  heldBytes(): number;
  /** The code asks the writer to wait. */
  paused(): boolean;
}

/** The lab's own code for each policy, on a modelled socket. */
function gateOf(policy: Policy, socket: ModelledSocket, clock: FakeClock, boundBytes: number): Gate {
  if (policy === 'pause') {
    echo(socket.asSocket());
    return {
      write: (message) => {
        socket.receive(message);
        return 'taken';
      },
      heldBytes: () => socket.writableLength,
      paused: () => socket.paused,
    };
  }
  if (policy === 'drop') {
    return {
      // Simplified: no lab drops messages, so this rule is the simulation's own.
      write: (message) => {
        if (socket.writableLength + message.length > boundBytes) return 'dropped';
        socket.write(message);
        return 'taken';
      },
      heldBytes: () => socket.writableLength,
      paused: () => false,
    };
  }
  // The lab's round waits for the event loop; here nothing else comes in at the same moment.
  const round = { add: (deliver: () => void) => void clock.after(0, deliver) } as unknown as DeliveryRound;
  const maxPendingBytes = policy === 'none' ? Number.POSITIVE_INFINITY : boundBytes;
  const outbox = new Outbox({ socket: socket.asSocket(), maxPendingBytes, round });
  return {
    write: (message) => (outbox.put(message) ? 'taken' : 'cut off'),
    heldBytes: () => outbox.pendingBytes,
    paused: () => false,
  };
}

interface LaneOptions {
  readonly policy: Policy;
  readonly settings: Chosen;
  readonly seed: number;
  readonly clock: FakeClock;
  readonly note: (text: string) => void;
}

function createLane({ policy, settings, seed, clock, note }: LaneOptions): Lane & { open(): void; begin(): void } {
  const link = () => createLink({ delayMs: settings.delay, seed });
  let sentBytes = 0;
  const connection = createTcpConnection({
    clock,
    toServer: link(),
    toClient: link(),
    mssBytes: MESSAGE_BYTES,
    windowBytes: settings.receive * 1024,
    onSegment: ({ from, segment, reason }) => {
      if (from === 'server' && reason === 'new') sentBytes += segment.data.length;
    },
  });
  const boundBytes = settings.bound * 1024;
  const socket = new ModelledSocket({
    end: connection.server,
    clock,
    sendBufferBytes: settings.send * 1024,
    highWaterMarkBytes: boundBytes,
  });
  const gate = gateOf(policy, socket, clock, boundBytes);
  const random = createRandom(seed);
  /** Intervals of a Poisson process, in means. */
  const interval = (): number => -Math.log(1 - random.next());
  const memory: number[] = [];
  const ages: number[] = [];
  const writtenAt: number[] = [];
  const tally = { dropped: 0, kept: 0, read: 0, thrownAway: 0 };
  let beganAt = 0;
  let peak = 0;
  let cutOffAt: number | undefined;
  const who = policy === 'none' ? 'Without a bound' : 'With a bound';

  const underWayBytes = (): number =>
    connection.toClient.inFlight().reduce((sum, { packet }) => sum + packet.data.length, 0);

  const cutOff = (): void => {
    cutOffAt = clock.now() - beganAt;
    tally.thrownAway = writtenAt.length - tally.read;
    socket.resetAndDestroy();
    connection[Symbol.dispose]();
    note(`${who}: ${settings.bound} KiB wait, and the reader is cut off`);
  };
  const put = (): void => {
    const wasPaused = gate.paused();
    const outcome = gate.write(new Uint8Array(MESSAGE_BYTES));
    if (outcome === 'dropped') {
      tally.dropped++;
      note(`${who}: a message is dropped, ${tally.dropped} so far`);
      return;
    }
    writtenAt.push(clock.now());
    peak = Math.max(peak, gate.heldBytes() / 1024);
    if (outcome === 'cut off') cutOff();
    else if (!wasPaused && gate.paused()) note(`${who}: the writer has to wait`);
  };
  /** Writes what the writer has, for as long as it may. */
  const write = (): void => {
    while (tally.kept > 0 && !gate.paused() && cutOffAt === undefined) {
      tally.kept--;
      put();
    }
  };
  socket.onResume = () => {
    note(`${who}: the writer may go on`);
    write();
  };
  const writeSteadily = (): void => {
    if (cutOffAt !== undefined) return;
    tally.kept++;
    write();
    clock.after((1000 / settings.writer) * interval(), writeSteadily);
  };

  const reader = connection.client;
  reader.events.onData = () => {
    reader.pause();
    ages.push(clock.now() - (writtenAt[tally.read] ?? Number.NaN));
    tally.read++;
    // Once for both rows: each reads at the same moments.
    if (policy === 'none') note(`the reader takes ${tally.read}`);
  };
  const readSteadily = (): void => {
    if (cutOffAt !== undefined) return;
    reader.resume();
    reader.pause();
    clock.after(1000 / settings.reader, readSteadily);
  };
  const sample = (): void => {
    memory.push(cutOffAt === undefined ? gate.heldBytes() / 1024 : 0);
    clock.after(SAMPLE_MS, sample);
  };

  const counts = (): Counts => {
    const written = writtenAt.length;
    if (cutOffAt !== undefined) return { ...tally, written, process: 0, sendBuffer: 0, underWay: 0, receiveBuffer: 0 };
    const process = gate.heldBytes() / MESSAGE_BYTES;
    const sent = sentBytes / MESSAGE_BYTES;
    const underWay = underWayBytes() / MESSAGE_BYTES;
    const sendBuffer = written - process - sent;
    return { ...tally, written, process, sendBuffer, underWay, receiveBuffer: sent - underWay - tally.read };
  };
  return {
    policy,
    counts,
    memory,
    ages,
    peak: () => peak,
    paused: () => gate.paused(),
    cutOffAt: () => cutOffAt,
    underWay: () =>
      connection.toClient.inFlight().flatMap(({ fate, packet }) => {
        const [arrivesAt = 0] = fate.arrivals;
        const share = (clock.now() - fate.sentAt) / (arrivesAt - fate.sentAt);
        return packet.data.length === 0 ? [] : [{ key: String(fate.packet), share }];
      }),
    open: () => reader.connect(),
    begin: () => {
      beganAt = clock.now();
      reader.pause();
      sample();
      writeSteadily();
      readSteadily();
    },
  };
}

function model({ settings, seed, clock, note }: Surroundings<Chosen>): State {
  const unbounded = createLane({ policy: 'none', settings, seed, clock, note });
  const bounded = createLane({ policy: settings.policy, settings, seed, clock, note });
  const lanes = [unbounded, bounded];
  for (const lane of lanes) lane.open();
  clock.runUntilIdle(HANDSHAKE_LIMIT_MS);
  for (const lane of lanes) lane.begin();
  return { settings, unbounded, bounded };
}

interface Layout {
  readonly width: number;
  readonly narrow: boolean;
  readonly wireY: number;
  /** The left edge of each place, from the reader to the writer. */
  readonly receive: number;
  readonly link: number;
  readonly send: number;
  readonly process: number;
}

const NARROW = 560;
/** A message in a buffer. */
const CELL = 7;
const ROWS = 9;
const GAP = 7;

function layoutOf(width: number): Layout {
  const narrow = width < NARROW;
  const at = (share: number): number => Math.round(width * share);
  return narrow
    ? { width, narrow, wireY: 134, receive: at(0.05), link: at(0.24), send: at(0.42), process: at(0.62) }
    : { width, narrow, wireY: 134, receive: at(0.1), link: at(0.25), send: at(0.5), process: at(0.66) };
}

function draw(state: State, { width, nowMs }: Frame): Mark[] {
  const layout = layoutOf(width);
  return [
    ...frameMarks(layout),
    ...laneMarks(state.unbounded, 'up', state.settings, layout),
    ...laneMarks(state.bounded, 'down', state.settings, layout),
    ...plotMarks(state, layout, nowMs),
  ];
}

function frameMarks({ width, narrow, wireY, receive, link, send, process }: Layout): Mark[] {
  const label = (key: string, x: number, text: string, anchor: 'start' | 'end' = 'start'): Mark => ({
    kind: 'text',
    key,
    x,
    y: 14,
    text,
    look: 'label',
    anchor,
  });
  const tall = ROWS * CELL + GAP + 6;
  const bar = `M0 0h6v${2 * tall}h-6z`;
  return [
    { kind: 'path', key: 'wire', x: 0, y: wireY, d: `M0 0H${width}`, look: 'line' },
    { kind: 'path', key: 'reader', x: 0, y: wireY - tall, d: bar, look: 'ink' },
    { kind: 'path', key: 'writer', x: width - 6, y: wireY - tall, d: bar, look: 'ink' },
    label('reader', 0, narrow ? '' : 'reader'),
    label('receive', narrow ? 0 : receive, narrow ? 'reader’s' : 'its receive buffer'),
    label('link', link, 'link'),
    label('send', send, narrow ? 'kernel' : 'kernel’s send buffer'),
    label('process', process, narrow ? 'process' : 'memory of the process'),
    label('writer', width, 'writer', 'end'),
  ];
}

function laneMarks(lane: Lane, side: 'up' | 'down', settings: Chosen, layout: Layout): Mark[] {
  const { wireY, receive, link, send, process, width } = layout;
  const counts = lane.counts();
  const key = (name: string): string => `${side}-${name}`;
  const place = { side, wireY, key };
  const room = Math.max(2, Math.floor((width - 14 - process) / CELL));
  const capacity = room * ROWS;
  const bound = side === 'down' ? settings.bound : undefined;
  const marks = [
    ...stackMarks({
      ...place,
      name: 'receive',
      x: receive,
      columns: columnsOf(settings.receive),
      count: counts.receiveBuffer,
      capacity: settings.receive,
    }),
    ...stackMarks({
      ...place,
      name: 'send',
      x: send,
      columns: columnsOf(settings.send),
      count: counts.sendBuffer,
      capacity: settings.send,
    }),
    ...stackMarks({
      ...place,
      name: 'process',
      x: process,
      columns: bound === undefined ? room : Math.min(room, columnsOf(bound)),
      count: Math.min(counts.process, capacity),
      ...(bound === undefined ? {} : { capacity: Math.min(bound, capacity) }),
    }),
    ...lane.underWay().map(({ key: packet, share }): Mark => {
      const x = send - 12 + (link - send + 10) * share;
      return {
        kind: 'path',
        key: key(`packet-${packet}`),
        x,
        y: side === 'up' ? wireY - GAP - CELL : wireY + GAP,
        d: 'M0 0h7v7h-7z',
        look: 'ink',
      };
    }),
  ];
  const beyond = counts.process - capacity;
  const [words, look] = saying(lane, counts, beyond);
  const tall = ROWS * CELL + GAP;
  const y = side === 'up' ? wireY - tall - 18 : wireY + tall + 26;
  marks.push(
    {
      kind: 'text',
      key: key('name'),
      x: 0,
      y,
      text: side === 'up' ? 'No bound' : `Bound of ${settings.bound} KiB`,
      look: 'strong',
    },
    { kind: 'text', key: key('says'), x: layout.width, y, text: words, look, anchor: 'end' },
  );
  return marks;
}

function columnsOf(messages: number): number {
  return Math.max(1, Math.ceil(messages / ROWS));
}

function saying(lane: Lane, counts: Counts, beyond: number): [string, TextLook] {
  const cutOffAt = lane.cutOffAt();
  if (cutOffAt !== undefined) return [`cut off after ${(cutOffAt / 1000).toFixed(1)} s`, 'bad'];
  if (lane.paused()) return [`the writer waits, with ${counts.kept} on its own side`, 'touch'];
  if (counts.dropped > 0) return [`${counts.dropped} dropped`, 'bad'];
  if (beyond > 0) return [`${Math.round(counts.process)} in memory, ${Math.round(beyond)} more than fit here`, 'plain'];
  return [`${Math.round(counts.process)} in memory`, 'plain'];
}

interface Stack {
  readonly side: 'up' | 'down';
  readonly wireY: number;
  readonly key: (name: string) => string;
  readonly name: string;
  readonly x: number;
  readonly columns: number;
  readonly count: number;
  /** Messages that fit; undefined draws no walls. */
  readonly capacity?: number;
}

/** A buffer as a heap of messages on its side of the wire, within its walls. */
function stackMarks({ side, wireY, key, name, x, columns, count, capacity }: Stack): Mark[] {
  const away = side === 'up' ? -1 : 1;
  const cell = CELL - 2;
  let d = '';
  for (let i = 0; i < Math.round(count); i++) {
    const row = Math.floor(i / columns);
    const y = away === 1 ? row * CELL : -row * CELL - cell;
    d += `M${(i % columns) * CELL} ${y}h${cell}v${cell}h-${cell}z`;
  }
  const marks: Mark[] = [];
  if (capacity !== undefined) {
    const height = Math.ceil(capacity / columns) * CELL + 2;
    const width = columns * CELL + 2;
    const walls = `M-2 0v${away * height}h${width}v${-away * height}`;
    marks.push({ kind: 'path', key: key(`${name}-walls`), x, y: wireY + away * (GAP - 1), d: walls, look: 'note' });
  }
  marks.push({ kind: 'path', key: key(name), x, y: wireY + away * GAP, d: d === '' ? 'M0 0' : d, look: 'ink' });
  return marks;
}

const PLOT = { x: 66, y: 282, height: 104 };
const LEAST_TOP_KIB = 100;

function plotMarks({ settings, unbounded, bounded }: State, { width }: Layout, nowMs: number): Mark[] {
  const area = { ...PLOT, width: width - PLOT.x - 2 };
  const highest = Math.max(unbounded.peak(), bounded.peak(), settings.bound);
  const axis = { from: 0, to: Math.max(LEAST_TOP_KIB, niceCeiling(highest)) };
  const perMs = area.width / DURATION_MS;
  const line = (lane: Lane): [number, number][] =>
    lane.memory.map((value, i) => [i * SAMPLE_MS * perMs, heightOf(area, axis, value)]);
  const boundY = area.y + heightOf(area, axis, settings.bound);
  const nowX = area.x + nowMs * perMs;
  const last = unbounded.memory.at(-1) ?? 0;
  const nearEnd = nowX > width - 90;
  return [
    ...levels(area, axis, (value) => `${value} KiB`),
    {
      kind: 'text',
      key: 'plot',
      x: 0,
      y: area.y - 16,
      text: 'Memory that the process holds for this reader',
      look: 'label',
    },
    ...[0, 2, 4, 6, 8, 10].map(
      (second): Mark => ({
        kind: 'text',
        key: `second-${second}`,
        x: area.x + second * 1000 * perMs,
        y: area.y + area.height + 18,
        text: `${second} s`,
        look: 'label',
        anchor: second === 0 ? 'start' : second === 10 ? 'end' : 'middle',
      }),
    ),
    { kind: 'path', key: 'bound', x: area.x, y: boundY, d: `M0 0H${Math.round(area.width)}`, look: 'dashed' },
    curve('unbounded', area, line(unbounded), 'strong'),
    curve('bounded', area, line(bounded), 'accent'),
    {
      kind: 'text',
      key: 'unbounded-label',
      x: nowX + (nearEnd ? -6 : 6),
      y: area.y + heightOf(area, axis, last) + (nearEnd ? -8 : 4),
      text: 'no bound',
      look: 'plain',
      anchor: nearEnd ? 'end' : 'start',
    },
    { kind: 'text', key: 'bound-label', x: width - 2, y: boundY - 6, text: 'the bound', look: 'touch', anchor: 'end' },
  ];
}

function ageOf({ ages }: Lane): Distribution | undefined {
  return ages.length === 0 ? undefined : distributionOf(ages, { unit: 'ms', binWidth: 10 });
}

const seconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${(ms / 1000).toFixed(2)} s`);

function readings({ unbounded, bounded, settings }: State): Readings {
  const row = (name: string, lane: Lane): string[] => {
    const { written, read, dropped, thrownAway, kept, process } = lane.counts();
    const age = ageOf(lane);
    const numbers = [written, read, kept, dropped + thrownAway].map(String);
    return [
      name,
      ...numbers,
      `${Math.round(process)} KiB`,
      `${Math.round(lane.peak())} KiB`,
      seconds(age?.p50),
      seconds(age?.p99),
    ];
  };
  return {
    columns: ['buffer', 'written', 'read', 'not yet written', 'lost', 'in memory', 'at most', 'age p50', 'age p99'],
    rows: [row('No bound', unbounded), row(`${settings.bound} KiB`, bounded)],
  };
}

function describe({ unbounded, bounded, settings }: State, nowMs: number): string {
  const free = unbounded.counts();
  const held = bounded.counts();
  const cutOffAt = bounded.cutOffAt();
  const outcome = {
    none: '',
    pause: bounded.paused() ? 'its writer is made to wait' : 'its writer need not wait now',
    drop: `${held.dropped} messages have been dropped`,
    disconnect:
      cutOffAt === undefined ? 'its reader is still connected' : `its reader was cut off after ${seconds(cutOffAt)}`,
  }[bounded.policy];
  return (
    `After ${seconds(nowMs)} of ${settings.writer} messages a second against a reader of ${settings.reader}: without a bound the process ` +
    `holds ${Math.round(free.process)} KiB, and a message is ${seconds(ageOf(unbounded)?.p99)} old when it is read; with a bound of ` +
    `${settings.bound} KiB it holds ${Math.round(held.process)} KiB, and ${outcome}.`
  );
}

export const simulation = defineSimulation({
  name: 'backpressure',
  title: 'A fast writer, a slow reader',
  caption:
    'The same writer twice. Above the wire nothing stops it, and the memory of the process grows for as long as it writes; below, a bound does. Choose what happens there, and see who pays: the writer, the message or the reader.',
  parameters,
  constants: [
    'a message is 1 KiB',
    'the writer writes at random intervals, the reader reads at regular ones',
    'the link loses nothing and has no limit but its delay',
    'pausing is the code of tcp-echo, cutting off that of chat, with and without its bound; dropping is the simulation’s own rule',
  ],
  durationMs: DURATION_MS,
  speeds: [0.05, 0.1, 0.25, 0.5, 1, 2, 4],
  speed: 0.5,
  seed: 7,
  stillAtMs: 6_000,
  height: 410,
  room: [1041, 919, 727, 771, 595],
  model,
  draw,
  readings,
  describe,
});
