import { createHash } from 'node:crypto';
import { readText } from './repository.ts';

/** What a page needs to show a committed SVG. */
export interface Figure {
  readonly svg: string;
  /** Width that the drawing was made for, in CSS pixels. */
  readonly width: number;
  /** The command that makes it again, from the root's `data-command`. */
  readonly command: string | undefined;
  /** What it is called, from the root's `data-title`. */
  readonly title: string | undefined;
}

/**
 * Reads a committed SVG for use inside a page: without its XML head, and without the `<style data-standalone>` that
 * gives it colours when it is opened by itself, as the page has the same names in both schemes.
 *
 * @throws Error that names the file and how to make it.
 */
export function readFigure(path: string, mend: string): Figure {
  const text = readText(path);
  if (text === undefined) throw new Error(`${path} does not exist, and a page shows it. ${mend}`);
  const start = text.indexOf('<svg');
  if (start < 0) throw new Error(`${path} is no SVG. ${mend}`);
  const svg = text
    .slice(start)
    .replace(/<style data-standalone[^>]*>[\s\S]*?<\/style>/, '')
    .trim();
  const root = /^<svg[^>]*>/.exec(svg)?.[0] ?? '';
  if (!/\srole="img"/.test(root) || !/\saria-label(ledby)?="/.test(root)) {
    throw new Error(`${path}: its root has no role="img" with a label, so a screen reader is told nothing. ${mend}`);
  }
  const box = /viewBox="[-\d.]+ [-\d.]+ ([\d.]+) [\d.]+"/.exec(root);
  const attribute = (name: string) =>
    new RegExp(`\\s${name}="([^"]*)"`).exec(root)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  return {
    svg: lighter(svg, root),
    width: Number(box?.[1] ?? 640),
    command: attribute('data-command'),
    title: attribute('data-title'),
  };
}

/**
 * What the drawing program writes and nobody reads: styles and weights that are the usual ones, a span and classes for
 * each word of a label, boxes and labels without text.
 */
const NOTHING_SAID: readonly (readonly [RegExp, string])[] = [
  [/ style="(?:normal|;|fill:none;;;fill:none;?)"/g, ''],
  [/ font-(?:style|weight)="normal"/g, ''],
  [/ class="text-(?:outer|inner)-tspan(?: row)?"/g, ''],
  [/<tspan>([^<]*)<\/tspan>/g, '$1'],
  [/<text[^>]*><tspan[^>]*\/><\/text>/g, ''],
  [/<g><rect class="background" style="stroke: none"\/><\/g>/g, ''],
];

/** The same drawing in fewer bytes: its id is part of every rule and every marker, and much in it says nothing. */
function lighter(svg: string, root: string): string {
  const id = /\sid="(dg-[^"]+)"/.exec(root)?.[1];
  const bare = NOTHING_SAID.reduce((text, [what, instead]) => text.replaceAll(what, instead), svg);
  return id === undefined ? bare : bare.replaceAll(id, shortId(id));
}

/** Five characters that are the same in every build, and hardly ever another's. */
function shortId(id: string): string {
  return `d${createHash('sha256').update(id).digest('base64url').replaceAll(/[-_]/g, '').slice(0, 4)}`;
}

/** Whether a committed SVG is there. */
export function figureExists(path: string): boolean {
  return readText(path) !== undefined;
}
