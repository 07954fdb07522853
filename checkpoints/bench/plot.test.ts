import { expect, test } from 'vitest';
import { distributionOf } from './distribution.ts';
import { linearScale, logScale, Plot } from './plot.ts';

test('percentiles are values that were measured, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(distributionOf(hundred, { unit: 'ms', binWidth: 10 })).toMatchObject({
    n: 100,
    min: 1,
    p50: 50,
    p95: 95,
    p99: 99,
    max: 100,
  });
  expect(distributionOf([7], { unit: 'ms', binWidth: 10 })).toMatchObject({ n: 1, min: 7, p50: 7, p99: 7, max: 7 });
});

test('the histogram holds every value, and the quantiles rise', () => {
  const { histogram, quantiles, n } = distributionOf([3, 14, 15, 92, 65, 35], { unit: 'ms', binWidth: 10 });
  expect(histogram).toEqual([[0, 1], [10, 2], [30, 1], [60, 1], [90, 1]]); // biome-ignore format: bins
  expect(histogram.reduce((sum, [, count]) => sum + count, 0)).toBe(n);
  const values = quantiles.map(([, value]) => value);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(quantiles.at(-1)).toEqual([1, 92]);
});

test('a distribution of nothing is refused', () => {
  expect(() => distributionOf([], { unit: 'ms', binWidth: 1 })).toThrow('at least one value');
});

test('scales: equal steps, and equal factors', () => {
  const linear = linearScale([0, 10], [100, 200]);
  expect([0, 5, 10].map(linear)).toEqual([100, 150, 200]);
  const log = logScale([1, 100], [0, 10]);
  expect([1, 10, 100].map(log)).toEqual([0, 5, 10]);
});

test('a plot is an image with a label, escapes its text, and is the same every time', () => {
  const draw = (): string => {
    const plot = new Plot(100, 'what is "shown" <here>', 'npm run record');
    plot.line([[0, 0], [10.04, 20.06]], 'strong'); // biome-ignore format: points
    plot.square(5, 5, 'hollow');
    plot.text(1, 2, 'a < b & c', { anchor: 'end' });
    return plot.toSvg();
  };
  expect(draw()).toBe(draw());
  expect(draw()).toContain('role="img" aria-label="what is &quot;shown&quot; &lt;here&gt;"');
  expect(draw()).toContain('<text text-anchor="end" x="1" y="2">a &lt; b &amp; c</text>');
  expect(draw()).toContain('M0 0L10 20.1');
});
