import type { AstroIntegration } from 'astro';
import { eachPage } from './each-page.ts';

/**
 * The classes of parts that only the build puts into a page. A page without such a part has no use for its rules. No
 * script may make one of them: a test looks.
 */
export const BUILT_PARTS: readonly string[] = [
  'abilities',
  'aside',
  'bench-door',
  'caught-at',
  'chapter',
  'languages',
  'listing',
  'mistake',
  'numeral',
  'simulation',
  'sketch',
  'small-caps',
  'source',
  'stations',
];

/** Takes the rules for parts that a page does not have out of it. Its styles stand in the page itself, so they weigh. */
export function pageStyles(): AstroIntegration {
  return eachPage('page-styles', withItsStyles);
}

/** The page without the rules that select parts which it does not have. */
export function withItsStyles(html: string): string {
  const end = html.indexOf('</head>');
  const body = html.slice(end);
  const has = new Set([...body.matchAll(/\sclass="([^"]*)"/g)].flatMap(([, names = '']) => names.split(/\s+/)));
  const absent = BUILT_PARTS.filter((part) => !has.has(part));
  const head = html.slice(0, end).replaceAll(/(<style[^>]*>)([\s\S]*?)<\/style>/g, (_, open: string, css: string) => {
    // The innermost blocks are the rules; what stands around them are conditions such as @media.
    const rules = css.replaceAll(/([^{}]+)\{([^{}]*)\}/g, (rule, selectors: string, declarations: string) => {
      const left = split(selectors).filter((selector) => !selectsAny(selector, absent));
      if (left.length === split(selectors).length) return rule;
      return left.length === 0 ? '' : `${left.join(',')}{${declarations}}`;
    });
    return `${open}${rules.replaceAll(/@(media|supports|layer)[^{};]*\{\s*\}/g, '')}</style>`;
  });
  return head + body;
}

function selectsAny(selector: string, classes: readonly string[]): boolean {
  // What is in brackets may be an alternative, or what must not be.
  if (/:(not|is|where|has)\(/.test(selector)) return false;
  const named = [...selector.matchAll(/\.([\w-]+)/g)].map(([, name]) => name);
  return classes.some((name) => named.includes(name));
}

/** Splits a list of selectors at its commas, and not at those in brackets. */
function split(selectors: string): string[] {
  return selectors.split(/,(?![^(]*\))/);
}
