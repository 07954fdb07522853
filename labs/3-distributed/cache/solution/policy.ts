/**
 * What a cache decides, as functions of numbers: the time and the luck are passed in, so that a service, a test with a
 * fake clock and a page in a browser decide alike. All times are milliseconds.
 */

/** What is kept of a load beside its value. */
export interface Lifetime {
  /** From here on the entry is stale: whoever asks loads anew. */
  readonly freshUntil: number;
  /** From here on it is gone: nobody gets it any more. */
  readonly staleUntil: number;
  /** What making it cost, the δ of the paper. */
  readonly loadMs: number;
}

export type EntryState = 'fresh' | 'early' | 'stale' | 'gone';

// #region jitter
/**
 * How long an entry stays fresh. Jitter only shortens, so that `ttlMs` is the bound that it is called.
 *
 * @param random uniform in [0, 1): entries that were made together do not expire together.
 */
export function freshForMs(ttlMs: number, jitterPercent: number, random: number): number {
  return Math.floor(ttlMs * (1 - (jitterPercent / 100) * random));
}
// #endregion jitter

// #region early
/**
 * Whether this one reader refreshes an entry that is still fresh: XFetch (Vattani, Chierichetti, Lowenstein, "Optimal
 * Probabilistic Cache Stampede Prevention", VLDB 2015). With t left, the chance is e^(−t/(βδ)).
 *
 * @param random uniform in (0, 1].
 */
export function refreshesEarly({ freshUntil, loadMs }: Lifetime, now: number, beta: number, random: number): boolean {
  return now - loadMs * beta * Math.log(random) >= freshUntil;
}
// #endregion early

// #region state
/** What an entry is worth to the reader who finds it `now`. */
export function stateOf(entry: Lifetime, now: number, beta: number, random: number): EntryState {
  if (now >= entry.staleUntil) return 'gone';
  if (now >= entry.freshUntil) return 'stale';
  return refreshesEarly(entry, now, beta, random) ? 'early' : 'fresh';
}
// #endregion state
