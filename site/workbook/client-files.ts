/** The scripts and styles that pages of the workbook mode load: TypeScript of the site, with its types taken out. */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { transform } from 'sucrase';

/** Names as a page asks for them; they are also where the files stand below site/src. Nothing else is served. */
export const CLIENT_FILES = [
  'scripts/result-list.ts',
  'scripts/workbook/calls.ts',
  'scripts/workbook/panel.ts',
  'scripts/workbook/diff-lines.ts',
  'scripts/workbook/hint-lines.ts',
  'scripts/workbook/reading.ts',
  'scripts/workbook/standings.ts',
  'styles/result-list.css',
  'styles/workbook.css',
] as const;

export type ClientFile = (typeof CLIENT_FILES)[number];

export class ClientFiles {
  readonly #bodies = new Map<string, { readonly type: string; readonly text: string }>();

  /** Reads them all. @throws Error when one is missing. */
  constructor() {
    for (const name of CLIENT_FILES) {
      const text = readFileSync(fileURLToPath(new URL(`../src/${name}`, import.meta.url)), 'utf8');
      const isStyle = name.endsWith('.css');
      this.#bodies.set(name, {
        type: isStyle ? 'text/css' : 'text/javascript',
        text: isStyle ? text : transform(text, { transforms: ['typescript'], disableESTransforms: true }).code,
      });
    }
  }

  /** What is served by that name; undefined when nothing is. */
  textOf(name: string): string | undefined {
    return this.#bodies.get(name)?.text;
  }

  /** Answers if `name` is one of them, and says whether it was. */
  answer(name: string, response: ServerResponse): boolean {
    const body = this.#bodies.get(name);
    if (!body) return false;
    response.writeHead(200, { 'Content-Type': `${body.type};charset=utf-8` });
    response.end(body.text);
    return true;
  }
}
