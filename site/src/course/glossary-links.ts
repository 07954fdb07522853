import type { Term } from './glossary.ts';

/** Text inside these is a listing, a link, a heading or a drawing: a link there would be wrong or too loud. */
const CLOSED_TO_LINKS = new Set(['a', 'pre', 'h1', 'h2', 'h3', 'h4', 'svg', 'style', 'script', 'summary']);
const VOID = new Set(['br', 'hr', 'img', 'input', 'link', 'meta', 'wbr', 'path', 'rect', 'line']);
/** Only running text has links. */
const RUNNING = new Set(['p', 'li', 'td']);

/**
 * Links the first use of each term in rendered prose to the glossary: quietly, once a page, and only in running text.
 *
 * @param hrefOf the address of a term.
 */
export function linkTerms(html: string, terms: readonly Term[], hrefOf: (term: Term) => string): string {
  const open: string[] = [];
  const waiting = new Map(terms.map((term) => [term, new RegExp(`(?<![\\w/-])(?:${term.match})(?![\\w-])`, 'i')]));
  return html
    .split(/(<!--[\s\S]*?-->|<[^>]+>)/)
    .map((part) => {
      if (!part.startsWith('<')) {
        if (!canLink(open)) return part;
        return open.at(-1) === 'code' ? linkWhole(part, waiting, hrefOf) : linkIn(part, waiting, hrefOf);
      }
      const [, slash = '', name = ''] = /^<(\/?)([a-z][a-z0-9-]*)/i.exec(part) ?? [];
      if (slash === '/') open.length = Math.max(0, open.lastIndexOf(name));
      else if (name !== '' && !VOID.has(name) && !part.endsWith('/>')) open.push(name);
      return part;
    })
    .join('');
}

function canLink(open: readonly string[]): boolean {
  return open.some((name) => RUNNING.has(name)) && !open.some((name) => CLOSED_TO_LINKS.has(name));
}

/** Links a text that is a term and nothing else: code such as `ETag`. */
function linkWhole(text: string, waiting: Map<Term, RegExp>, hrefOf: (term: Term) => string): string {
  const isTerm = [...waiting.values()].some((pattern) => pattern.exec(text)?.[0] === text);
  return isTerm ? linkIn(text, waiting, hrefOf) : text;
}

/** Links what stands first in a text, and goes on behind it. */
function linkIn(text: string, waiting: Map<Term, RegExp>, hrefOf: (term: Term) => string): string {
  let first: { readonly term: Term; readonly at: number; readonly use: string } | undefined;
  for (const [term, pattern] of waiting) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const longer = first !== undefined && found.index === first.at && found[0].length > first.use.length;
    if (first === undefined || found.index < first.at || longer) first = { term, at: found.index, use: found[0] };
  }
  if (first === undefined) return text;
  const { term, at, use } = first;
  waiting.delete(term);
  const rest = linkIn(text.slice(at + use.length), waiting, hrefOf);
  return `${text.slice(0, at)}<a class="term" href="${hrefOf(term)}">${use}</a>${rest}`;
}
