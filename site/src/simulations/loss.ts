/**
 * Loss, retransmission and head-of-line blocking: the same messages over TCP and over UDP, through links with the same
 * seed. Link, wire and TCP's recovery are the course's own, from `checkpoints/harness/faults`.
 */
import { type Distribution, distributionOf } from '../../../checkpoints/bench/distribution.ts';
import { createLink, type Fate, type Link, UDP_HEADER_BYTES } from '../../../checkpoints/harness/faults/link.ts';
import { createTcpConnection, DEFAULT_WINDOW_BYTES } from '../../../checkpoints/harness/faults/tcp-connection.ts';
import { createWire } from '../../../checkpoints/harness/faults/wire.ts';
import { deriveSeed } from '../../../checkpoints/harness/random.ts';
import type { SettingsOf } from './parameters.ts';
import { type Axis, dots, heightOf, levels, niceCeiling, type PlotArea } from './plot.ts';
import type { Mark, SquareLook } from './scene.ts';
import { defineSimulation, type Frame, type Readings, type Surroundings } from './simulation.ts';

const DURATION_MS = 10_000;
const HANDSHAKE_LIMIT_MS = 10_000;

const parameters = {
  loss: { kind: 'number', label: 'Loss', unit: '%', min: 0, max: 30, step: 0.5, value: 5 },
  delay: { kind: 'number', label: 'Delay, one way', unit: 'ms', min: 5, max: 200, step: 5, value: 50 },
  jitter: { kind: 'number', label: 'Jitter', unit: 'ms', min: 0, max: 50, step: 1, value: 0 },
  bandwidth: { kind: 'number', label: 'Bandwidth', unit: 'kbit/s', min: 32, max: 2_048, step: 16, value: 512 },
  queue: { kind: 'number', label: 'Queue', unit: 'KiB', min: 1, max: 64, step: 1, value: 16 },
  rate: { kind: 'number', label: 'Messages', unit: '/s', min: 10, max: 120, step: 5, value: 60 },
  size: { kind: 'number', label: 'Size', unit: 'bytes', min: 16, max: 1_024, step: 16, value: 64 },
  recovery: {
    kind: 'choice',
    label: 'TCP finds a loss',
    options: [
      { value: 'rack', label: 'by time (RFC 8985)' },
      { value: 'duplicate-acks', label: 'by 3 duplicates (RFC 5681)' },
    ],
    value: 'rack',
  },
} as const;

/** One message, and when it was where. Times count from the start of the run. */
interface Message {
  readonly dueAt: number;
  tcpArrivedAt?: number;
  tcpHandedAt?: number;
  udpHandedAt?: number;
  udpLost?: boolean;
}

/** One packet's way over the link. */
interface Trip {
  readonly key: string;
  readonly lane: 'tcp' | 'udp';
  readonly packet: number;
  /** The messages that it carries. */
  readonly first: number;
  readonly last: number;
  readonly sentAt: number;
  readonly again: boolean;
  arrivesAt: number | undefined;
  /** When and after which share of the way it is seen to be lost. */
  lost?: { readonly atMs: number; readonly share: number };
}

interface Acknowledgement {
  readonly key: string;
  readonly sentAt: number;
  readonly arrivesAt: number;
}

/** Packets of one protocol, from sender to receiver. */
interface Counts {
  sent: number;
  again: number;
  lost: number;
}

interface State {
  readonly settings: SettingsOf<typeof parameters>;
  readonly messages: readonly Message[];
  /** Those under way, and those that ended not long ago. */
  trips: readonly Trip[];
  acks: readonly Acknowledgement[];
  readonly counts: Readonly<Record<Trip['lane'], Readonly<Counts>>>;
  /** Parts of the plot, kept from one frame to the next. */
  readonly plotted: Map<number, ChunkPaths>;
  /** How many messages TCP has handed over: the number of the one that it waits for. */
  handed(): number;
  lose(message: number): void;
}

