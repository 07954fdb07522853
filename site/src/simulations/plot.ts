/** The small plots under the drawings: axes and curves as marks, in the hand of the book's other plots. */
import { type Mark, type PathLook, round } from './scene.ts';

export interface PlotArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Axis {
  readonly from: number;
  readonly to: number;
}

/** What an axis may end at, times a power of ten. */
const TOPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** A round number at or above `value`. */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return (TOPS.find((top) => top * power >= value) ?? 10) * power;
}

/** Level lines with their labels to the left, half way and at the top. */
export function levels(area: PlotArea, axis: Axis, label: (value: number) => string): Mark[] {
  return [0, 0.5, 1].flatMap((share): Mark[] => {
    const y = area.y + area.height * (1 - share);
    const value = axis.from + share * (axis.to - axis.from);
    return [
      {
        kind: 'path',
        key: `level-${share}`,
        x: area.x,
        y,
        d: `M0 0H${round(area.width)}`,
        look: share === 0 ? 'rule' : 'grid',
      },
      {
        kind: 'text',
        key: `level-${share}`,
        x: area.x - 8,
        y: y + 4,
        text: label(value),
        look: 'label',
        anchor: 'end',
      },
    ];
  });
}

/** Where a value lies, in pixels from the area's edge; never beyond the top. */
export function heightOf(area: PlotArea, axis: Axis, value: number): number {
  const share = Math.min(1, (value - axis.from) / (axis.to - axis.from));
  return area.height * (1 - share);
}

/** A curve through `[x, y]` in pixels from the area's corner. */
export function curve(
  key: string,
  area: PlotArea,
  points: readonly (readonly [number, number])[],
  look: PathLook,
): Mark {
  const d = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
  return { kind: 'path', key, x: area.x, y: area.y, d: d === '' ? 'M0 0' : d, look };
}

/** A small square around each `[x, y]`, all in one path. */
export function dots(points: readonly (readonly [number, number])[], size: number): string {
  const half = size / 2;
  return points.map(([x, y]) => `M${round(x - half)} ${round(y - half)}h${size}v${size}h-${size}z`).join('');
}
