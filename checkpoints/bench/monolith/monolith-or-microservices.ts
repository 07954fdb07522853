/**
 * The experiment of the write-up Monolith or microservices?: the lab's monolith and its split under the same requests, by
 * turns; then each without one of its parts, and with one that dies in the middle. About two minutes.
 *
 *     npm run record -- --experiment monolith-or-microservices
 */
import { ensureServices } from '../../services/ensure-services.ts';
import { type Distribution, distributionOf, rounded } from '../distribution.ts';
import { type Footprint, footprintOfSystem } from './cost.ts';
import { registerCrowd } from './crowd.ts';
import { countLines, type LinesOfCode } from './lines-of-code.ts';
import { measureOutages, type Outage, TRIES } from './outages.ts';
import { measureRecovery, RECOVERY, type Recovery } from './recovery.ts';
import { ALONE, type Alone, CROWD, ROUNDS, type Round, runRound } from './rounds.ts';
import { type Addresses, System, type SystemName } from './systems.ts';
import { TavernClient } from './tavern-client.ts';

export { plotSystems } from './system-plots.ts';

const STARTS = 5;
export const PARAMETERS = {
  ...ROUNDS,
  crowd: CROWD,
  starts: STARTS,
  triesOfEachKind: TRIES,
  recovery: RECOVERY,
} as const;

export type Latency = Pick<Distribution, 'n' | 'p50' | 'p99' | 'max'>;

export interface SystemFigures {
  readonly latencyMs: Readonly<Record<Alone, Latency>>;
  /** Medians of the rounds. */
  readonly readsPerSecond: number;
  readonly cpuMsPerRead: number;
  readonly acceptancesPerSecond: number;
  /** The mean: what a round uses is only a few ticks of the kernel's clock. */
  readonly cpuMsPerAcceptance: number;
  /** Of a start with its tables there already: the median and the longest. */
  readonly startMs: { readonly median: number; readonly max: number };
  readonly idle: Footprint;
  readonly afterLoad: Footprint;
}

/** The split's figure by the monolith's, round by round: the median of these ratios, and the extremes. */
export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface SystemsFigures {
  readonly parameters: typeof PARAMETERS;
  readonly notes: readonly string[];
  readonly results: {
    readonly systems: Readonly<Record<SystemName, SystemFigures>>;
    readonly ratios: Readonly<Record<Alone | 'readsPerSecond' | 'cpuMsPerRead' | 'acceptancesPerSecond', Ratio>>;
    readonly lines: LinesOfCode;
    readonly outages: readonly Outage[];
    /** All rounds together. */
    readonly recovery: Readonly<Record<SystemName, Recovery>>;
  };
}

const NAMES = ['monolith', 'split'] as const;

const NOTES: readonly string[] = [
  'Everything, clients, databases and broker included, ran on one machine. Between the processes is the loopback interface: it has neither the latency of a network nor its losses, and each hop of the split would cost more elsewhere.',
  'The systems took turns, request by request where one client asks, and round by round where many do. Clients and systems share the cores, so rates say less than processor time, and ratios more than either.',
  'acceptSettled lasts until a client has read that the acceptance is accepted; where the first answer says it, nobody asks again. Between two looks are 2 ms.',
  'Memory is the sum of resident sets: pages that the processes share are counted for each. PostgreSQL and RabbitMQ are not in it.',
  'Lines are those of TypeScript files that hold code, without blank ones and without comments; files that are the same in both are counted once, as shared. The split does more than the monolith: it checks its settings, makes roles, and can be made to crash on purpose.',
  'For an outage, what is away was killed and not started again, or the bytes to it were held back. Both systems use one PostgreSQL server, so the split has a common fate there that separate servers would not have.',
];

/** Measures both. All data is made for the run, and goes with it. */
export async function runSystems(onProgress: (line: string) => void = console.error): Promise<SystemsFigures> {
  const ensured = await ensureServices(['postgresql', 'rabbitmq']);
  if (!ensured.ok) throw new Error(`${ensured.reason}. Mend: ${ensured.remedy}`);
  const { postgresql, rabbitmq } = ensured.addresses;
  if (postgresql === undefined || rabbitmq === undefined) throw new Error('a service was found and has no address');
  const addresses = { postgresql, rabbitmq };
  const { systems, ratios } = await underLoad(addresses, onProgress);
  const { outages, recovery } = await underOutages(addresses, onProgress);
  const lines = await countLines();
  return { parameters: PARAMETERS, notes: NOTES, results: { systems, ratios, lines, outages, recovery } };
}

interface Subject {
  readonly system: System;
  readonly starts: number[];
  readonly rounds: Round[];
}

