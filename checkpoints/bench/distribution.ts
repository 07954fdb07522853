/** A measured distribution as evidence keeps it: the usual percentiles, and enough points to draw all of it again. */
export interface Distribution {
  readonly unit: 'ms' | 'µs';
  /** How many values. */
  readonly n: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** `[share, value]`: this share of the values is at most this large. Denser towards the end, where delays show. */
  readonly quantiles: readonly (readonly [share: number, value: number])[];
  /** `[from, count]` for each bin of `binWidth` that holds anything. */
  readonly histogram: readonly (readonly [from: number, count: number])[];
  readonly binWidth: number;
}

export interface DistributionOptions {
  readonly unit: Distribution['unit'];
  /** Width of a histogram bin, in the unit. */
  readonly binWidth: number;
}

/** Shares at which quantiles are kept: every hundredth, then every thousandth, then every ten-thousandth. */
const SHARES: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => i / 100),
  ...Array.from({ length: 9 }, (_, i) => 0.99 + i / 1000),
  ...Array.from({ length: 11 }, (_, i) => 0.999 + i / 10_000),
].map((share) => Number(share.toFixed(4)));

/**
 * Sorts, counts and picks. Percentiles are nearest-rank: each is a value that was really measured.
 *
 * @throws RangeError without values: a distribution of nothing would be drawn as zero.
 */
export function distributionOf(values: readonly number[], { unit, binWidth }: DistributionOptions): Distribution {
  if (values.length === 0) throw new RangeError('a distribution needs at least one value; none was measured');
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => {
    const rank = Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length)));
    return rounded(sorted[rank - 1] ?? Number.NaN);
  };
  const bins = new Map<number, number>();
  for (const value of sorted) {
    const from = Math.floor(value / binWidth) * binWidth;
    bins.set(from, (bins.get(from) ?? 0) + 1);
  }
  return {
    unit,
    n: sorted.length,
    min: at(0),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    quantiles: SHARES.map((share) => [share, at(share)] as const),
    histogram: [...bins].map(([from, count]) => [rounded(from), count] as const),
    binWidth,
  };
}

/** To a thousandth: finer is noise, and evidence is read by people. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
