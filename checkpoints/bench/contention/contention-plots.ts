/** The plot of the write-up Optimistic or pessimistic?, from its evidence. */
import { linearScale, logScale, PLOT_WIDTH, Plot, type Stroke, steps } from '../plot.ts';
import { syncPlot } from '../plot-files.ts';
import type { Cell, ContentionFigures } from './contention.ts';

const NAME = 'optimistic-or-pessimistic';

const STROKES: readonly (readonly [strategy: Cell['strategy'], stroke: Stroke])[] = [
  ['optimistic', 'strong'],
  ['pessimistic', 'dashed'],
  ['serializable', 'dotted'],
];

interface Panel {
  readonly title: string;
  readonly value: (cell: Cell) => number;
  readonly text: (value: number) => string;
}

const PANELS: readonly Panel[] = [
  { title: 'Attempts thrown away for each kept', value: (cell) => cell.conflictsPerCommit, text: String },
  { title: 'Operations kept in a second', value: (cell) => cell.commitsPerSecond, text: (n) => n.toLocaleString('en') },
  { title: '99th percentile of an operation', value: (cell) => cell.latency.p99, text: (ms) => `${ms} ms` },
];

const TOP = 30;
const PANEL_HEIGHT = 132;
const PANEL_STEP = 196;
const LEFT = 66;
const RIGHT = PLOT_WIDTH - 112;

export function drawContention({ cells }: ContentionFigures['results']): string {
  const rows = [...new Set(cells.map((cell) => cell.rows))].sort((a, b) => a - b);
  const of = (strategy: Cell['strategy']) =>
    cells.filter((cell) => cell.strategy === strategy).sort((a, b) => a.rows - b.rows);
  const summary = STROKES.map(([strategy]) => {
    const [first, last] = [of(strategy)[0], of(strategy).at(-1)];
    return `${strategy}: ${first?.conflictsPerCommit} thrown away for each kept on one row, ${last?.conflictsPerCommit} on ${last?.rows}`;
  });
  const plot = new Plot(
    TOP + (PANELS.length - 1) * PANEL_STEP + PANEL_HEIGHT + 30,
    `Sixteen clients update rows that they share more or less. ${summary.join('; ')}.`,
    `npm run record -- --experiment ${NAME}`,
  );
  const x = logScale([rows[0] ?? 1, rows.at(-1) ?? 1], [LEFT, RIGHT]);
  PANELS.forEach(({ title, value, text }, i) => {
    const top = TOP + i * PANEL_STEP;
    const bottom = top + PANEL_HEIGHT;
    const ticks = steps(Math.max(...STROKES.flatMap(([strategy]) => of(strategy).map(value))));
    const y = linearScale([0, ticks.at(-1) ?? 1], [bottom, top]);
    plot.text(LEFT, top - 12, title, { tone: 'heading' });
    plot.axisY({ scale: y, ticks: ticks.map((at) => ({ at, text: text(at) })), at: LEFT, across: [LEFT, RIGHT] });
    plot.axisX({
      scale: x,
      ticks: rows.map((at) => ({ at, text: at === 1 ? '1 row' : String(at) })),
      at: bottom,
      across: [bottom, bottom],
    });
    for (const [strategy, stroke] of STROKES) {
      const points = of(strategy).map((cell) => [x(cell.rows), y(value(cell))] as const);
      plot.line(points, stroke);
      for (const [px, py] of points) plot.square(px, py, stroke === 'strong' ? 'full' : 'hollow');
    }
    for (const [label, at] of apart(STROKES.map(([strategy]) => [strategy, y(value(of(strategy).at(-1) as Cell))]))) {
      plot.text(RIGHT + 10, at + 4, label);
    }
  });
  return plot.toSvg();
}

const LABEL_HEIGHT = 16;

/** Labels from top to bottom, moved so that none stands on another. */
function apart(labels: readonly (readonly [string, number])[]): [string, number][] {
  const sorted = labels.map(([text, at]): [string, number] => [text, at]).sort((a, b) => a[1] - b[1]);
  for (let i = sorted.length - 2; i >= 0; i--) {
    const [lower, upper] = [sorted[i + 1], sorted[i]];
    if (lower && upper) upper[1] = Math.min(upper[1], lower[1] - LABEL_HEIGHT);
  }
  return sorted;
}

/** Draws the record anew; see `syncPlot`. */
export function plotContention({ check }: { readonly check: boolean }): Promise<string[]> {
  return syncPlot<ContentionFigures>(NAME, ({ results }) => drawContention(results), check);
}
