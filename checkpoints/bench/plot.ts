/**
 * Draws plots in the course's hand: a thin line, small squares, labels beside what they name. Static SVG that takes its
 * colours from the page (`--dg-*`), and from the reader's colour scheme where it stands alone. The same numbers give
 * the same bytes.
 */

/** A value's place on an axis, in pixels. */
export type Scale = (value: number) => number;

type Interval = readonly [from: number, to: number];

export function linearScale([from, to]: Interval, [start, end]: Interval): Scale {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** Equal steps are equal factors. */
export function logScale([from, to]: Interval, range: Interval): Scale {
  const linear = linearScale([Math.log(from), Math.log(to)], range);
  return (value) => linear(Math.log(value));
}

/** Three to eight steps of 1, 2 or 5 times a power of ten, from 0 to the first at or above `max`. */
export function steps(max: number): number[] {
  const power = 10 ** Math.floor(Math.log10(max / 4));
  const step = power * ([1, 2, 5].findLast((factor) => max / (factor * power) >= 2.5) ?? 1);
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

/** `line`: the thin line. `strong`: heavier. `dashed`, `dotted`: a second and a third series. `grid`: the faintest. */
export type Stroke = 'line' | 'strong' | 'dashed' | 'dotted' | 'grid';
/** `full` and `hollow` squares tell two series apart without colour. */
export type Fill = 'full' | 'hollow';

export interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  /** `quiet`: axes and notes. `heading`: of a panel. */
  readonly tone?: 'plain' | 'quiet' | 'heading';
  /** A strip of the page's colour around the letters, where they stand on lines. */
  readonly halo?: boolean;
}

export interface AxisOptions {
  readonly scale: Scale;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** Where the axis stands: the y of a horizontal one, the x of a vertical one. */
  readonly at: number;
  /** The ends of the grid lines across the panel. */
  readonly across: Interval;
}

/** Labels stay above 11 px when the drawing is at its smallest: MIN_WIDTH / WIDTH · FONT_PX. */
export const PLOT_WIDTH = 720;
const MIN_WIDTH = 640;
const FONT_PX = 13;
const SQUARE_PX = 5;

const STYLE = `
.plot{--p-text:var(--dg-ink,#211d17);--p-quiet:var(--dg-soft,#6a6255);--p-line:var(--dg-ink,#4c463b);--p-grid:var(--dg-rule,#ddd5c5);--p-paper:var(--dg-paper,#fbf8f1);
font-family:var(--dg-font,"Source Sans 3 Variable","Source Sans 3",system-ui,sans-serif);font-size:${FONT_PX}px;font-variant-numeric:tabular-nums;min-width:${MIN_WIDTH}px}
@media (prefers-color-scheme:dark){.plot{--p-text:var(--dg-ink,#ece4d4);--p-quiet:var(--dg-soft,#a79f90);--p-line:var(--dg-ink,#c9c0af);--p-grid:var(--dg-rule,#2e3644);--p-paper:var(--dg-paper,#12161f)}}
.plot text{fill:var(--p-text)}.plot .quiet{fill:var(--p-quiet)}.plot .heading{font-weight:600}
.plot .halo{paint-order:stroke;stroke:var(--p-paper);stroke-width:4px;stroke-linejoin:round}
.plot path{fill:none;stroke:var(--p-line);stroke-width:1}.plot .strong{stroke:var(--p-text);stroke-width:1.75}
.plot .dashed{stroke:var(--p-text);stroke-width:1.5;stroke-dasharray:6 4}.plot .dotted{stroke:var(--p-text);stroke-width:1.5;stroke-dasharray:1.5 3}
.plot .grid{stroke:var(--p-grid)}.plot rect{stroke:var(--p-text);stroke-width:1}.plot .full{fill:var(--p-text)}.plot .hollow{fill:var(--p-paper)}
`.trim();

export class Plot {
  readonly #height: number;
  readonly #label: string;
  readonly #command: string;
  readonly #parts: string[] = [];

  /**
   * @param label tells somebody who cannot see the drawing what it shows.
   * @param command measures and draws it again; the page prints it under the drawing.
   */
  constructor(height: number, label: string, command: string) {
    this.#height = height;
    this.#label = label;
    this.#command = command;
  }

  line(points: readonly (readonly [x: number, y: number])[], stroke: Stroke): void {
    const path = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');
    this.#parts.push(`<path class="${stroke}" d="${path}"/>`);
  }

  /** A square with its middle at (x, y): one message, one measurement. */
  square(x: number, y: number, fill: Fill): void {
    const [left, top] = [x - SQUARE_PX / 2, y - SQUARE_PX / 2];
    this.#parts.push(
      `<rect class="${fill}" x="${px(left)}" y="${px(top)}" width="${SQUARE_PX}" height="${SQUARE_PX}"/>`,
    );
  }

  /** A cross: something that never arrived. */
  cross(x: number, y: number): void {
    const r = SQUARE_PX / 2;
    this.#parts.push(
      `<path class="strong" d="M${px(x - r)} ${px(y - r)}L${px(x + r)} ${px(y + r)}M${px(x - r)} ${px(y + r)}L${px(x + r)} ${px(y - r)}"/>`,
    );
  }

  text(x: number, y: number, text: string, { anchor = 'start', tone = 'plain', halo = false }: TextOptions = {}): void {
    const classes = [tone === 'plain' ? '' : tone, halo ? 'halo' : ''].filter((name) => name !== '').join(' ');
    const attributes = [classes && ` class="${classes}"`, anchor === 'start' ? '' : ` text-anchor="${anchor}"`].join(
      '',
    );
    this.#parts.push(`<text${attributes} x="${px(x)}" y="${px(y)}">${escaped(text)}</text>`);
  }

  /** Ticks below a panel, with grid lines up through it. */
  axisX({ scale, ticks, at, across: [top, bottom] }: AxisOptions): void {
    for (const tick of ticks) {
      const x = scale(tick.at);
      this.line([[x, top], [x, bottom]], 'grid'); // biome-ignore format: one line reads better
      this.text(x, at + 18, tick.text, { anchor: 'middle', tone: 'quiet' });
    }
  }

  /** Ticks left of a panel, with grid lines through it. */
  axisY({ scale, ticks, at, across: [left, right] }: AxisOptions): void {
    for (const tick of ticks) {
      const y = scale(tick.at);
      this.line([[left, y], [right, y]], 'grid'); // biome-ignore format: one line reads better
      this.text(at - 8, y + 4, tick.text, { anchor: 'end', tone: 'quiet' });
    }
  }

  toSvg(): string {
    const size = `viewBox="0 0 ${PLOT_WIDTH} ${this.#height}" width="${PLOT_WIDTH}" height="${this.#height}"`;
    const label = escaped(this.#label).replaceAll('"', '&quot;');
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" aria-label="${label}" data-command="${this.#command}" ${size}>`,
      `<style>${STYLE}</style>`,
      ...this.#parts,
      '</svg>\n',
    ].join('\n');
  }
}

/** Tenths of a pixel: finer than the eye, and the same on every machine. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