function model({ settings, seed, clock, note }: Surroundings<SettingsOf<typeof parameters>>): State {
  const messages: Message[] = [];
  const trips: Trip[] = [];
  const acks: Acknowledgement[] = [];
  const counts = { tcp: { sent: 0, again: 0, lost: 0 }, udp: { sent: 0, again: 0, lost: 0 } };
  const path = {
    delayMs: settings.delay,
    jitterMs: settings.jitter,
    bandwidthBytesPerSecond: (settings.bandwidth * 1000) / 8,
    queueBytes: settings.queue * 1024,
  };
  const faults = { ...path, loss: settings.loss / 100 };
  const periodMs = 1000 / settings.rate;

  // The handshake meets no faults, so that message n is packet n on both links until something is sent again.
  const toServer = afterHandshake(createLink({ ...path, seed }), createLink({ ...faults, seed: deriveSeed(seed, 0) }));
  const toClient = afterHandshake(createLink({ ...path, seed }), createLink({ ...faults, seed: deriveSeed(seed, 1) }));
  let beganAt = 0;
  const now = (): number => clock.now() - beganAt;

  /** Nobody sends a lost datagram again. */
  const giveUp = ({ lane, first }: Trip): void => {
    const message = messages[first];
    if (lane === 'udp' && message !== undefined) message.udpLost = true;
  };
  const depart = (trip: Omit<Trip, 'arrivesAt' | 'key' | 'packet' | 'sentAt'>, fate: Fate): Trip => {
    const arrivesAt = fate.outcome === 'delivered' ? (fate.arrivals[0] ?? 0) - beganAt : undefined;
    const made: Trip = { ...trip, key: `${trip.lane}-${fate.packet}`, packet: fate.packet, sentAt: now(), arrivesAt };
    counts[trip.lane].sent++;
    if (trip.again) counts[trip.lane].again++;
    if (fate.outcome === 'lost') {
      counts[trip.lane].lost++;
      const share = fate.reason === 'queue-full' ? 0 : 0.3 + 0.4 * ((fate.packet * 0.618) % 1);
      made.lost = { atMs: made.sentAt + share * settings.delay, share };
      giveUp(made);
      const where = fate.reason === 'queue-full' ? 'finds the queue full' : 'is lost';
      note(`${trip.lane.toUpperCase()}: ${trip.again ? 'the repeated ' : ''}${trip.first + 1} ${where}`);
    }
    trips.push(made);
    return made;
  };

  const connection = createTcpConnection({
    clock,
    toServer: toServer.link,
    toClient: toClient.link,
    recovery: settings.recovery,
    onSegment: ({ from, segment, reason, fate }) => {
      if (beganAt === 0) return;
      if (from === 'server') {
        if (fate.outcome === 'delivered')
          acks.push({ key: `ack-${fate.packet}`, sentAt: now(), arrivesAt: (fate.arrivals[0] ?? 0) - beganAt });
        return;
      }
      const first = Math.floor((segment.seq - 1) / settings.size);
      const last = Math.ceil((segment.seq - 1 + segment.data.length) / settings.size) - 1;
      if (segment.data.length === 0) return;
      const again = reason !== 'new';
      if (again) note(`TCP sends ${first + 1} again (${REASONS[reason] ?? reason})`);
      const trip = depart({ lane: 'tcp', first, last, again }, fate);
      if (trip.arrivesAt === undefined) return;
      clock.after(trip.arrivesAt - now(), () => {
        if (trip.lost !== undefined) return;
        for (let n = first; n <= last; n++) {
          const message = messages[n];
          if (message === undefined || message.tcpArrivedAt !== undefined) continue;
          message.tcpArrivedAt = now();
          if (n > handed) note(`TCP: ${n + 1} is there, and waits for ${handed + 1}`);
        }
      });
    },
  });
  let handed = 0;
  let handedBytes = 0;
  connection.server.events.onData = (data) => {
    const from = handed;
    for (handedBytes += data.length; (handed + 1) * settings.size <= handedBytes; handed++) {
      const message = messages[handed];
      if (message !== undefined) message.tcpHandedAt = now();
    }
    note(`TCP hands over ${from + 1}`);
  };
  connection.client.connect();
  clock.runUntilIdle(HANDSHAKE_LIMIT_MS);
  toServer.done();
  toClient.done();
  beganAt = clock.now();

  const udp = createWire<number>({
    link: createLink({ ...faults, seed: deriveSeed(seed, 0) }),
    clock,
    sizeOf: () => UDP_HEADER_BYTES + settings.size,
    deliver: (n) => {
      const message = messages[n];
      if (message !== undefined) message.udpHandedAt = now();
      note(`UDP hands over ${n + 1}`);
    },
  });

  const send = (n: number): void => {
    messages.push({ dueAt: now() });
    depart({ lane: 'udp', first: n, last: n, again: false }, udp.send(n));
    connection.client.write(new Uint8Array(settings.size));
    const nextAt = (n + 1) * periodMs;
    if (nextAt < DURATION_MS) clock.after(nextAt - now(), () => send(n + 1));
  };
  send(0);

  const wires = { tcp: connection.toServer, udp };
  const lose = (n: number): void => {
    for (const trip of trips) {
      if (trip.first > n || trip.last < n || trip.arrivesAt === undefined) continue;
      if (trip.arrivesAt <= now() || !wires[trip.lane].lose(trip.packet)) continue;
      trip.lost = { atMs: now(), share: shareOf(trip, settings, now()) };
      trip.arrivesAt = undefined;
      counts[trip.lane].lost++;
      giveUp(trip);
      note(`${trip.lane.toUpperCase()}: you lose ${n + 1}`);
    }
  };
  return {
    settings,
    messages,
    counts,
    plotted: new Map(),
    lose,
    handed: () => handed,
    get trips() {
      forget(trips, (trip) => goneAt(trip, settings) <= now());
      return trips;
    },
    get acks() {
      forget(acks, ({ arrivesAt }) => arrivesAt <= now());
      return acks;
    },
  };
}

