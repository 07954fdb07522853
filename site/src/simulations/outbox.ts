/**
 * Two writes that no transaction holds together: a row in a database and an event in a broker. The same requests and the
 * same crashes four times, with one more precaution each time.
 */
import type { Clock } from '../../../checkpoints/harness/faults/clock.ts';
import { createRandom, deriveSeed } from '../../../checkpoints/harness/random.ts';
import { type Fate, fateOf, OutboxLane, type Way } from './outbox-lane.ts';
import type { SettingsOf } from './parameters.ts';
import type { Mark, PathLook, TextLook } from './scene.ts';
import { defineSimulation, type Frame, type Readings, type Surroundings } from './simulation.ts';

const DURATION_MS = 20_000;

const parameters = {
  requests: { kind: 'number', label: 'Requests', unit: 'a second', min: 1, max: 8, step: 1, value: 5 },
  crashes: { kind: 'number', label: 'A crash every', unit: 'ms', min: 250, max: 10_000, step: 250, value: 500 },
  restart: { kind: 'number', label: 'A restart takes', unit: 'ms', min: 50, max: 2_000, step: 50, value: 300 },
  commit: { kind: 'number', label: 'A commit takes', unit: 'ms', min: 10, max: 100, step: 10, value: 50 },
  publish: { kind: 'number', label: 'A publish takes', unit: 'ms', min: 10, max: 100, step: 10, value: 80 },
} as const;

type Chosen = SettingsOf<typeof parameters>;

const WAYS: readonly Way[] = [
  { name: 'Publish, then commit', key: 'before', publishes: 'before the commit', inbox: false },
  { name: 'Commit, then publish', key: 'after', publishes: 'after the commit', inbox: false },
  { name: 'Outbox', key: 'outbox', publishes: 'from an outbox', inbox: false },
  { name: 'Outbox and inbox', key: 'both', publishes: 'from an outbox', inbox: true },
];

interface State {
  readonly settings: Chosen;
  readonly lanes: readonly OutboxLane[];
}

function model({ settings, seed, clock, note }: Surroundings<Chosen>): State {
  const durations = { commitMs: settings.commit, publishMs: settings.publish };
  const lanes = WAYS.map((way) => new OutboxLane(way, durations, clock, note));
  often(clock, seed, 1, 1_000 / settings.requests, () => {
    for (const lane of lanes) lane.request();
  });
  // Each of the two has half of the crashes. A process that is down cannot crash.
  often(clock, seed, 2, 2 * settings.crashes, () => {
    for (const lane of lanes) if (lane.serviceIsUp) fail(lane, 'Service');
  });
  often(clock, seed, 3, 2 * settings.crashes, () => {
    for (const lane of lanes) if (lane.consumerIsUp) fail(lane, 'Consumer');
  });
  function fail(lane: OutboxLane, who: 'Service' | 'Consumer'): void {
    lane[`crash${who}`]();
    clock.after(settings.restart, () => lane[`start${who}`]());
  }
  return { settings, lanes };
}

/** Runs something at random moments, on average every `meanMs`. */
function often(clock: Clock, seed: number, part: number, meanMs: number, action: () => void): void {
  const random = createRandom(deriveSeed(seed, part));
  const wait = (): number => meanMs * -Math.log(1 - random.next());
  const act = (): void => {
    action();
    clock.after(wait(), act);
  };
  clock.after(wait(), act);
}

const ROW = { height: 122, wire: 40, ledger: 66 };
const CELL = 7;
const STEP = 9;

/** How each fate is drawn. What came to nothing left nothing, and is not drawn. */
const LOOKS: Readonly<Record<Exclude<Fate, 'nothing'>, PathLook>> = {
  once: 'ink',
  waits: 'faint',
  twice: 'touch',
  lost: 'cross',
  ghost: 'bad',
};

function draw({ lanes }: State, { width }: Frame): Mark[] {
  return lanes.flatMap((lane, row) => laneMarks(lane, row * ROW.height, width));
}

