/** The workbench of a lab that is a program: the chat server, in a worker, on a network in memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, type Response, test } from '@playwright/test';
import { formatAttemptFile, parseAttemptFile } from '../../checkpoints/cli/attempt-file.ts';
import { emptyProgress } from '../../checkpoints/cli/progress.ts';
import {
  editor,
  importFile,
  loadedBytes,
  MAX_TOUCHED_BYTES,
  note,
  row,
  run,
  summary,
  verdict,
} from './workbench-page.ts';

/** Machines are busy while tests run. */
const PATH = '/labs/chat/workbench/?seed=1&patience=3';
const LAB = new URL('../../labs/1-networking/chat/', import.meta.url);
const RUN = { timeout: 120_000 };

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(new URL(folder, LAB)).filter((name) => name.endsWith('.ts'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(new URL(`${folder}/${name}`, LAB), 'utf8')]));
}

async function take(page: Page, files: Readonly<Record<string, string>>): Promise<void> {
  const text = formatAttemptFile({ lab: 'chat', files, progress: emptyProgress('chat') }, []);
  await importFile(page, 'attempt.json', text);
  await expect(note(page)).toContainText('attempt.json is in the editor');
}

test('the starter is red, the unmodified solution of many files is green, within the budget', async ({ page }) => {
  test.setTimeout(300_000);
  const responses: Response[] = [];
  page.on('response', (response) => responses.push(response));
  await page.goto(PATH, { waitUntil: 'networkidle' });
  expect(responses.map((r) => r.url()).filter((url) => /worker|editor|test|workbench\.json/.test(url))).toEqual([]);
  const untouched = responses.length;
  await run(page);
  await expect(summary(page)).toContainText('red.', RUN);
  await expect(verdict(page, 'welcome')).toHaveText('passed');
  await expect(verdict(page, 'names')).toHaveText('failed');
  await expect(row(page, 'names').locator('dd.received')).toHaveText('the line "WELCOME "');

  await take(page, filesOf('solution'));
  await run(page);
  await expect(summary(page)).toContainText('26 green, 1 could not be checked here.', RUN);
  await row(page, 'long-line').getByText('Why').click();
  await expect(row(page, 'long-line')).toContainText('a page cannot measure the memory of a program');
  await expect(page.locator('[data-part="console"]')).toContainText('"event":"listening"');

  const counted = await loadedBytes(page, responses.slice(untouched));
  expect([...counted.keys()].filter((url) => url.includes('program-worker')).length).toBe(1);
  const bytes = [...counted.values()].reduce((sum, size) => sum + size, 0);
  expect(bytes, JSON.stringify([...counted])).toBeLessThanOrEqual(MAX_TOUCHED_BYTES);
});

test('the wire is shown, and the address sets it', async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto(`${PATH}&latency=2&pieces=7`);
  await expect(page.getByLabel('Latency')).toHaveValue('2');
  await expect(page.getByLabel('Pieces')).toHaveValue('7');
  await expect(page.getByLabel('Seed')).toHaveValue('1');
  await run(page);
  // In so small pieces a server without framing cannot even say hello.
  await expect(verdict(page, 'welcome')).toHaveText('failed', RUN);
});

test('a program in an endless loop is told of, and only its checkpoints are red', async ({ page }) => {
  test.setTimeout(240_000);
  const files = filesOf('starter');
  const server = (files['server.ts'] ?? '').replace("case 'WHO':", "case 'WHO': for (;;) {}");
  await page.goto('/labs/chat/workbench/?seed=1');
  await take(page, { 'server.ts': server });
  await run(page);
  await expect(summary(page)).toContainText('red.', RUN);
  await expect(verdict(page, 'welcome')).not.toHaveText('not reached');
  await expect(page.locator('[data-part="console"]')).toContainText('Your program has not come back for');
});

test('a program that throws ends with its stack, and the line is one click away', async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto(PATH);
  const text = `const first = 1;\nthrow new Error('not yet ' + first);\n`;
  await take(page, { 'server.ts': text });
  await run(page);
  await expect(summary(page)).toHaveText('0 green, 27 red.', RUN);
  await expect(row(page, 'welcome').locator('dd.received')).toHaveText('your program ended before it was ready');
  await expect(row(page, 'welcome').locator('.details')).toContainText('Error: not yet 1');
  await row(page, 'welcome').getByRole('button', { name: 'Go to line 2 of server.ts' }).click();
  await expect(editor(page)).toBeFocused();
});

test('files are made, shown, imported by one another, exported and removed', async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto(PATH);
  await page.getByRole('button', { name: 'New file' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Its name').fill('greeting.ts');
  await page.keyboard.press('Enter');
  await expect(note(page)).toContainText('greeting.ts is there, and empty.');
  await expect(editor(page)).toBeFocused();
  await expect(page.getByRole('button', { name: 'greeting.ts' })).toHaveAttribute('aria-current', 'true');
  await page.keyboard.insertText("export const greeting: string = 'from another file';\n");
  await expect(note(page)).toHaveText('Kept in this browser.');
  await page.getByRole('button', { name: 'server.ts' }).click();
  await expect(editor(page)).toContainText('createServer');
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.insertText("import { greeting } from './greeting.ts';\nconsole.error(greeting);\n");
  await expect(note(page)).toHaveText('Kept in this browser.');
  await run(page);
  await expect(summary(page)).toContainText('red.', RUN);
  await expect(verdict(page, 'welcome')).toHaveText('passed');
  await expect(page.locator('[data-part="console"]')).toContainText('from another file');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click(),
  ]);
  const exported = parseAttemptFile(readFileSync(await download.path(), 'utf8'));
  expect(Object.keys(exported.files)).toEqual(['greeting.ts', 'server.ts']);
  await expect(page.getByRole('button', { name: 'Remove file' })).toBeHidden();
  await page.getByRole('button', { name: 'greeting.ts' }).click();
  await page.getByRole('button', { name: 'Remove file' }).click();
  await expect(note(page)).toContainText('greeting.ts is removed.');
  await expect(page.getByRole('button', { name: 'greeting.ts' })).toBeHidden();
});

for (const width of [390, 1400]) {
  test(`axe finds nothing in the workbench of a program at ${width} px, in both schemes`, async ({ page }) => {
    test.setTimeout(120_000);
    await page.setViewportSize({ width, height: 900 });
    await page.goto(PATH);
    if (width < 1000) await page.getByRole('tab', { name: 'Your code' }).click();
    await take(page, filesOf('solution'));
    const look = async (what: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).include('.bench').analyze();
        const found = violations.map(
          ({ id, nodes }) => `${id} (${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')})`,
        );
        expect(found, `${what}, ${colorScheme}`).toEqual([]);
      }
    };
    await look('with the files of the solution');
    await page.getByRole('button', { name: 'New file' }).click();
    await look('with the dialog of a new file');
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(sideways).toBe(false);
  });
}
