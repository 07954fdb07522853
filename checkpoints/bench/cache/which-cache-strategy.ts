/**
 * The experiment of the write-up Which cache strategy?: the same Zipf load of readers and a few writers for six ways to
 * put a cache before a table, at a short and at a longer TTL. About a hundred seconds.
 *
 *     npm run record -- --experiment which-cache-strategy
 */
import { type LoadPlan, type LoadResult, measureStrategies } from './load.ts';
import type { StrategyName } from './strategies.ts';

export { plotStrategies } from './strategy-plots.ts';

/** What is held the same. */
export const STRATEGY_PLAN: Omit<LoadPlan, 'ttlMs'> = {
  keys: 300,
  exponent: 0.9,
  readsPerSecond: 300,
  writesPerSecond: 20,
  instances: 2,
  seconds: 8,
  loadMs: 15,
  staleMs: 1_000,
  poolSize: 20,
};

export const TTLS_MS: readonly number[] = [1_000, 4_000];

const STRATEGIES: readonly StrategyName[] = [
  'TTL',
  'TTL, removed by writes',
  'TTL, written by writes',
  'the lab',
  'async-cache-dedupe',
];

export interface StrategyCell extends LoadResult {
  /** Null: nothing is kept. */
  readonly ttlMs: number | null;
}

export interface StrategyFigures {
  readonly seed: number;
  readonly parameters: typeof STRATEGY_PLAN & { readonly ttlsMs: readonly number[] };
  readonly notes: readonly string[];
  readonly results: { readonly cells: readonly StrategyCell[] };
}

const SEED = 9211;

const NOTES: readonly string[] = [
  'All run in one process, each with two instances that share nothing but Redis and the table; no request is answered over HTTP. Hit rates and staleness are the point; the times of another machine will differ.',
  'A read is stale when what it gives had been replaced before the read began. A load reads its row and takes 15 ms more, as a larger statement would: in that time a write may come.',
  'Hits are reads that made no load. Early refreshes are loads as well, so the lab has fewer hits by this count than readers who were answered from the cache.',
  'async-cache-dedupe keeps its entries in memory, one copy an instance: a write clears that of the instance that it came by.',
  'The first second fills an empty cache, and is part of the figures.',
];

export async function runStrategies(onProgress: (line: string) => void = console.error): Promise<StrategyFigures> {
  const cells: StrategyCell[] = [];
  const [first = 1_000] = TTLS_MS;
  const bare = await measureStrategies(['no cache'], { ...STRATEGY_PLAN, ttlMs: first }, SEED, onProgress);
  cells.push(...bare.map((result) => ({ ...result, ttlMs: null })));
  for (const ttlMs of TTLS_MS) {
    const results = await measureStrategies(STRATEGIES, { ...STRATEGY_PLAN, ttlMs }, SEED, (line) =>
      onProgress(`TTL ${ttlMs} ms: ${line}`),
    );
    cells.push(...results.map((result) => ({ ...result, ttlMs })));
  }
  return { seed: SEED, parameters: { ...STRATEGY_PLAN, ttlsMs: TTLS_MS }, notes: NOTES, results: { cells } };
}