function laneMarks(lane: OutboxLane, top: number, width: number): Mark[] {
  const key = (name: string): string => `${lane.way.key}-${name}`;
  const text = (
    name: string,
    x: number,
    y: number,
    words: string,
    look: TextLook,
    anchor: 'start' | 'middle' | 'end',
  ) => ({ kind: 'text', key: key(name), x, y: top + y, text: words, look, anchor }) satisfies Mark;
  const bar = (name: string, x: number, isUp: boolean): Mark => ({
    kind: 'path',
    key: key(name),
    x,
    y: top + ROW.wire - 9,
    d: isUp ? 'M0 0h6v18h-6z' : 'M-3 3l12 12M9 3l-12 12',
    look: isUp ? 'ink' : 'cross',
  });
  const heap = (name: string, x: number, count: number): Mark => ({
    kind: 'path',
    key: key(name),
    x,
    y: top + ROW.wire - CELL - 3,
    d:
      count === 0
        ? 'M0 0'
        : Array.from({ length: count }, (_, i) => `M${i * STEP} 0h${CELL}v${CELL}h-${CELL}z`).join(''),
    look: 'hollow',
  });
  const [words, look] = saying(lane);
  const middle = Math.round(width / 2);
  return [
    text('name', 0, 16, lane.way.name, 'strong', 'start'),
    text('says', width, 16, words, look, 'end'),
    { kind: 'path', key: key('wire'), x: 0, y: top + ROW.wire, d: `M0 0H${width}`, look: 'line' },
    bar('service', 0, lane.serviceIsUp),
    bar('consumer', width - 6, lane.consumerIsUp),
    heap('outbox', 16, Math.min(lane.inOutbox, Math.floor((middle - 60) / STEP))),
    heap('queue', middle, Math.min(lane.inQueue, Math.floor((middle - 40) / STEP))),
    text(
      'service-label',
      14,
      ROW.wire + 16,
      lane.way.publishes === 'from an outbox' ? 'service, outbox' : 'service',
      'label',
      'start',
    ),
    text('queue-label', middle, ROW.wire + 16, 'queue', 'label', 'start'),
    text('consumer-label', width - 14, ROW.wire + 16, 'consumer', 'label', 'end'),
    ...ledgerMarks(lane, top + ROW.ledger, width),
  ];
}

/** One small square for each request, in their order, in the look of what became of it. */
function ledgerMarks({ way, changes }: OutboxLane, y: number, width: number): Mark[] {
  const columns = Math.floor(width / STEP);
  const paths = new Map<PathLook, string>();
  for (const [i, change] of changes.entries()) {
    const fate = fateOf(change);
    if (fate === 'nothing') continue;
    const [left, top] = [(i % columns) * STEP, Math.floor(i / columns) * STEP];
    const d =
      fate === 'lost'
        ? `M${left} ${top}l${CELL} ${CELL}m0 -${CELL}l-${CELL} ${CELL}`
        : `M${left} ${top}h${CELL}v${CELL}h-${CELL}z`;
    paths.set(LOOKS[fate], `${paths.get(LOOKS[fate]) ?? ''}${d}`);
  }
  return Object.values(LOOKS).map((look) => ({
    kind: 'path',
    key: `${way.key}-ledger-${look}`,
    x: 0,
    y,
    d: paths.get(look) ?? 'M0 0',
    look,
  }));
}

function saying(lane: OutboxLane): [string, TextLook] {
  const [lost, ghost, twice] = [lane.count('lost'), lane.count('ghost'), lane.count('twice')];
  const parts = [
    lost > 0 ? `${lost} lost` : '',
    ghost > 0 ? `${ghost} ${ghost === 1 ? 'ghost' : 'ghosts'}` : '',
    twice > 0 ? `${twice} twice` : '',
  ].filter(Boolean);
  return parts.length > 0 ? [parts.join(', '), 'bad'] : ['nothing lost, nothing twice', 'plain'];
}

function readings({ lanes }: State): Readings {
  return {
    columns: ['way', 'changes', 'effect once', 'under way', 'lost', 'ghosts', 'twice'],
    rows: lanes.map((lane) => [
      lane.way.name,
      String(lane.changes.filter(({ committed }) => committed).length),
      ...(['once', 'waits', 'lost', 'ghost', 'twice'] as const).map((fate) => String(lane.count(fate))),
    ]),
  };
}

function describe({ settings, lanes }: State, nowMs: number): string {
  const said = lanes.map((lane) => `${lane.way.name.toLowerCase()}: ${saying(lane)[0]}`);
  return `After ${(nowMs / 1_000).toFixed(1)} s with a crash about every ${settings.crashes} ms: ${said.join('; ')}.`;
}

export const simulation = defineSimulation({
  name: 'outbox',
  title: 'A change and its event',
  caption:
    'A service changes its database and tells another one, and both crash. Each small square is a change: black when its effect came once, in colour when it came twice, red for a ghost, the effect of a change that was never made, and a cross where nobody will hear of it.',
  parameters,
  constants: [
    'a commit, a publish or an acknowledgement takes effect in the middle of its time, and its doer knows at the end',
    'one relay, one consumer, one event at a time, in order',
    'the same requests and crashes in each row; a request that finds the service down is not taken',
    'the rows follow the lab’s outbox and inbox; its code needs a database, so this model is the simulation’s own',
  ],
  durationMs: DURATION_MS,
  speeds: [0.05, 0.1, 0.25, 0.5, 1, 2, 4],
  speed: 1,
  seed: 5,
  stillAtMs: 12_000,
  height: 4 * ROW.height,
  room: [1218, 1004, 804, 816, 662],
  model,
  draw,
  readings,
  describe,
});
