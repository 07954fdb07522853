import { defineConfig, devices } from '@playwright/test';
import { findBrowser } from './tests/browser.ts';

/**
 * The browser tests of the site. `site/tests/run.ts` builds the pages, serves them and sets the two addresses; run it
 * rather than this. Lighthouse has a project of its own, which is run when nothing else runs.
 */
const found = await findBrowser();

export default defineConfig({
  testDir: './tests',
  outputDir: '../.cache/site-tests',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  timeout: 60_000,
  reporter: [['list'], ['json', { outputFile: process.env.SITE_TEST_REPORT ?? '../.cache/site-tests.json' }]],
  use: {
    baseURL: process.env.SITE_TEST_URL ?? 'http://127.0.0.1:4321',
    reducedMotion: 'reduce',
    launchOptions: { ...(found && { executablePath: found.path, args: [...found.args] }) },
  },
  projects: [
    { name: 'pages', testIgnore: 'lighthouse.spec.ts' },
    { name: 'firefox', testMatch: 'keyboard.spec.ts', use: { ...devices['Desktop Firefox'], launchOptions: {} } },
    { name: 'lighthouse', testMatch: 'lighthouse.spec.ts', workers: 1 },
  ],
});
