/**
 * One popular entry, three times: every reader who misses loads; a process loads once for all its readers; and some
 * reader loads before it is too late. What an entry is worth to a reader is decided by the lab's own policy.
 */
import { distributionOf } from '../../../checkpoints/bench/distribution.ts';
import { createRandom, deriveSeed, type Random } from '../../../checkpoints/harness/random.ts';
import { freshForMs, type Lifetime, stateOf } from '../../../labs/3-distributed/cache/solution/policy.ts';
import type { SettingsOf } from './parameters.ts';
import { niceCeiling } from './plot.ts';
import { type Mark, round } from './scene.ts';
import { defineSimulation, type Frame, type Readings, type Surroundings } from './simulation.ts';

const DURATION_MS = 10_000;

const parameters = {
  readers: { kind: 'number', label: 'Readers', unit: 'a second', min: 10, max: 500, step: 10, value: 150 },
  processes: { kind: 'number', label: 'Processes', unit: '', min: 1, max: 16, step: 1, value: 3 },
  load: { kind: 'number', label: 'A load takes', unit: 'ms', min: 20, max: 800, step: 20, value: 200 },
  pool: { kind: 'number', label: 'Loads at once', unit: '', min: 1, max: 50, step: 1, value: 5 },
  ttl: { kind: 'number', label: 'Fresh for', unit: 'ms', min: 500, max: 5_000, step: 100, value: 2_000 },
  jitter: { kind: 'number', label: 'Jitter', unit: '%', min: 0, max: 50, step: 5, value: 10 },
  beta: { kind: 'number', label: 'β', unit: '', min: 0, max: 4, step: 0.5, value: 1 },
} as const;

type Chosen = SettingsOf<typeof parameters>;

/** What the three rows do about a stampede, from nothing to everything. */
const POLICIES = [
  { name: 'Nothing', key: 'nothing', shares: false, early: false },
  { name: 'Single flight', key: 'flight', shares: true, early: false },
  { name: 'Single flight and XFetch', key: 'early', shares: true, early: true },
] as const;
type Policy = (typeof POLICIES)[number];

/** One row of the drawing. Times are of the run. */
interface Lane {
  readonly policy: Policy;
  /** How many loads are under way or wait for the database, at each change. */
  readonly loads: { readonly atMs: number; readonly count: number }[];
  /** When there was something fresh to give. */
  readonly fresh: { readonly fromMs: number; readonly untilMs: number }[];
  /** The moments at which a reader began a load before the entry had expired. */
  readonly earlyAt: number[];
  /** How long each reader waited who has been answered. */
  readonly waits: number[];
  loadCount: number;
}

interface State {
  readonly settings: Chosen;
  readonly lanes: readonly Lane[];
}

/** A database that carries out so many loads at once, and lets the others wait in the order in which they came. */
function createDatabase({ clock, settings }: Surroundings<Chosen>) {
  const queue: (() => void)[] = [];
  let busy = 0;
  const next = (): void => {
    const begin = busy < settings.pool ? queue.shift() : undefined;
    if (!begin) return;
    busy++;
    begin();
  };
  return (done: () => void): void => {
    queue.push(() =>
      clock.after(settings.load, () => {
        busy--;
        done();
        next();
      }),
    );
    next();
  };
}

