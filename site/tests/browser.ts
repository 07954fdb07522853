/**
 * Finds a Chromium for the browser tests, for Lighthouse and for the diagrams: in the environment, on the PATH, where
 * Playwright keeps its own, and last in the npm package @sparticuz/chromium. It downloads nothing by itself.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright';
import { packagedBrowser } from './packaged-browser.ts';

export interface FoundBrowser {
  readonly path: string;
  /** Flags that make it quiet and fit for a small machine or a container. */
  readonly args: readonly string[];
  /** Where it was found, for messages. */
  readonly origin: string;
}

/** What to say when there is none, with the command that brings one. */
export const NO_BROWSER =
  'no Chromium was found: not in CHROME_PATH, not on the PATH, none of Playwright’s own. ' +
  'Get one with `npx playwright install chromium`, or name yours in CHROME_PATH';

const QUIET_ARGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome', 'msedge'];

const MAC_APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/** The first usable Chromium, or undefined. */
export async function findBrowser(environment: NodeJS.ProcessEnv = process.env): Promise<FoundBrowser | undefined> {
  for (const name of ['CHROME_PATH', 'PLAYWRIGHT_CHROMIUM'] as const) {
    const path = environment[name];
    if (path === undefined || path === '') continue;
    if (!isExecutable(path))
      throw new Error(`${name} names ${path}, which is no program that can be run. Mend or unset it.`);
    return { path, args: QUIET_ARGS, origin: name };
  }
  for (const folder of (environment.PATH ?? '').split(delimiter).filter((entry) => entry !== '')) {
    for (const name of NAMES) {
      const path = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
      if (isExecutable(path)) return { path, args: QUIET_ARGS, origin: 'the PATH' };
    }
  }
  for (const path of MAC_APPLICATIONS) {
    if (isExecutable(path)) return { path, args: QUIET_ARGS, origin: 'the applications' };
  }
  const own = chromium.executablePath();
  if (own !== '' && existsSync(own)) return { path: own, args: QUIET_ARGS, origin: 'Playwright' };
  const packaged = await packagedBrowser();
  return packaged === undefined ? undefined : { path: packaged, args: QUIET_ARGS, origin: '@sparticuz/chromium' };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
