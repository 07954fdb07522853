/** The plot of the write-up Which cache strategy?, from its evidence. */
import { linearScale, PLOT_WIDTH, Plot, steps } from '../plot.ts';
import { syncPlot } from '../plot-files.ts';
import type { StrategyCell, StrategyFigures } from './which-cache-strategy.ts';

const NAME = 'which-cache-strategy';
const LEFT = 190;
const RIGHT = PLOT_WIDTH - 40;
const TOP = 44;
const ROW = 24;
const PANEL_GAP = 66;

interface Panel {
  readonly title: string;
  readonly value: (cell: StrategyCell) => number;
  readonly unit: string;
}

const PANELS: readonly Panel[] = [
  { title: 'Loads', value: ({ loads }) => loads, unit: '' },
  { title: 'Stale reads, of all reads', value: ({ stalePercent }) => stalePercent, unit: ' %' },
  { title: 'The oldest value given had been replaced for', value: ({ oldestMs }) => oldestMs, unit: ' ms' },
];

/** A row for each strategy, a square for each TTL. */
export function drawStrategies({ cells }: StrategyFigures['results']): string {
  const names = [...new Set(cells.map(({ strategy }) => strategy))];
  const shortest = Math.min(...cells.flatMap(({ ttlMs }) => ttlMs ?? []));
  const summary = cells.map(
    ({ strategy, ttlMs, loads, stalePercent }) =>
      `${strategy}${ttlMs === null ? '' : ` with ${ttlMs} ms`}: ${loads} loads, ${stalePercent} % stale`,
  );
  const panelHeight = names.length * ROW;
  const plot = new Plot(
    TOP + PANELS.length * (panelHeight + PANEL_GAP),
    `Loads and stale reads by strategy. ${summary.join('; ')}.`,
    `npm run record -- --experiment ${NAME}`,
  );
  PANELS.forEach(({ title, value, unit }, panel) => {
    const top = TOP + panel * (panelHeight + PANEL_GAP);
    const bottom = top + panelHeight;
    const ticks = steps(Math.max(1, ...cells.map(value)));
    const x = linearScale([0, ticks.at(-1) ?? 1], [LEFT, RIGHT]);
    plot.text(LEFT, top - 18, `${title}; filled: the shorter TTL, hollow: the longer`, { tone: 'heading' });
    plot.axisX({
      scale: x,
      ticks: ticks.map((at) => ({ at, text: `${at.toLocaleString('en')}${unit}` })),
      at: bottom,
      across: [top - 4, bottom],
    });
    names.forEach((name, i) => {
      const y = top + i * ROW + ROW / 2;
      plot.text(LEFT - 12, y + 4, name, { anchor: 'end' });
      const own = cells.filter(({ strategy }) => strategy === name);
      plot.line(own.map((cell) => [x(value(cell)), y] as const), 'line'); // biome-ignore format: one line reads better
      for (const cell of own) {
        plot.square(x(value(cell)), y, cell.ttlMs === null || cell.ttlMs === shortest ? 'full' : 'hollow');
      }
    });
  });
  return plot.toSvg();
}

/** Draws the record anew; see `syncPlot`. */
export function plotStrategies({ check }: { readonly check: boolean }): Promise<string[]> {
  return syncPlot<StrategyFigures>(NAME, ({ results }) => drawStrategies(results), check);
}