/** Removes from a list what is over. */
function forget<Item>(list: Item[], isOver: (item: Item) => boolean): void {
  const kept = list.filter((item) => !isOver(item));
  if (kept.length < list.length) list.splice(0, list.length, ...kept);
}

/** When a packet is no longer shown: on arrival, or a little after its loss. */
function goneAt(
  { lost, arrivesAt = 0 }: Trip,
  { rate, delay }: { readonly rate: number; readonly delay: number },
): number {
  return lost === undefined ? arrivesAt : lost.atMs + Math.max(2000 / rate, delay);
}

const REASONS: Readonly<Record<string, string>> = {
  timeout: 'the timer ran out',
  'duplicate-acks': 'three duplicate acknowledgements',
  'partial-ack': 'a partial acknowledgement',
  overtaken: 'later ones have arrived, and a little more than a round trip is over',
};

/** A link that is perfect until it is told that the handshake is done. */
function afterHandshake(before: Link, after: Link): { link: Link; done: () => void } {
  let current = before;
  const link: Link = { ...after, send: (bytes, nowMs) => current.send(bytes, nowMs) };
  return {
    link,
    done: () => {
      current = after;
    },
  };
}

/** How much of its way a packet has behind it. What waits for the bandwidth stands at the sender. */
function shareOf(trip: Trip, { delay }: { readonly delay: number }, nowMs: number): number {
  const leavesAt = trip.arrivesAt === undefined ? trip.sentAt : Math.max(trip.sentAt, trip.arrivesAt - delay);
  return Math.min(1, Math.max(0, (nowMs - leavesAt) / delay));
}

interface Layout {
  readonly width: number;
  readonly narrow: boolean;
  readonly side: number;
  /** From one place on the shelf to the next. */
  readonly step: number;
  /** Where the link ends and the receiver begins. */
  readonly receiverX: number;
  readonly senderX: number;
  readonly wireY: number;
  readonly tcpY: number;
  readonly udpY: number;
}

const NARROW = 560;
const GAP = 6;