/** @returns the row, and what a reader does who comes to one of its processes. */
function createLane(policy: Policy, given: Surroundings<Chosen>, random: Random) {
  const { settings, clock, note } = given;
  const lane: Lane = { policy, loads: [], fresh: [], earlyAt: [], waits: [], loadCount: 0 };
  const query = createDatabase(given);
  /** For each process, who waits for its load. */
  const flights = new Map<number, (() => void)[]>();
  let entry: Lifetime | undefined;
  let underWay = 0;

  const count = (change: 1 | -1): void => {
    underWay += change;
    lane.loads.push({ atMs: clock.now(), count: underWay });
  };
  const keep = (begunAt: number): void => {
    // As in the lab, an entry's time counts from the beginning of its load.
    const freshUntil = begunAt + freshForMs(settings.ttl, settings.jitter, random.next());
    if (entry && entry.freshUntil >= freshUntil) return;
    const fromMs = Math.max(clock.now(), entry?.freshUntil ?? 0);
    entry = { freshUntil, staleUntil: freshUntil, loadMs: clock.now() - begunAt };
    if (freshUntil > fromMs) lane.fresh.push({ fromMs, untilMs: freshUntil });
  };
  const load = (process: number, answered: () => void): void => {
    const joined = policy.shares ? flights.get(process) : undefined;
    if (joined) {
      joined.push(answered);
      return;
    }
    const waiting = [answered];
    flights.set(process, waiting);
    const begunAt = clock.now();
    lane.loadCount++;
    count(1);
    query(() => {
      count(-1);
      flights.delete(process);
      keep(begunAt);
      for (const answer of waiting) answer();
    });
  };
  const read = (process: number): void => {
    const askedAt = clock.now();
    const answered = (): void => void lane.waits.push(clock.now() - askedAt);
    const state = entry ? stateOf(entry, askedAt, policy.early ? settings.beta : 0, 1 - random.next()) : 'gone';
    if (state === 'early' && !flights.has(process)) {
      lane.earlyAt.push(askedAt);
      note(`${policy.name}: a reader refreshes ${Math.round((entry?.freshUntil ?? 0) - askedAt)} ms early`);
      load(process, () => {});
    }
    if (state === 'fresh' || state === 'early') {
      answered();
      return;
    }
    if (underWay === 0) note(`${policy.name}: there is nothing, and the first reader loads`);
    load(process, answered);
  };
  return { lane, read };
}

function model(given: Surroundings<Chosen>): State {
  const { settings, clock, seed } = given;
  const arrivals = createRandom(seed);
  const rows = POLICIES.map((policy) => createLane(policy, given, createRandom(deriveSeed(seed, 1))));
  const arrive = (): void => {
    const process = arrivals.int(0, settings.processes - 1);
    for (const { read } of rows) read(process);
    clock.after((1_000 / settings.readers) * -Math.log(1 - arrivals.next()), arrive);
  };
  clock.after(0, arrive);
  return { settings, lanes: rows.map(({ lane }) => lane) };
}

const mostAtOnce = ({ loads }: Lane): number => loads.reduce((most, { count }) => Math.max(most, count), 0);
const waitedOf = ({ waits }: Lane): number => waits.filter((ms) => ms > 0).length;
/** p99 of the readers' waits, in ms. */
const tailOf = ({ waits }: Lane): number =>
  waits.length === 0 ? 0 : distributionOf(waits, { unit: 'ms', binWidth: 10 }).p99;

const ROW = { height: 124, plot: 70, top: 30 };
const TAIL = 8;

function draw({ lanes }: State, { width, nowMs }: Frame): Mark[] {
  const perMs = width / DURATION_MS;
  const ceiling = niceCeiling(Math.max(4, ...lanes.map(mostAtOnce)));
  const axisY = lanes.length * ROW.height + 8;
  return [
    ...lanes.flatMap((lane, row) => laneMarks(lane, { row, width, nowMs, perMs, ceiling })),
    { kind: 'path', key: 'now', x: nowMs * perMs, y: ROW.top - 4, d: `M0 0V${axisY - ROW.top - 10}`, look: 'note' },
    ...[0, 2, 4, 6, 8, 10].map(
      (second): Mark => ({
        kind: 'text',
        key: `second-${second}`,
        x: second * 1_000 * perMs,
        y: axisY + 12,
        text: `${second} s`,
        look: 'label',
        anchor: second === 0 ? 'start' : second === 10 ? 'end' : 'middle',
      }),
    ),
  ];
}

interface Row {
  readonly row: number;
  readonly width: number;
  readonly nowMs: number;
  readonly perMs: number;
  /** The count at the top of the plot. */
  readonly ceiling: number;
}

