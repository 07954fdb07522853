/**
 * What a drawing is made of: marks with a key, in the hand of the book. A mark keeps its key from frame to frame, so
 * that only what has changed is touched. `scene-markup.ts` writes marks at build, `scene-painter.ts` paints them live.
 */

interface Placed {
  /** Unique in a drawing, and the same for the same thing in every frame. */
  readonly key: string;
  readonly x: number;
  readonly y: number;
}

/** A message, a byte, a packet: the square of the wire. */
export interface SquareMark extends Placed {
  readonly kind: 'square';
  readonly size: number;
  readonly look: SquareLook;
  readonly text?: string;
  /** What a click or a touch on it asks the model to do. */
  readonly touch?: string;
}

/** Anything made of lines; `d` as in SVG, from the mark's own place. */
export interface PathMark extends Placed {
  readonly kind: 'path';
  readonly d: string;
  readonly look: PathLook;
}

export interface TextMark extends Placed {
  readonly kind: 'text';
  readonly text: string;
  readonly look: TextLook;
  readonly anchor?: 'start' | 'middle' | 'end';
}

/** Marks that move together. Cheaper than moving each: one number changes in a frame. */
export interface GroupMark extends Placed {
  readonly kind: 'group';
  readonly marks: readonly Mark[];
}

export type Mark = SquareMark | PathMark | TextMark | GroupMark;

type Attributes = Readonly<Record<string, string>>;

const PAPER = 'var(--paper)';
const INK = 'var(--ink)';
const SOFT = 'var(--soft)';
const ACCENT = 'var(--accent)';
const LOST = 'var(--failed)';

/** The rectangle, and the text in it. */
const SQUARES = {
  /** Has arrived where it should. */
  given: { rect: { fill: INK }, text: { fill: PAPER } },
  /** Is there, and waits. */
  held: { rect: { fill: PAPER, stroke: INK, 'stroke-width': '1.25' }, text: { fill: INK } },
  /** Something that is done again, or that can be touched. */
  again: { rect: { fill: ACCENT }, text: { fill: PAPER } },
  /** Part of the same, and waiting. */
  hollow: { rect: { fill: PAPER, stroke: ACCENT, 'stroke-width': '1.25' }, text: { fill: ACCENT } },
  /** A place where something is missing. */
  empty: { rect: { fill: 'none', stroke: SOFT, 'stroke-dasharray': '3 3' }, text: { fill: SOFT } },
  lost: { rect: { fill: PAPER, stroke: LOST, 'stroke-dasharray': '3 3' }, text: { fill: LOST } },
  /** Not yet. */
  pale: { rect: { fill: PAPER, stroke: 'var(--rule)' }, text: { fill: SOFT } },
} as const satisfies Record<string, { readonly rect: Attributes; readonly text: Attributes }>;

const PATHS = {
  line: { fill: 'none', stroke: INK, 'stroke-width': '1.25' },
  strong: { fill: 'none', stroke: INK, 'stroke-width': '2' },
  accent: { fill: 'none', stroke: ACCENT, 'stroke-width': '2' },
  grid: { fill: 'none', stroke: 'var(--pale)' },
  rule: { fill: 'none', stroke: 'var(--rule)' },
  note: { fill: 'none', stroke: SOFT },
  dashed: { fill: 'none', stroke: SOFT, 'stroke-width': '1.25', 'stroke-dasharray': '5 4' },
  cross: { fill: 'none', stroke: LOST, 'stroke-width': '2' },
  ink: { fill: INK },
  touch: { fill: ACCENT },
  bad: { fill: LOST },
  soft: { fill: SOFT },
  faint: { fill: 'var(--rule)' },
  hollow: { fill: PAPER, stroke: INK },
} as const satisfies Record<string, Attributes>;

const TEXTS = {
  label: { fill: SOFT, 'font-size': '13' },
  plain: { fill: INK, 'font-size': '14' },
  strong: { fill: INK, 'font-size': '15', 'font-weight': '600' },
  touch: { fill: ACCENT, 'font-size': '14' },
  bad: { fill: LOST, 'font-size': '14' },
  mono: { fill: INK, 'font-size': '13', 'font-family': 'var(--mono)' },
} as const satisfies Record<string, Attributes>;

export type SquareLook = keyof typeof SQUARES;
export type PathLook = keyof typeof PATHS;
export type TextLook = keyof typeof TEXTS;

/** An element of SVG, as data. */
export interface Element {
  readonly tag: string;
  readonly attributes: Attributes;
  readonly text?: string;
  readonly children?: readonly Element[];
}

/** The text in a square stands in the middle; from this many characters on it is set smaller. */
const LONG_TEXT = 3;

/** What a mark is in SVG. Two marks of one key and kind differ in attributes and texts alone. */
export function elementOf(mark: Mark): Element {
  const transform = `translate(${round(mark.x)} ${round(mark.y)})`;
  if (mark.kind === 'path') return { tag: 'path', attributes: { transform, d: mark.d, ...PATHS[mark.look] } };
  if (mark.kind === 'text') {
    const anchor: Attributes = mark.anchor === undefined ? {} : { 'text-anchor': mark.anchor };
    return { tag: 'text', attributes: { transform, ...TEXTS[mark.look], ...anchor }, text: mark.text };
  }
  if (mark.kind === 'group') return { tag: 'g', attributes: { transform }, children: mark.marks.map(elementOf) };
  const { size, look, text = '', touch } = mark;
  const side = String(size);
  const middle = String(round(size / 2));
  const fontSize = text.length >= LONG_TEXT ? '11' : '13';
  return {
    tag: 'g',
    attributes: { transform, ...(touch === undefined ? {} : { 'data-touch': touch }) },
    children: [
      { tag: 'rect', attributes: { width: side, height: side, ...SQUARES[look].rect } },
      {
        tag: 'text',
        attributes: {
          x: middle,
          y: middle,
          dy: '.35em',
          'text-anchor': 'middle',
          'font-size': fontSize,
          ...SQUARES[look].text,
        },
        text,
      },
    ],
  };
}

/** A tenth of a pixel is enough, and keeps drawings short. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
