/** The plot of the write-up RabbitMQ, Kafka or SQS?, from its evidence. */
import { linearScale, PLOT_WIDTH, Plot, steps } from '../plot.ts';
import { syncPlot } from '../plot-files.ts';
import type { BrokerFigures } from './rabbitmq-kafka-or-sqs.ts';

const NAME = 'rabbitmq-kafka-or-sqs';
const LEFT = 270;
const RIGHT = PLOT_WIDTH - 40;
const TOP = 44;
const ROW = 24;
const PANEL_GAP = 70;

interface Row {
  readonly name: string;
  /** Filled squares, then hollow ones, in seconds. */
  readonly filled: readonly number[];
  readonly hollow: readonly number[];
}

interface Panel {
  readonly title: string;
  readonly rows: readonly Row[];
}

function panelsOf({ redelivery, waits }: BrokerFigures['results'], noticeS: readonly number[]): Panel[] {
  const [short, long] = noticeS;
  const brokers = [...new Set(redelivery.map(({ broker }) => broker))];
  const ends = [...new Set(redelivery.map(({ end }) => end))];
  const secondsOf = (broker: string, end: string, notice: number | undefined) =>
    redelivery
      .filter((each) => each.broker === broker && each.end === end && each.noticeS === notice)
      .map(({ lastMs }) => lastMs / 1_000);
  return [
    {
      title: `Until another worker has the messages; clocks set to ${short} s (filled) and ${long} s (hollow)`,
      rows: brokers.flatMap((broker) =>
        ends.map((end) => ({
          name: `${broker}, worker ${end}`,
          filled: secondsOf(broker, end, short),
          hollow: secondsOf(broker, end, long),
        })),
      ),
    },
    {
      title: 'The longest wait behind a message that fails twice, by what is behind it',
      rows: waits
        .filter(({ keyed }) => keyed)
        .map(({ broker, group, longestMs }) => ({
          name: `${broker}, ${group}`,
          filled: [longestMs / 1_000],
          hollow: [],
        })),
    },
  ];
}

/** A row for each case, a square for each measurement. */
export function drawBrokers({ results, parameters }: Pick<BrokerFigures, 'results' | 'parameters'>): string {
  const panels = panelsOf(results, parameters.redelivery.noticeS);
  const heights = panels.map(({ rows }) => rows.length * ROW);
  const summary = panels.map(({ title, rows }) =>
    [
      title,
      ...rows.map(({ name, filled, hollow }) => `${name}: ${[...filled, ...hollow].map(inWords).join(' and ')}`),
    ].join('. '),
  );
  const plot = new Plot(
    TOP + heights.reduce((sum, height) => sum + height + PANEL_GAP, 0) - PANEL_GAP / 2,
    `${summary.join('. ')}.`,
    `npm run record -- --experiment ${NAME}`,
  );
  let top = TOP;
  for (const [i, { title, rows }] of panels.entries()) {
    const bottom = top + (heights[i] ?? 0);
    const ticks = steps(Math.max(0.1, ...rows.flatMap(({ filled, hollow }) => [...filled, ...hollow])));
    const x = linearScale([0, ticks.at(-1) ?? 1], [LEFT, RIGHT]);
    plot.text(12, top - 18, title, { tone: 'heading' });
    plot.axisX({
      scale: x,
      ticks: ticks.map((at) => ({ at, text: `${at} s` })),
      at: bottom,
      across: [top - 4, bottom],
    });
    for (const [row, { name, filled, hollow }] of rows.entries()) {
      const y = top + row * ROW + ROW / 2;
      plot.text(LEFT - 12, y + 4, name, { anchor: 'end' });
      for (const seconds of filled) plot.square(x(seconds), y, 'full');
      for (const seconds of hollow) plot.square(x(seconds), y, 'hollow');
    }
    top = bottom + PANEL_GAP;
  }
  return plot.toSvg();
}

function inWords(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

/** Draws the record anew; see `syncPlot`. */
export function plotBrokers({ check }: { readonly check: boolean }): Promise<string[]> {
  return syncPlot<BrokerFigures>(NAME, drawBrokers, check);
}
