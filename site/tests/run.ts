/**
 * Builds the site twice (for the root and for a sub-path), serves both, runs the browser tests, and counts.
 * `node site/tests/run.ts` does it by hand; arguments go to Playwright, for example `-g keyboard`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firefox } from '@playwright/test';
import { buildIfStale } from '../build.ts';
import { findBrowser, NO_BROWSER } from './browser.ts';
import { freePort } from './free-port.ts';
import { stopServer, untilServed } from './served-site.ts';

export interface SiteTestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why nothing could be checked, and the command that mends it. In CI that counts as a failure. */
  readonly couldNotCheck?: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SUB_PATH = '/some/where';
/** Of the second build, so that what needs an address is tested as well: feeds, cards, canonical links, sitemap. */
const SITE_URL = 'https://course.example';
const SUB_DIST = '.cache/site-sub-path';
const REPORT = join(ROOT, '.cache/site-tests.json');
/** Firefox is no requirement: it is tried where Playwright has one. */
const PROJECTS = ['pages', ...(existsSync(firefox.executablePath()) ? ['firefox'] : []), 'lighthouse'];

interface Report {
  /** Faults outside of any test, such as a file that cannot be loaded. */
  readonly errors?: readonly unknown[];
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
  };
}

/**
 * Runs the browser tests of the site. Everything that it starts has ended when it returns, also when it is interrupted.
 *
 * @throws Error when the site cannot be built or served.
 */
export async function runSiteTests(playwrightArguments: readonly string[] = []): Promise<SiteTestCounts> {
  const browser = await findBrowser();
  if (browser === undefined) {
    return { passed: 0, failed: process.env.CI === 'true' ? 1 : 0, skipped: 0, couldNotCheck: NO_BROWSER };
  }
  const children: ChildProcess[] = [];
  const interrupt = () => {
    for (const child of children) child.kill('SIGTERM');
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await buildIfStale({ outDir: 'site/dist', base: '/', siteUrl: '' });
    await buildIfStale({ outDir: SUB_DIST, base: SUB_PATH, siteUrl: SITE_URL });
    const root = await serve(children, 'site/dist', '/');
    const sub = await serve(children, SUB_DIST, SUB_PATH, SITE_URL);
    const environment = {
      ...process.env,
      CHROME_PATH: browser.path,
      SITE_TEST_URL: root,
      SITE_TEST_SUB_URL: `${sub}${SUB_PATH}/`,
      SITE_TEST_REPORT: REPORT,
    };
    const counts = { passed: 0, failed: 0, skipped: 0 };
    // One after the other: Lighthouse measures, and the rest would disturb it.
    for (const project of PROJECTS) {
      const report = await runProject(children, project, playwrightArguments, environment);
      counts.passed += report.stats.expected;
      counts.failed += report.stats.unexpected + report.stats.flaky + (report.errors?.length ?? 0);
      counts.skipped += report.stats.skipped;
    }
    return counts;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await Promise.all(children.map(stopServer));
  }
}

async function runProject(
  children: ChildProcess[],
  project: string,
  more: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Report> {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(REPORT, { force: true });
  const cli = fileURLToPath(new URL('../../node_modules/@playwright/test/cli.js', import.meta.url));
  const args = ['test', '-c', 'site/playwright.config.ts', '--pass-with-no-tests', `--project=${project}`, ...more];
  const playwright = spawn(process.execPath, [cli, ...args], { cwd: ROOT, stdio: 'inherit', env });
  children.push(playwright);
  await once(playwright, 'close');
  if (!existsSync(REPORT)) throw new Error(`Playwright ended without a report of the project "${project}".`);
  return JSON.parse(readFileSync(REPORT, 'utf8')) as Report;
}

/** Serves built pages in a process of its own, as they are published, and waits until they answer. */
async function serve(children: ChildProcess[], outDir: string, base: string, siteUrl = ''): Promise<string> {
  const port = await freePort();
  const child = spawn(process.execPath, ['site/serve.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    // The same inputs as the build's, or it would be built again.
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      SITE_BASE: base,
      SITE_URL: siteUrl,
      SITE_OUT: outDir,
      WORKBOOK: 'off',
    },
  });
  children.push(child);
  await untilServed(child, outDir);
  return `http://127.0.0.1:${port}`;
}

if (process.argv[1] === import.meta.filename) {
  const { passed, failed, skipped, couldNotCheck } = await runSiteTests(process.argv.slice(2));
  if (couldNotCheck !== undefined) console.error(`could not check: ${couldNotCheck}`);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}