function laneMarks(lane: Lane, { row, width, nowMs, perMs, ceiling }: Row): Mark[] {
  const top = row * ROW.height;
  const floor = top + ROW.top + ROW.plot;
  const key = (name: string): string => `${lane.policy.key}-${name}`;
  const x = (ms: number): number => round(ms * perMs);
  const y = (count: number): number => Math.round(-(count / ceiling) * ROW.plot);
  // What happens within a pixel is drawn as its highest and its last.
  const steps = new Map<number, { readonly most: number; readonly last: number }>();
  for (const { atMs, count } of lane.loads) {
    const pixel = Math.round(atMs * perMs);
    steps.set(pixel, { most: Math.max(steps.get(pixel)?.most ?? 0, count), last: count });
  }
  let loads = 'M0 0';
  for (const [pixel, { most, last }] of steps) {
    loads += `H${pixel}V${y(most)}`;
    if (last < most) loads += `V${y(last)}`;
  }
  const fresh = lane.fresh.map(({ fromMs, untilMs }) => {
    const until = Math.min(untilMs, nowMs);
    return until > fromMs ? `M${x(fromMs)} 0H${x(until)}v5H${x(fromMs)}z` : '';
  });
  const early = lane.earlyAt.map((atMs) => `M${round(x(atMs) - 2.5)} ${-TAIL}h5l-2.5 ${TAIL - 1}z`);
  const most = mostAtOnce(lane);
  const says = `${lane.loadCount} loads, ${most} at once at the most`;
  return [
    { kind: 'text', key: key('name'), x: 0, y: top + 16, text: lane.policy.name, look: 'strong' },
    { kind: 'text', key: key('says'), x: width, y: top + 16, text: says, look: 'plain', anchor: 'end' },
    { kind: 'path', key: key('floor'), x: 0, y: floor, d: `M0 0H${round(width)}`, look: 'rule' },
    { kind: 'path', key: key('loads'), x: 0, y: floor, d: `${loads}H${x(nowMs)}V0z`, look: 'ink' },
    { kind: 'path', key: key('fresh'), x: 0, y: floor + 4, d: fresh.join('') || 'M0 0', look: 'soft' },
    { kind: 'path', key: key('early'), x: 0, y: floor - 2, d: early.join('') || 'M0 0', look: 'touch' },
  ];
}

function readings({ lanes }: State): Readings {
  return {
    columns: ['against a stampede', 'readers', 'loads', 'at once', 'early', 'waited', 'wait p99'],
    rows: lanes.map((lane) => [
      lane.policy.name,
      String(lane.waits.length),
      String(lane.loadCount),
      String(mostAtOnce(lane)),
      String(lane.earlyAt.length),
      String(waitedOf(lane)),
      `${Math.round(tailOf(lane))} ms`,
    ]),
  };
}

function describe({ settings, lanes }: State, nowMs: number): string {
  const said = lanes.map((lane) => {
    const early = lane.policy.early ? `, ${lane.earlyAt.length} of them early` : '';
    const waited = `${waitedOf(lane)} readers waited`;
    return `${lane.policy.name.toLowerCase().replace('xfetch', 'XFetch')}: ${lane.loadCount} loads${early}, ${mostAtOnce(lane)} at once at the most, and ${waited}`;
  });
  return `After ${(nowMs / 1_000).toFixed(2)} s of ${settings.readers} readers a second in ${settings.processes} processes: ${said.join('; ')}.`;
}

export const simulation = defineSimulation({
  name: 'stampede',
  title: 'A stampede',
  caption:
    'The same readers three times, in front of a cache with one entry and a database. The black area is the loads under way; the line below it is the time in which the cache had something fresh; a triangle is a reader who refreshed early. Watch what happens each time the line ends.',
  parameters,
  constants: [
    'one entry; the cache itself takes no time',
    'readers come at random intervals, to any of the processes, the same ones in each row',
    'what an entry is worth is decided by the lab’s policy; the queue in front of the database is the simulation’s own',
  ],
  durationMs: DURATION_MS,
  speeds: [0.05, 0.1, 0.25, 0.5, 1, 2],
  speed: 0.5,
  seed: 7,
  stillAtMs: 7_000,
  height: 3 * ROW.height + 26,
  room: [1113, 995, 711, 846, 668],
  model,
  draw,
  readings,
  describe,
});
