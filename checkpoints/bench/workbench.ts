/**
 * `npm run bench -- workbench`: how long a reader of the published site waits between the click on Run and the first
 * result. Builds the pages, serves them, and drives a Chromium as a reader does.
 */
import { cpus, loadavg } from 'node:os';
import { chromium, type Page } from 'playwright';
import { findBrowser, NO_BROWSER } from '../../site/tests/browser.ts';
import { serveSite } from '../../site/tests/served-site.ts';
import { type Distribution, distributionOf } from './distribution.ts';

const PAGE = '/labs/framing/workbench/';
const ROUNDS = 20;
/** Nobody runs again in the moment in which the last result appears. */
const THINKING_MS = 1_000;
const RUN_DEADLINE_MS = 60_000;
/** For the median: what a reader usually waits. */
const LIMITS = { firstMs: 200, laterMs: 100 } as const;

export interface WorkbenchFigures {
  readonly lab: string;
  /** From the click that is the first touch of a page, with a warm cache of the browser, to the first result. */
  readonly firstMs: Distribution;
  /** From the click to the first result, on a page that has run before. */
  readonly laterMs: Distribution;
  readonly limits: typeof LIMITS;
  readonly withinLimits: boolean;
  readonly machine: {
    readonly cpu: string;
    readonly cpus: number;
    readonly load1: number;
    readonly browser: string;
  };
}

/** @throws Error when there is no browser, or the site cannot be built. */
export async function runWorkbenchBench(): Promise<WorkbenchFigures> {
  const found = await findBrowser();
  if (found === undefined) throw new Error(NO_BROWSER);
  await using site = await serveSite();
  const browser = await chromium.launch({ executablePath: found.path, args: [...found.args] });
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    // Once to warm the cache; it is not counted.
    await page.goto(`${site.url}${PAGE}`);
    await clickToFirstResult(page);
    const first: number[] = [];
    const later: number[] = [];
    const load1 = loadavg()[0] ?? Number.NaN;
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.goto(`${site.url}${PAGE}`, { waitUntil: 'networkidle' });
      first.push(await clickToFirstResult(page));
      await page.waitForTimeout(THINKING_MS);
      later.push(await clickToFirstResult(page));
    }
    const [firstMs, laterMs] = [distribution(first), distribution(later)];
    return {
      lab: 'framing',
      firstMs,
      laterMs,
      limits: LIMITS,
      withinLimits: firstMs.p50 <= LIMITS.firstMs && laterMs.p50 <= LIMITS.laterMs,
      machine: { cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length, load1, browser: browser.version() },
    };
  } finally {
    await browser.close();
  }
}

export function formatWorkbenchBench({ firstMs, laterMs, limits, withinLimits, machine }: WorkbenchFigures): string {
  const row = (what: string, { p50, p95, max }: Distribution, limit: number) =>
    `${what.padEnd(34)}${[p50, p95, max].map((ms) => `${ms.toFixed(0)} ms`.padStart(9)).join('')}   at most ${limit} ms`;
  return [
    `From the click on Run to the first result, ${firstMs.n} times each`,
    '',
    `${' '.repeat(34)}${['median', 'p95', 'max'].map((title) => title.padStart(9)).join('')}   median wanted`,
    row('first touch, warm cache', firstMs, limits.firstMs),
    row('later runs', laterMs, limits.laterMs),
    '',
    `${machine.browser}, ${machine.cpus} × ${machine.cpu}, load ${machine.load1.toFixed(1)}`,
    withinLimits ? 'Within the limits.' : 'Beyond the limits.',
  ].join('\n');
}

/** Clicks within the page, so that the time of the tool which drives the browser is not measured. */
async function clickToFirstResult(page: Page): Promise<number> {
  const waited = await page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const results = document.querySelector('.results');
        const button = document.querySelector<HTMLElement>('[data-do="run"]');
        if (!results || !button) {
          reject(new Error('this page has no workbench'));
          return;
        }
        const clicked = performance.now();
        const observer = new MutationObserver(() => {
          if (!results.querySelector('li .verdict:is(.passed, .failed, .unknown)')) return;
          observer.disconnect();
          // What a reader sees is the next frame.
          requestAnimationFrame(() => resolve(performance.now() - clicked));
        });
        button.click();
        observer.observe(results, { subtree: true, childList: true, attributes: true, characterData: true });
      }),
  );
  await page
    .locator('.results [role="status"]')
    .filter({ hasText: / green/ })
    .waitFor({ timeout: RUN_DEADLINE_MS });
  return waited;
}

function distribution(values: readonly number[]): Distribution {
  return distributionOf(values, { unit: 'ms', binWidth: 10 });
}
