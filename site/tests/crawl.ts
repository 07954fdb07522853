import { gzipSync } from 'node:zlib';
import type { ConsoleMessage, Page, Response } from '@playwright/test';

/** What the browser loaded for one page, and what the page says of itself. */
export interface Visit {
  readonly path: string;
  readonly status: number;
  /** Gzip bytes of its HTML, style sheets and scripts. */
  readonly pageBytes: number;
  readonly fontBytes: number;
  /** Requests to any other host. */
  readonly foreign: readonly string[];
  readonly errors: readonly string[];
  /** Same-origin links, as path and fragment. */
  readonly links: readonly { readonly path: string; readonly fragment: string }[];
  readonly ids: readonly string[];
  /** How far the page can be scrolled sideways, in CSS pixels. */
  readonly overflow: number;
}

const PAGE_KINDS = new Set(['document', 'stylesheet', 'script']);

/**
 * Opens one page of the site and notes everything that it loads, each file with its full weight, whether or not the
 * browser still had it. `bodies` remembers what earlier visits loaded.
 */
export async function visit(page: Page, path: string, bodies = new Map<string, Buffer>()): Promise<Visit> {
  const responses: Response[] = [];
  const errors: string[] = [];
  const foreign: string[] = [];
  const onResponse = (response: Response) => responses.push(response);
  const onError = (error: Error) => errors.push(error.message);
  const onConsole = (message: ConsoleMessage) => {
    if (message.text().includes('Content Security Policy')) errors.push(message.text());
  };
  page.on('response', onResponse).on('pageerror', onError).on('console', onConsole);
  const answer = await page.goto(path, { waitUntil: 'load' });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  page.off('response', onResponse).off('pageerror', onError).off('console', onConsole);

  const origin = new URL(page.url()).origin;
  let pageBytes = 0;
  let fontBytes = 0;
  const counted = new Set<string>();
  for (const response of responses) {
    const url = response.url();
    if (url.startsWith('data:') || counted.has(url)) continue;
    counted.add(url);
    if (new URL(url).origin !== origin) foreign.push(url);
    const kind = response.request().resourceType();
    if (response.status() >= 400 && kind !== 'document') errors.push(`${response.status()} ${url}`);
    if (PAGE_KINDS.has(kind)) pageBytes += gzipSync(await bodyOf(response, bodies), { level: 9 }).length;
    if (kind === 'font') fontBytes += (await bodyOf(response, bodies)).length;
  }
  const said = await page.evaluate(() => ({
    links: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')]
      .map((link) => new URL(link.href))
      .filter((url) => url.origin === location.origin)
      .map((url) => ({ path: url.pathname, fragment: decodeURIComponent(url.hash.slice(1)) })),
    ids: [...document.querySelectorAll('[id]')].map((element) => element.id),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  }));
  return { path, status: answer?.status() ?? 0, pageBytes, fontBytes, foreign, errors, ...said };
}

/** What a response holds; for a 304, what the same address held before. */
async function bodyOf(response: Response, bodies: Map<string, Buffer>): Promise<Buffer> {
  const known = bodies.get(response.url());
  if (known !== undefined) return known;
  const body = await response.body();
  bodies.set(response.url(), body);
  return body;
}

/** Every page that can be reached from a start by links, each visited once. */
export async function crawl(page: Page, start: string): Promise<Map<string, Visit>> {
  const bodies = new Map<string, Buffer>();
  const visits = new Map<string, Visit>();
  const waiting = [start];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (visits.has(path)) continue;
    const seen = await visit(page, path, bodies);
    visits.set(path, seen);
    for (const link of seen.links) if (!visits.has(link.path)) waiting.push(link.path);
  }
  return visits;
}
