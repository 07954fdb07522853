import type { CacheEvents, NotStored, ReadResult } from './cache-aside.ts';
import type { Log } from './log.ts';

export type CacheName = 'quest' | 'board' | 'leaderboard';

const CACHES: readonly CacheName[] = ['quest', 'board', 'leaderboard'];
const RESULTS: readonly ReadResult[] = ['hit', 'stale', 'miss', 'error'];
const REASONS: readonly ('miss' | 'early')[] = ['miss', 'early'];
const REFUSALS: readonly NotStored[] = ['too-large', 'too-late', 'invalidated', 'error'];

/** Counters with labels of a few known values, so that their number is bounded. */
export class Metrics {
  readonly #counts = new Map<string, number>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
    // A counter that is not there cannot be told from one that is 0.
    for (const cache of CACHES) {
      for (const result of RESULTS) this.#add('cache_reads_total', cache, 'result', result, 0);
      for (const reason of REASONS) this.#add('cache_loads_total', cache, 'reason', reason, 0);
      for (const reason of REFUSALS) this.#add('cache_not_stored_total', cache, 'reason', reason, 0);
    }
  }

  /** The events of one cache, as counts. */
  eventsOf(cache: CacheName): CacheEvents {
    return {
      onRead: (result) => this.#add('cache_reads_total', cache, 'result', result),
      onLoad: (reason) => this.#add('cache_loads_total', cache, 'reason', reason),
      onNotStored: (reason) => this.#add('cache_not_stored_total', cache, 'reason', reason),
      onRefreshFailed: (error) => this.#log.warn({ cache, error: String(error) }, 'refresh-failed'),
    };
  }

  /** The text format of Prometheus, version 0.0.4. */
  toText(): string {
    const lines: string[] = [];
    let family = '';
    for (const [series, count] of this.#counts.entries().toArray().sort()) {
      const [name = ''] = series.split('{');
      if (name !== family) lines.push(`# TYPE ${name} counter`);
      family = name;
      lines.push(`${series} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #add(name: string, cache: CacheName, label: string, value: string, by = 1): void {
    const series = `${name}{cache="${cache}",${label}="${value}"}`;
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + by);
  }
}
