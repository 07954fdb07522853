/** Writes a drawing as SVG, at build: the still that stands in for a simulation. */
import { type Element, elementOf, type Mark } from './scene.ts';

export interface StillOptions {
  readonly width: number;
  readonly height: number;
  /** What it was made with, for those who open the file. */
  readonly made: string;
}

/** @returns a file with one group, `#still`, to be shown by `<use>`: then it has the colours and the type of the page. */
export function stillFile(marks: readonly Mark[], { width, height, made }: StillOptions): string {
  const drawing = marks.map((mark) => markupOf(elementOf(mark))).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><desc>${escaped(made)}</desc><g id="still">${drawing}</g></svg>\n`;
}

function markupOf({ tag, attributes, text = '', children = [] }: Element): string {
  if (tag === 'text' && text === '') return '';
  const given = Object.entries(attributes)
    .filter(([name]) => name !== 'data-touch')
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('');
  const inside = escaped(text) + children.map(markupOf).join('');
  return inside === '' ? `<${tag}${given}/>` : `<${tag}${given}>${inside}</${tag}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