function layoutOf(width: number): Layout {
  const narrow = width < NARROW;
  const side = narrow ? 24 : 28;
  const wireY = 92;
  return {
    width,
    narrow,
    side,
    step: side + 3,
    receiverX: Math.round(width * (narrow ? 0.55 : 0.5)),
    senderX: width - side - 12,
    wireY,
    tcpY: wireY - GAP - side,
    udpY: wireY + GAP,
  };
}

/**
 * Where message n belongs at the receiver: a shelf on which everybody moves on at the pace of the messages, so that a
 * message that is late is seen as a gap in the row. The shelf moves; the place on it is fixed.
 */
function shelfX({ settings }: State, { receiverX, side, step }: Layout, nowMs: number): number {
  return receiverX - side - 5 - (nowMs * settings.rate * step) / 1000;
}

function placeOnShelf(n: number, { settings, messages }: State, { step }: Layout): number {
  return (((messages[n]?.dueAt ?? 0) + bestLatency(settings)) * settings.rate * step) / 1000;
}

/** Of a message that meets nothing: the link's delay, and the time that its packet takes to leave. */
function bestLatency({ delay, size, bandwidth }: SettingsOf<typeof parameters>): number {
  return delay + ((size + 40) * 8) / bandwidth;
}

function draw(state: State, { width, nowMs }: Frame): Mark[] {
  const layout = layoutOf(width);
  return [
    ...frameMarks(state, layout),
    shelfMarks(state, layout, nowMs),
    ...ackMarks(state, layout, nowMs),
    ...tripMarks(state, layout, nowMs),
    ...plotMarks(state, layout, nowMs),
  ];
}

function frameMarks(state: State, layout: Layout): Mark[] {
  const { receiverX, wireY, side } = layout;
  const half = side + GAP;
  const bar = `M0 0h6v${2 * half}h-6z`;
  const text = (key: string, x: number, y: number, words: string, look: 'label' | 'plain' = 'label'): Mark => ({
    kind: 'text',
    key,
    x,
    y,
    text: words,
    look,
    anchor: key === 'sender' ? 'end' : 'start',
  });
  const held = heldBy(state);
  const gone = state.counts.udp.lost;
  return [
    { kind: 'path', key: 'wire', x: 0, y: wireY, d: `M0 0H${layout.width}`, look: 'line' },
    { kind: 'path', key: 'receiver', x: receiverX, y: wireY - half, d: bar, look: 'ink' },
    { kind: 'path', key: 'sender', x: layout.width - 6, y: wireY - half, d: bar, look: 'ink' },
    text('application', 0, 14, layout.narrow ? 'handed over' : 'handed over to the application'),
    text('receiver-label', receiverX, 14, 'receiver'),
    text('sender', layout.width, 14, 'sender'),
    { kind: 'text', key: 'tcp', x: 0, y: wireY - half - 12, text: 'TCP', look: 'strong' },
    text(
      'tcp-says',
      38,
      wireY - half - 12,
      held === undefined ? 'everything so far, in order' : `${held.count} held back behind ${held.missing + 1}`,
      'plain',
    ),
    { kind: 'text', key: 'udp', x: 0, y: wireY + half + 22, text: 'UDP', look: 'strong' },
    text(
      'udp-says',
      38,
      wireY + half + 22,
      gone === 0 ? 'everything so far, as it came' : `goes on without ${gone} of ${state.messages.length}`,
      'plain',
    ),
  ];
}

/** The message that TCP waits for, and how many wait behind it; undefined when none does. */
function heldBy({ messages, handed }: State): { missing: number; count: number } | undefined {
  const missing = handed();
  let count = 0;
  for (const { tcpArrivedAt } of messages.slice(missing)) if (tcpArrivedAt !== undefined) count++;
  return count === 0 ? undefined : { missing, count };
}