async function underLoad(addresses: Addresses, onProgress: (line: string) => void) {
  await using owned = new AsyncDisposableStack();
  const subjects: Subject[] = [];
  for (const name of NAMES)
    subjects.push({ system: owned.use(await System.open(name, addresses)), starts: [], rounds: [] });
  // The first start makes the tables.
  for (let start = 0; start <= STARTS; start += 1) {
    for (const { system, starts } of subjects) {
      onProgress(`${system.name}: start ${start} of ${STARTS} …`);
      if (start > 0) await system.stop();
      const tookMs = await system.start();
      if (start > 0) starts.push(tookMs);
    }
  }
  const idle = new Map<SystemName, Footprint>();
  const crowds = new Map<SystemName, Awaited<ReturnType<typeof registerCrowd>>>();
  for (const { system } of subjects) {
    idle.set(system.name, await footprintOfSystem(system));
    await using client = new TavernClient(system.origin);
    crowds.set(system.name, await registerCrowd(client, CROWD));
  }
  for (let round = 0; round <= ROUNDS.rounds; round += 1) {
    onProgress(`both: round ${round} of ${ROUNDS.rounds} …`);
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    const sides = order.map(({ system }) => {
      const client = owned.use(new TavernClient(system.origin));
      return { system, client, crowd: crowds.get(system.name) ?? [] };
    });
    const measured = await runRound(sides);
    if (round > 0) order.forEach(({ rounds }, i) => void rounds.push(measured[i] as Round)); // the first one warms up
  }
  const systems: Partial<Record<SystemName, SystemFigures>> = {};
  for (const { system, starts, rounds } of subjects) {
    const footprints = { idle: idle.get(system.name) as Footprint, afterLoad: await footprintOfSystem(system) };
    systems[system.name] = { ...figuresOf(rounds, starts), ...footprints };
  }
  const [monolith, split] = subjects.map(({ rounds }) => rounds);
  return { systems: systems as Record<SystemName, SystemFigures>, ratios: ratiosOf(monolith ?? [], split ?? []) };
}

async function underOutages(addresses: Addresses, onProgress: (line: string) => void) {
  const outages: Outage[] = [];
  const recovery: Partial<Record<SystemName, Recovery>> = {};
  for (const name of NAMES) {
    await using system = await System.open(name, addresses, { proxied: true });
    await system.start();
    onProgress(`${name}: without each of its parts …`);
    outages.push(...(await measureOutages(system)));
    const recoveries: Recovery[] = [];
    for (let round = 1; round <= RECOVERY.rounds; round += 1) {
      onProgress(`${name}: killed in the middle, ${round} of ${RECOVERY.rounds} …`);
      recoveries.push(await measureRecovery(system));
    }
    recovery[name] = together(recoveries);
  }
  return { outages, recovery: recovery as Record<SystemName, Recovery> };
}

/** Counts are summed; of the times, the median. */
function together(rounds: readonly Recovery[]): Recovery {
  const [first] = rounds;
  if (first === undefined) throw new Error('no rounds');
  const sum = (of: (each: Recovery) => number) => rounds.reduce((total, each) => total + of(each), 0);
  return {
    ...first,
    acceptances: sum((each) => each.acceptances),
    answered: sum((each) => each.answered),
    waiting: sum((each) => each.waiting),
    settledMs: median(rounds.map((each) => each.settledMs)),
    accepted: sum((each) => each.accepted),
    tooMany: sum((each) => each.tooMany),
    tooFew: sum((each) => each.tooFew),
  };
}

function figuresOf(rounds: readonly Round[], starts: readonly number[]): Omit<SystemFigures, 'idle' | 'afterLoad'> {
  const latencies = ALONE.map((kind) => {
    const all = rounds.flatMap(({ latencies }) => latencies[kind]);
    const { n, p50, p99, max } = distributionOf(all, { unit: 'ms', binWidth: 1 });
    return [kind, { n, p50, p99, max }] as const;
  });
  return {
    latencyMs: Object.fromEntries(latencies) as unknown as SystemFigures['latencyMs'],
    readsPerSecond: Math.round(median(rounds.map((each) => each.readsPerSecond))),
    cpuMsPerRead: rounded(median(rounds.map((each) => each.cpuMsPerRead))),
    acceptancesPerSecond: Math.round(median(rounds.map((each) => each.acceptancesPerSecond))),
    cpuMsPerAcceptance: rounded(mean(rounds.map((each) => each.cpuMsPerAcceptance))),
    startMs: { median: Math.round(median(starts)), max: Math.round(Math.max(...starts)) },
  };
}

function ratiosOf(monolith: readonly Round[], split: readonly Round[]): SystemsFigures['results']['ratios'] {
  const ratio = (of: (round: Round) => number): Ratio => {
    const ratios = split.map((round, i) => of(round) / of(monolith[i] as Round));
    return { median: rounded(median(ratios)), min: rounded(Math.min(...ratios)), max: rounded(Math.max(...ratios)) };
  };
  const latencies = ALONE.map((kind) => [kind, ratio(({ latencies }) => median(latencies[kind]))] as const);
  return {
    ...(Object.fromEntries(latencies) as unknown as Record<Alone, Ratio>),
    readsPerSecond: ratio((round) => round.readsPerSecond),
    cpuMsPerRead: ratio((round) => round.cpuMsPerRead),
    acceptancesPerSecond: ratio((round) => round.acceptancesPerSecond),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
