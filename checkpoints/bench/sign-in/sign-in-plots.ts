/** The plot of the write-up Sessions or tokens?, from its evidence. */
import { logScale, PLOT_WIDTH, Plot } from '../plot.ts';
import { syncPlot } from '../plot-files.ts';
import type { CheckCost, SignInFigures } from './sign-in.ts';

const NAME = 'sessions-or-tokens';

const LEFT = 150;
const RIGHT = PLOT_WIDTH - 70;
const TOP = 40;
const ROW = 26;

/** A line from the median to the 99th percentile of each way, one row for each. */
export function drawSignIn({ checks }: SignInFigures['results']): string {
  const labelOf = ({ way, concurrency }: CheckCost) =>
    `${way === 'session' ? 'session look-up' : `token, ${way}`}${concurrency === 1 ? '' : ` × ${concurrency}`}`;
  const summary = checks.map(
    (check) =>
      `${labelOf(check)} ${Math.round(check.latency.p50)} µs, at the 99th percentile ${Math.round(check.latency.p99)} µs`,
  );
  const bottom = TOP + checks.length * ROW;
  const plot = new Plot(
    bottom + 34,
    `Time to check who sent a request, at the median: ${summary.join('; ')}.`,
    `npm run record -- --experiment ${NAME}`,
  );
  const all = checks.flatMap(({ latency }) => [latency.p50, latency.p99]);
  const from = 10 ** Math.floor(Math.log10(Math.min(...all)));
  const to = 10 ** Math.ceil(Math.log10(Math.max(...all)));
  const x = logScale([from, to], [LEFT, RIGHT]);
  const ticks: { at: number; text: string }[] = [];
  for (let at = from; at <= to; at *= 10) ticks.push({ at, text: at < 1_000 ? `${at} µs` : `${at / 1_000} ms` });
  plot.text(LEFT, 18, 'One check: ■ median, □ 99th percentile', { tone: 'heading' });
  plot.axisX({ scale: x, ticks, at: bottom, across: [TOP - 8, bottom] });
  checks.forEach((check, i) => {
    const y = TOP + i * ROW + ROW / 2;
    plot.text(LEFT - 12, y + 4, labelOf(check), { anchor: 'end' });
    plot.line([[x(check.latency.p50), y], [x(check.latency.p99), y]], 'line'); // biome-ignore format: one line reads better
    plot.square(x(check.latency.p50), y, 'full');
    plot.square(x(check.latency.p99), y, 'hollow');
  });
  return plot.toSvg();
}

/** Draws the record anew; see `syncPlot`. */
export function plotSignIn({ check }: { readonly check: boolean }): Promise<string[]> {
  return syncPlot<SignInFigures>(NAME, ({ results }) => drawSignIn(results), check);
}