function shelfMarks(state: State, layout: Layout, nowMs: number): Mark {
  const marks: Mark[] = [];
  const { settings, messages } = state;
  const shelf = shelfX(state, layout, nowMs);
  for (let n = messages.length - 1; n >= 0; n--) {
    const message = messages[n];
    const x = placeOnShelf(n, state, layout);
    if (message === undefined || shelf + x < -layout.side) break;
    const late = nowMs > message.dueAt + bestLatency(settings) + settings.jitter;
    const looks: [lane: 'tcp' | 'udp', y: number, look: SquareLook | undefined][] = [
      ['tcp', layout.tcpY, tcpLook(message, late)],
      ['udp', layout.udpY, message.udpHandedAt !== undefined ? 'given' : late ? 'empty' : undefined],
    ];
    for (const [lane, y, look] of looks) {
      if (look === undefined) continue;
      const text = look === 'empty' ? '' : `${n + 1}`;
      marks.push({ kind: 'square', key: `${lane}-${n}`, x, y, size: layout.side, look, text });
    }
  }
  return { kind: 'group', key: 'shelf', x: shelf, y: 0, marks };
}

function tcpLook({ tcpHandedAt, tcpArrivedAt }: Message, late: boolean): SquareLook | undefined {
  if (tcpHandedAt !== undefined) return 'given';
  if (tcpArrivedAt !== undefined) return 'held';
  return late ? 'empty' : undefined;
}

function ackMarks({ acks }: State, layout: Layout, nowMs: number): Mark[] {
  const from = layout.receiverX + 6;
  const length = layout.width - 12 - from;
  return acks.map(({ key, sentAt, arrivesAt }) => {
    const x = from + ((nowMs - sentAt) / (arrivesAt - sentAt)) * length;
    return { kind: 'path', key, x, y: layout.tcpY - 9, d: 'M0 0h5v5h-5z', look: 'soft' };
  });
}

function tripMarks(state: State, layout: Layout, nowMs: number): Mark[] {
  const { settings, trips } = state;
  const marks: Mark[] = [];
  for (const trip of trips) {
    const isLost = trip.lost !== undefined && trip.lost.atMs <= nowMs;
    const share = isLost ? (trip.lost?.share ?? 0) : shareOf(trip, settings, nowMs);
    const place = shelfX(state, layout, nowMs) + placeOnShelf(trip.first, state, layout);
    const goal = Math.max(0, Math.min(place, layout.receiverX - layout.side - 5));
    const x = layout.senderX + (goal - layout.senderX) * share;
    const y = trip.lane === 'tcp' ? layout.tcpY : layout.udpY;
    const look = isLost ? 'lost' : trip.again ? 'again' : trip.lane === 'tcp' ? 'held' : 'given';
    const touch = isLost ? {} : { touch: `lose ${trip.first}` };
    marks.push({ kind: 'square', key: trip.key, x, y, size: layout.side, look, text: `${trip.first + 1}`, ...touch });
    if (isLost) {
      const middle = layout.side / 2;
      marks.push({
        kind: 'path',
        key: `cross-${trip.key}`,
        x: x + middle,
        y: y + middle,
        d: 'M-9 -9L9 9M9 -9L-9 9',
        look: 'cross',
      });
    }
  }
  return marks;
}

const PLOT = { x: 58, y: 204, height: 132 };
const WINDOW_MS = 3_000;
const CHUNK_MS = 500;
const LEAST_TOP_MS = 200;

