/** Workbook mode: a clone's lab page runs the checkpoints; a foreign page runs nothing; the published pages have none of it. */
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { TemporaryClone } from './temporary-clone.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LAB = 'labs/1-networking/tcp-echo';
/** All checkpoints of the lab, on a busy machine. */
const RUN_MS = 120_000;
/** Code that answers with markup: it must be shown, not obeyed. */
const MARKUP = `console.error('<img src=x onerror="window.obeyed = true"><b>bold</b>'); process.exit(1);\n`;

test.describe.configure({ mode: 'serial' });
let clone: TemporaryClone;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  clone = new TemporaryClone();
  await clone.start();
});
test.afterAll(() => clone[Symbol.asyncDispose]());

const panel = (page: Page) => page.locator('.workbook');
const press = (page: Page, name: string) => panel(page).getByRole('button', { name, exact: true }).click();
const summary = (page: Page) => panel(page).locator('.summary');
const said = (page: Page) => panel(page).locator('.said');

test('tcp-echo is started, seen red, solved, broken and begun again from its page', async ({ page }) => {
  test.setTimeout(4 * RUN_MS);
  const attempt = join(clone.root, LAB, 'attempt');
  await page.goto(`${clone.url}/labs/tcp-echo/`);
  await press(page, 'Start');
  await expect(said(page)).toContainText(`Made ${LAB}/attempt/`);

  await press(page, 'Test');
  await expect(summary(page)).toContainText(/\d+ green, 1 red/, { timeout: RUN_MS });
  const red = panel(page).locator('[data-state="failed"]');
  await expect(red.locator('dt')).toContainText(['expected', 'received', 'usually']);
  await expect(red.getByRole('link')).toHaveAttribute('href', /^\/chapters\/networking\/#/);
  await press(page, 'Hint');
  await expect(panel(page).locator('.hints li')).toHaveCount(1);
  await press(page, 'Compare with the solution');
  await expect(said(page)).toContainText('ask once more');

  cpSync(join(clone.root, LAB, 'solution'), attempt, { recursive: true });
  await press(page, 'Test');
  await expect(summary(page)).toContainText('All 17 checkpoints are green.', { timeout: RUN_MS });
  await expect(panel(page).locator('.standing')).toContainText('all 17 green');
  await press(page, 'Compare with the solution');
  await expect(panel(page).locator('.shown')).toContainText('the same');

  await press(page, 'Watch');
  await expect(said(page)).toContainText('Watching', { timeout: RUN_MS });
  writeFileSync(join(attempt, 'server.ts'), MARKUP);
  await expect(red.first()).toContainText('your program ended before it was ready', { timeout: RUN_MS });
  await expect(red.first().locator('.details')).toContainText('<b>bold</b>');
  expect(await page.evaluate(() => 'obeyed' in window)).toBe(false);
  await press(page, 'End the watch');
  await expect(panel(page).getByRole('button', { name: 'Test', exact: true })).toBeFocused();

  await press(page, 'Reset');
  await page.getByRole('button', { name: 'Keep it' }).press('Enter');
  await expect(page.getByRole('dialog')).toBeHidden();
  expect(readFileSync(join(attempt, 'server.ts'), 'utf8')).toBe(MARKUP);
  await press(page, 'Reset');
  await page.getByRole('button', { name: 'Begin again' }).click();
  await expect(said(page)).toContainText(`Your old one is kept in ${LAB}/.attempts/`);
  expect(readFileSync(join(attempt, 'server.ts'), 'utf8')).toBe(
    readFileSync(join(clone.root, LAB, 'starter/server.ts'), 'utf8'),
  );
});

test('the map and the landing page show how far the clone is', async ({ page }) => {
  for (const path of ['/', '/course/']) {
    await page.goto(`${clone.url}${path}`);
    await expect(page.locator('.course-map .here')).toHaveText(['your attempt: 0 of 17 green']);
  }
});

test('axe finds nothing in the panel, and a phone shows all of it', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${clone.url}/labs/tcp-echo/`);
  await press(page, 'Test');
  await expect(summary(page)).toContainText('red', { timeout: RUN_MS });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).include('.workbook').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

test('a page of another origin starts nothing, reads nothing and frames nothing', async ({ page }) => {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<a href="${clone.url}/labs/udp-echo/">a link</a>`);
  }).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost']) {
      await page.goto(`http://${host}:${port}/`);
      const got = await page.evaluate(attack, `${clone.url}/`);
      expect(got).toEqual({
        cors: 'refused',
        token: 'refused',
        simple: 'refused',
        form: 'refused',
        frame: 'closed',
        opened: 'closed',
      });
    }
    const before = await page.request.get(`${clone.url}/labs/udp-echo/`);
    expect(await before.text()).not.toContain('workbook-token');
    await page.getByRole('link').click();
    await expect(said(page)).toContainText('A link of another site led here');
    expect(await page.content()).not.toContain('workbook-token');
    await panel(page).getByRole('link', { name: 'Open this page from here' }).click();
    await expect(panel(page).getByRole('button', { name: 'Start', exact: true })).toBeVisible();
    await expect(panel(page).locator('.standing')).toContainText('not started');
  } finally {
    server.close();
  }
});

test('the published pages contain none of it', () => {
  // As the panel writes it: a checkpoint that the workbench brings may say of something that it is missing "on this machine".
  const markers = /workbook-token|_workbook|On this machine|run-process|result-stream/;
  const folders = ['site/dist', '.cache/site-sub-path'].map((path) => join(ROOT, path));
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.{html,js,css,json,svg,txt,xml}`));
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => markers.test(readFileSync(file, 'utf8')))).toEqual([]);
});

/** What a foreign page can try, from inside it. Each way ends as the browser lets it end. */
async function attack(url: string): Promise<Record<string, string>> {
  const start = `${url}_workbook/api/labs/udp-echo/start`;
  const attempt = async (init: RequestInit, address = start) => {
    try {
      const response = await fetch(address, init);
      return response.type === 'opaque' ? 'opaque' : await response.text();
    } catch {
      return 'refused';
    }
  };
  const frame = document.body.appendChild(document.createElement('iframe'));
  frame.src = `${url}labs/udp-echo/`;
  await new Promise((resolve) => frame.addEventListener('load', resolve));
  const opened = open(`${url}labs/udp-echo/`);
  // The opener policy cuts the tie once the page is there: to its opener it looks closed.
  const end = performance.now() + 10_000;
  while (opened?.closed === false && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  const peek = () => {
    try {
      return opened?.document.documentElement.outerHTML.includes('workbook-token') ? 'open' : 'closed';
    } catch {
      return 'closed';
    }
  };
  const json = { 'Content-Type': 'application/json' };
  const body = '{}';
  const found = {
    cors: await attempt({ mode: 'cors' }, `${url}labs/udp-echo/`),
    token: await attempt({ method: 'POST', headers: { ...json, 'X-Workbook-Token': 'x' }, body }),
    simple: await attempt({ method: 'POST', mode: 'no-cors', body }),
    form: await attempt({ method: 'POST', mode: 'no-cors', body: new URLSearchParams({ file: 'x' }) }),
    frame: frame.contentDocument === null ? 'closed' : 'open',
    opened: peek(),
  };
  opened?.close();
  return found;
}
