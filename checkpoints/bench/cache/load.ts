/**
 * The load of the benchmark and of the experiment: readers who ask for quests as Zipf says, at times that were drawn
 * before, whether the answers come or not (an open loop), and a few writers. Each strategy meets the same requests.
 */
import pg from 'pg';
import { createDatabase } from '../../harness/database.ts';
import { createKeyPrefix } from '../../harness/key-prefix.ts';
import { createRandom, deriveSeed } from '../../harness/random.ts';
import { ensureServices } from '../../services/ensure-services.ts';
import { type Distribution, distributionOf, rounded } from '../distribution.ts';
import { Origin } from './origin.ts';
import { type Instance, STRATEGIES, type StrategyName } from './strategies.ts';
import { createZipf } from './zipf.ts';

export interface LoadPlan {
  readonly keys: number;
  readonly exponent: number;
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
  /** Processes that share a Redis, as far as one process can play them. */
  readonly instances: number;
  readonly seconds: number;
  /** What a load takes beside its statement. */
  readonly loadMs: number;
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly poolSize: number;
}

export interface LoadResult {
  readonly strategy: StrategyName;
  readonly reads: number;
  readonly writes: number;
  /** Reads that made no load, in percent of all. */
  readonly hitPercent: number;
  readonly loads: number;
  /** The most loads of one quest at the same time. */
  readonly peakAlike: number;
  /** From the moment at which the request was to be sent. */
  readonly latency: Pick<Distribution, 'unit' | 'n' | 'p50' | 'p99' | 'max'>;
  /** Reads that began when what they gave had been replaced, in percent of all. */
  readonly stalePercent: number;
  /** For how long it had been replaced, at the most. */
  readonly oldestMs: number;
}

interface Event {
  readonly atMs: number;
  readonly write: boolean;
  readonly id: number;
  readonly instance: number;
}

const DRAIN_WITHIN_MS = 20_000;

function drawEvents(plan: LoadPlan, seed: number): Event[] {
  const random = createRandom(deriveSeed(seed, 1));
  const zipf = createZipf(plan.keys, plan.exponent, createRandom(deriveSeed(seed, 2)));
  const events: Event[] = [];
  for (const [rate, write] of [
    [plan.readsPerSecond, false],
    [plan.writesPerSecond, true],
  ] as const) {
    if (rate === 0) continue;
    // Poisson arrivals: exponential gaps.
    for (let atMs = 0; ; ) {
      atMs -= (1_000 / rate) * Math.log(1 - random.next());
      if (atMs >= plan.seconds * 1_000) break;
      events.push({ atMs, write, id: zipf(), instance: random.int(0, plan.instances - 1) });
    }
  }
  return events.sort((a, b) => a.atMs - b.atMs);
}

/** Measures the strategies one after the other, each on keys and rows of its own. */
export async function measureStrategies(
  names: readonly StrategyName[],
  plan: LoadPlan,
  seed: number,
  onProgress: (line: string) => void,
): Promise<LoadResult[]> {
  const ensured = await ensureServices(['postgresql', 'redis']);
  if (!ensured.ok) throw new Error(`${ensured.reason}. Mend: ${ensured.remedy}`);
  const { postgresql, redis } = ensured.addresses;
  if (postgresql === undefined || redis === undefined) throw new Error('a service was found and has no address');
  const events = drawEvents(plan, seed);
  const results: LoadResult[] = [];
  for (const name of names) {
    onProgress(`${name} …`);
    await using database = await createDatabase({ address: postgresql });
    await using keys = createKeyPrefix(redis);
    const pool = new pg.Pool({ connectionString: database.url, max: plan.poolSize });
    // Connections that are still taking their leave when their database is dropped.
    pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
    try {
      await pool.query('CREATE TABLE quests (id integer PRIMARY KEY, version integer NOT NULL)');
      await pool.query('INSERT INTO quests SELECT id, 1 FROM generate_series(1, $1) AS id', [plan.keys]);
      results.push(await measure(name, plan, events, new Origin(pool, plan.loadMs), keys));
    } finally {
      await pool.end();
    }
  }
  return results;
}

async function measure(
  strategy: StrategyName,
  plan: LoadPlan,
  events: readonly Event[],
  origin: Origin,
  { url: redisUrl, prefix }: { readonly url: string; readonly prefix: string },
): Promise<LoadResult> {
  await using stack = new AsyncDisposableStack();
  const { ttlMs, staleMs } = plan;
  const instances: Instance[] = [];
  for (let i = 0; i < plan.instances; i += 1) {
    instances.push(stack.use(await STRATEGIES[strategy].open({ origin, redisUrl, prefix, ttlMs, staleMs })));
  }
  const latencies: number[] = [];
  let [writes, stale, oldestMs] = [0, 0, 0];
  const running = new Set<Promise<void>>();
  const startedAt = performance.now();
  const perform = async ({ atMs, write, id, instance: number }: Event): Promise<void> => {
    const instance = instances[number];
    if (instance === undefined) throw new Error('an event belongs to no instance');
    if (write) {
      await instance.written(await origin.write(id));
      writes += 1;
      return;
    }
    const begunAt = performance.now();
    const quest = await instance.read(id);
    // From when it was due; a timer may fire a little early.
    latencies.push(performance.now() - Math.min(startedAt + atMs, begunAt));
    const ageMs = origin.ageMs(quest, begunAt);
    if (ageMs > 0) stale += 1;
    oldestMs = Math.max(oldestMs, ageMs);
  };
  let failure: unknown;
  for (const event of events) {
    const early = startedAt + event.atMs - performance.now();
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
    const work: Promise<void> = perform(event)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => running.delete(work));
    running.add(work);
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${strategy}: answers are missing`)), DRAIN_WITHIN_MS);
  });
  await Promise.race([Promise.all(running), late]).finally(() => clearTimeout(timer));
  if (failure !== undefined) throw failure;
  const { unit, n, p50, p99, max } = distributionOf(latencies, { unit: 'ms', binWidth: 1 });
  return {
    strategy,
    reads: latencies.length,
    writes,
    hitPercent: rounded(Math.max(0, 100 * (1 - origin.loads / latencies.length))),
    loads: origin.loads,
    peakAlike: origin.peakAlike,
    latency: { unit, n, p50, p99, max },
    stalePercent: rounded((100 * stale) / latencies.length),
    oldestMs: Math.round(oldestMs),
  };
}
