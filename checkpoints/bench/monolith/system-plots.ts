/** The plot of the write-up Monolith or microservices?, from its evidence. */
import { logScale, PLOT_WIDTH, Plot } from '../plot.ts';
import { syncPlot } from '../plot-files.ts';
import type { SystemsFigures } from './monolith-or-microservices.ts';
import { KINDS, type Kind, type Outage } from './outages.ts';
import type { Alone } from './rounds.ts';

const NAME = 'monolith-or-microservices';
const LEFT = 190;
const RIGHT = PLOT_WIDTH - 40;
const ROW = 30;
const TOP = 44;
const COLUMN = 61;

const LABELS: Readonly<Record<Alone, string>> = {
  readQuest: 'read a quest',
  readOffer: 'read an offer',
  postQuest: 'post a quest',
  acceptAnswered: 'accept: the answer',
  acceptSettled: 'accept: all agreed',
};
const TICKS_MS = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

export function drawSystems({ systems, outages }: SystemsFigures['results']): string {
  const kinds = Object.keys(LABELS) as Alone[];
  const summary = kinds.map(
    (kind) => `${LABELS[kind]}: ${systems.monolith.latencyMs[kind].p50} ms and ${systems.split.latencyMs[kind].p50} ms`,
  );
  const secondTop = TOP + kinds.length * ROW + 114;
  const plot = new Plot(
    secondTop + KINDS.length * 22 + 24,
    `Medians, the monolith first. ${summary.join('; ')}. Of all kinds of requests, what is still answered: ${outages
      .map(({ system, away, answeredPercent }) => `${system} without ${away}, ${answeredPercent} %`)
      .join('; ')}.`,
    `npm run record -- --experiment ${NAME}`,
  );
  drawLatencies(plot, systems, kinds);
  drawOutages(plot, outages, secondTop);
  return plot.toSvg();
}

/** A row for each kind: from the median to the 99th percentile, the monolith above the split. */
function drawLatencies(plot: Plot, systems: SystemsFigures['results']['systems'], kinds: readonly Alone[]): void {
  const all = Object.values(systems).flatMap(({ latencyMs }) => kinds.flatMap((kind) => [latencyMs[kind].p50, latencyMs[kind].p99])); // biome-ignore format: one line reads better
  const low = TICKS_MS.findLast((tick) => tick <= Math.min(...all)) ?? TICKS_MS[0] ?? 0.1;
  const high = TICKS_MS.find((tick) => tick >= Math.max(...all)) ?? Math.max(...all);
  const x = logScale([low, high], [LEFT, RIGHT]);
  const bottom = TOP + kinds.length * ROW;
  plot.text(LEFT, TOP - 18, 'Median to 99th percentile, one client; filled: monolith, hollow: split', {
    tone: 'heading',
  });
  plot.axisX({
    scale: x,
    ticks: TICKS_MS.filter((tick) => tick >= low && tick <= high).map((at) => ({
      at,
      text: `${at.toLocaleString('en')} ms`,
    })),
    at: bottom,
    across: [TOP - 4, bottom],
  });
  kinds.forEach((kind, i) => {
    const middle = TOP + i * ROW + ROW / 2;
    plot.text(LEFT - 12, middle + 4, LABELS[kind], { anchor: 'end' });
    for (const [name, y, fill] of [
      ['monolith', middle - 5, 'full'],
      ['split', middle + 5, 'hollow'],
    ] as const) {
      // biome-ignore format: one line reads better
      const { p50, p99 } = systems[name].latencyMs[kind];
      plot.line([[x(p50), y], [x(p99), y]], 'line'); // biome-ignore format: one line reads better
      plot.square(x(p50), y, fill);
      plot.line([[x(p99), y - 4], [x(p99), y + 4]], 'line'); // biome-ignore format: one line reads better
    }
  });
}

/** A column for each thing that is away, a row for each kind of request. */
function drawOutages(plot: Plot, outages: readonly Outage[], top: number): void {
  const columns = outages.map((_, i) => LEFT + COLUMN / 2 + i * COLUMN);
  plot.text(LEFT, top - 58, 'Without it; filled: answered, hollow: in part or later, cross: not', { tone: 'heading' });
  for (const name of ['monolith', 'split'] as const) {
    const own = columns.filter((_, i) => outages[i]?.system === name);
    const middle = own.reduce((sum, x) => sum + x, 0) / own.length;
    plot.text(middle, top - 32, `${name} without`, { anchor: 'middle', tone: 'quiet' });
  }
  outages.forEach(({ away }, i) => {
    plot.text(columns[i] ?? LEFT, top - 12, away, { anchor: 'middle' });
  });
  KINDS.forEach((kind, row) => {
    const y = top + row * 22 + 10;
    plot.text(LEFT - 12, y + 4, kind, { anchor: 'end' });
    plot.line([[LEFT, y], [RIGHT, y]], 'grid'); // biome-ignore format: one line reads better
    for (const [i, outage] of outages.entries()) mark(plot, columns[i] ?? LEFT, y, outage, kind);
  });
}

/** The worst that happened to a kind is drawn. */
function mark(plot: Plot, x: number, y: number, { fates }: Outage, kind: Kind): void {
  const { none, partly } = fates[kind];
  if (none > 0) plot.cross(x, y);
  else plot.square(x, y, partly > 0 ? 'hollow' : 'full');
}

/** Draws the record anew; see `syncPlot`. */
export function plotSystems({ check }: { readonly check: boolean }): Promise<string[]> {
  return syncPlot<SystemsFigures>(NAME, ({ results }) => drawSystems(results), check);
}