/** Each message is a square at the moment when it was due, as high as it took; one that never came is a cross. */
function plotMarks(state: State, { width }: Layout, nowMs: number): Mark[] {
  const area = { ...PLOT, width: width - PLOT.x };
  const { messages } = state;
  const fromMs = Math.max(0, nowMs - WINDOW_MS);
  const perMs = area.width / WINDOW_MS;
  const shownFrom = messages.findIndex(({ dueAt }) => dueAt >= fromMs);
  const shown = shownFrom < 0 ? [] : messages.slice(shownFrom);
  const slowest = shown.reduce((most, { dueAt, tcpHandedAt }) => Math.max(most, (tcpHandedAt ?? nowMs) - dueAt), 0);
  const axis = { from: 0, to: Math.max(LEAST_TOP_MS, niceCeiling(slowest)) };
  const marks: Mark[] = [...levels(area, axis, (value) => `${value} ms`), ...legend(area.y - 20)];
  const moving: Mark[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    .filter((second) => second * 1000 >= fromMs && second * 1000 <= fromMs + WINDOW_MS)
    .map((second) => {
      const x = second * 1000 * perMs;
      const anchor = second === 0 ? 'start' : area.x + x - fromMs * perMs > width - 20 ? 'end' : 'middle';
      return {
        kind: 'text',
        key: `second-${second}`,
        x,
        y: area.height + 18,
        text: `${second} s`,
        look: 'label',
        anchor,
      };
    });
  const chunks = Map.groupBy(shown, ({ dueAt }) => Math.floor(dueAt / CHUNK_MS));
  for (const [chunk, members] of chunks) {
    const { tcp, udp, never } = chunkPaths(state, { chunk, members, perMs, area, axis });
    const place = { x: chunk * CHUNK_MS * perMs, y: 0 };
    moving.push(
      { kind: 'path', key: `tcp-${chunk}`, ...place, d: tcp, look: 'hollow' },
      { kind: 'path', key: `udp-${chunk}`, ...place, d: udp, look: 'touch' },
      { kind: 'path', key: `never-${chunk}`, ...place, d: never, look: 'cross' },
    );
  }
  marks.push({ kind: 'group', key: 'moving', x: area.x - fromMs * perMs, y: area.y, marks: moving });
  return marks;
}

interface ChunkPaths {
  /** What the paths were made of: as long as it is the same, so are they. */
  readonly sign: string;
  readonly tcp: string;
  readonly udp: string;
  readonly never: string;
}

interface PlotChunk {
  readonly chunk: number;
  readonly members: readonly Message[];
  readonly perMs: number;
  readonly area: PlotArea;
  readonly axis: Axis;
}

/** The messages of one chunk of the plot as paths, made anew only when one of them has come or the plot has changed. */
function chunkPaths({ plotted }: State, { chunk, members, perMs, area, axis }: PlotChunk): ChunkPaths {
  let come = 0;
  for (const { tcpHandedAt, udpHandedAt, udpLost } of members) {
    come += Number(tcpHandedAt !== undefined) + Number(udpHandedAt !== undefined) + Number(udpLost === true);
  }
  const sign = `${members[0]?.dueAt} ${members.length} ${come} ${perMs} ${axis.to}`;
  const known = plotted.get(chunk);
  if (known?.sign === sign) return known;
  const at = ({ dueAt }: Message, latency: number): [number, number] => [
    (dueAt - chunk * CHUNK_MS) * perMs,
    heightOf(area, axis, latency),
  ];
  const tcp = members.flatMap((m) => (m.tcpHandedAt === undefined ? [] : [at(m, m.tcpHandedAt - m.dueAt)]));
  const udp = members.flatMap((m) => (m.udpHandedAt === undefined ? [] : [at(m, m.udpHandedAt - m.dueAt)]));
  const never = members.flatMap((m) => (m.udpLost === true ? [at(m, 0)] : []));
  const crosses = never.map(([x, y]) => `M${x.toFixed(1)} ${y - 4}m-3 -3l6 6m0 -6l-6 6`).join('');
  const paths = { sign, tcp: `M0 0${dots(tcp, 5)}`, udp: `M0 0${dots(udp, 3)}`, never: `M0 0${crosses}` };
  plotted.set(chunk, paths);
  return paths;
}

/** The signs of the plot, each beside its word. */
function legend(y: number): Mark[] {
  const entry = (key: string, x: number, words: string, d: string, look: 'hollow' | 'touch' | 'cross'): Mark[] => [
    { kind: 'path', key: `sign-${key}`, x, y: y - 4, d, look },
    { kind: 'text', key: `sign-${key}`, x: x + 9, y, text: words, look: 'label' },
  ];
  return [
    { kind: 'text', key: 'plot', x: 0, y, text: 'How long each took:', look: 'label' },
    ...entry('tcp', 126, 'TCP', dots([[0, 0]], 5), 'hollow'),
    ...entry('udp', 172, 'UDP', dots([[0, 0]], 4), 'touch'),
    ...entry('never', 222, 'never came', 'M-3 -3l6 6m0 -6l-6 6', 'cross'),
  ];
}

interface Summary {
  readonly handed: number;
  readonly waiting: number;
  readonly latency: Distribution | undefined;
}

function summaryOf({ messages }: State, lane: 'tcp' | 'udp'): Summary {
  const latencies = messages.flatMap((m) => {
    const at = lane === 'tcp' ? m.tcpHandedAt : m.udpHandedAt;
    return at === undefined ? [] : [at - m.dueAt];
  });
  const waiting =
    lane === 'tcp' ? messages.filter((m) => m.tcpArrivedAt !== undefined && m.tcpHandedAt === undefined).length : 0;
  const latency = latencies.length === 0 ? undefined : distributionOf(latencies, { unit: 'ms', binWidth: 5 });
  return { handed: latencies.length, waiting, latency };
}

const ms = (value: number | undefined): string => (value === undefined ? '–' : `${Math.round(value)} ms`);

function readings(state: State): Readings {
  const row = (lane: 'tcp' | 'udp'): string[] => {
    const { handed, waiting, latency } = summaryOf(state, lane);
    const { sent, lost, again } = state.counts[lane];
    return [
      lane.toUpperCase(),
      ...[handed, waiting, sent, again, lost].map(String),
      ms(latency?.p50),
      ms(latency?.p99),
    ];
  };
  return {
    columns: [`of ${state.messages.length}`, 'handed over', 'held back', 'packets', 'sent again', 'lost', 'p50', 'p99'],
    rows: [row('tcp'), row('udp')],
  };
}

function describe(state: State, nowMs: number): string {
  const tcp = summaryOf(state, 'tcp');
  const udp = summaryOf(state, 'udp');
  const held = heldBy(state);
  const waits =
    held === undefined
      ? 'TCP holds nothing back'
      : `TCP holds ${held.count} back, which have arrived behind message ${held.missing + 1}, still missing`;
  return (
    `After ${Math.round(nowMs)} ms, ${state.messages.length} messages have been sent at ${state.settings.loss} % loss. ` +
    `${waits}; it has handed over ${tcp.handed}, 99 % of them within ${ms(tcp.latency?.p99)}. ` +
    `UDP has handed over ${udp.handed} within ${ms(udp.latency?.p99)}, and ${state.counts.udp.lost} will never come.`
  );
}

export const simulation = defineSimulation({
  name: 'loss',
  title: 'One lost packet, over TCP and over UDP',
  caption:
    'The same messages over one wire: TCP above it, UDP below. Behind a lost one, TCP’s row stands still until it is sent again; UDP’s goes on with a hole. Click a packet under way to lose it yourself.',
  parameters,
  constants: [
    'the connection is open before the first message',
    'TCP’s least retransmission timeout is 200 ms, as in Linux',
    `its window is ${DEFAULT_WINDOW_BYTES.toLocaleString('en-GB')} bytes`,
    'it has no congestion control',
    'acknowledgements are lost at the same rate',
  ],
  durationMs: DURATION_MS,
  speeds: [0.01, 0.02, 0.05, 0.1, 0.25, 1],
  speed: 0.05,
  seed: 3,
  stillAtMs: 1_490,
  height: 362,
  room: [1119, 941, 771, 781, 573],
  actions: [{ id: 'lose newest', label: 'Lose a packet', key: 'l' }],
  model,
  draw,
  readings,
  describe,
  act: (state: State, id) => {
    const named = /^lose (\d+)$/.exec(id)?.[1];
    const newest = state.messages.length - 1;
    if (named !== undefined) state.lose(Number(named));
    else if (id === 'lose newest') state.lose(newest);
  },
});
