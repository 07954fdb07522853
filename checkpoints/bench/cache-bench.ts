/**
 * `npm run bench -- cache`: hit rate, loads and latency of no cache, a plain TTL, the lab's policy and the package
 * async-cache-dedupe, for the same requests. The last is compared with the lab's policy on a store in memory, as it has
 * one: between a Map and a Redis there is a network, and not a policy.
 */
import { type LoadPlan, type LoadResult, measureStrategies } from './cache/load.ts';
import type { StrategyName } from './cache/strategies.ts';
import { alignColumns } from './echo.ts';

export const CACHE_BENCH: LoadPlan = {
  keys: 300,
  exponent: 0.9,
  readsPerSecond: 400,
  writesPerSecond: 0,
  instances: 1,
  seconds: 6,
  loadMs: 15,
  ttlMs: 1_000, // the least that async-cache-dedupe has
  staleMs: 1_000,
  poolSize: 10,
};

const SEED = 2015;
const COMPARED: readonly StrategyName[] = ['no cache', 'TTL', 'the lab', 'the lab, in memory', 'async-cache-dedupe'];
/** What noise leaves of "as few loads" and "no worse". */
const LOADS_TOLERANCE = 1.05;
const P99_TOLERANCE_MS = 3;

export interface CacheBenchResult {
  readonly seed: number;
  readonly parameters: LoadPlan;
  readonly rows: readonly LoadResult[];
  readonly withinLimits: boolean;
}

/** About forty seconds. Needs PostgreSQL and Redis. */
export async function runCacheBench(): Promise<CacheBenchResult> {
  const rows = await measureStrategies(COMPARED, CACHE_BENCH, SEED, console.error);
  const own = rows.find(({ strategy }) => strategy === 'the lab, in memory');
  const peer = rows.find(({ strategy }) => strategy === 'async-cache-dedupe');
  if (own === undefined || peer === undefined) throw new Error('a strategy was not measured');
  const withinLimits =
    own.loads <= peer.loads * LOADS_TOLERANCE && own.latency.p99 <= peer.latency.p99 + P99_TOLERANCE_MS;
  return { seed: SEED, parameters: CACHE_BENCH, rows, withinLimits };
}

/** The result as a table for a terminal, with the verdict below. */
export function formatCacheBench({ parameters, rows, withinLimits, seed }: CacheBenchResult): string {
  const cells = rows.map(({ strategy, hitPercent, loads, peakAlike, latency }) => [
    strategy,
    `${hitPercent} %`,
    loads.toLocaleString('en'),
    String(peakAlike),
    `${latency.p50.toFixed(2)} ms`,
    `${latency.p99.toFixed(2)} ms`,
  ]);
  const { keys, exponent, readsPerSecond, seconds, loadMs, ttlMs } = parameters;
  return [
    `${readsPerSecond} reads a second for ${seconds} s, ${keys} keys, Zipf ${exponent}, loads of ${loadMs} ms, TTL ${ttlMs} ms, seed ${seed}`,
    '',
    ...alignColumns([['strategy', 'hits', 'loads', 'at once', 'p50', 'p99'], ...cells]),
    '',
    `the lab's policy makes ${withinLimits ? 'at most' : 'NOT at most'} the loads of async-cache-dedupe, at no worse a p99`,
  ].join('\n');
}
