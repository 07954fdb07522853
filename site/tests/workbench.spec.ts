import { readFileSync } from 'node:fs';
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

const PAGE = '/labs/framing/workbench/';
/** Machines are busy while tests run: what is slow there is no endless loop. */
const PATH = `${PAGE}?patience=20`;
const KEY = 'workbench:/:framing';
const LAB = new URL('../../labs/1-networking/framing/', import.meta.url);
const solution = readFileSync(new URL('solution/framing.ts', LAB), 'utf8');
const starter = readFileSync(new URL('starter/framing.ts', LAB), 'utf8');
const RUN = { timeout: 60_000 };

const saved = (page: Page) => page.evaluate((key) => localStorage.getItem(key) ?? '', KEY);

/** Puts a text in place of what the editor has, as somebody who pastes it. */
async function write(page: Page, text: string): Promise<void> {
  await page.locator('.bench-editor').click();
  await expect(editor(page)).toBeFocused();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
  await expect(note(page)).toHaveText('Kept in this browser.');
}

test('from red to green: the starter, the hints, the solution, the difference', async ({ page, baseURL }) => {
  const foreign: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${baseURL}/`) && !/^(blob|data):/.test(url)) foreign.push(url);
  });
  await page.goto(PATH);
  await page.getByRole('tab', { name: 'Solution' }).click();
  await expect(page.locator('[data-part="solution"]')).toContainText('0 of 21 checkpoints are green');
  await run(page);
  await expect(summary(page)).toHaveText('2 green, 19 red.', RUN);
  await expect(verdict(page, 'vectors')).toHaveText('passed');
  await expect(verdict(page, 'split')).toHaveText('failed');
  const failure = row(page, 'split').locator('.failure');
  await expect(failure).toBeVisible();
  await expect(failure.locator('dd.sent')).toHaveText('5 frames, 336 bytes, cut in two after byte 1');
  await expect(failure.locator('dd.expected')).toHaveText('the same 5 messages as without the cut');
  await expect(failure.locator('dd.usually')).toContainText('what is left over must wait for the next chunk');
  await expect(failure.getByRole('link')).toHaveText('chapter 1, Framing');
  await expect(row(page, 'truncated').locator('.failure')).toBeHidden();

  await failure.getByRole('button', { name: 'A hint, 1 of 3' }).click();
  await expect(failure.locator('.hints li')).toHaveText(['What does your decoder remember between two calls of push?']);
  await expect(failure.getByRole('button', { name: 'Another hint, 2 of 3' })).toBeVisible();

  await write(page, solution);
  await run(page);
  await expect(summary(page)).toContainText('20 green, 1 could not be checked here.', RUN);
  await expect(summary(page)).toContainText('npm run lab test framing');
  await expect(verdict(page, 'bounded-memory')).toHaveText('could not check');
  await row(page, 'bounded-memory').getByText('Why').click();
  await expect(row(page, 'bounded-memory')).toContainText('a page cannot measure what the heap holds');
  await page.getByRole('tab', { name: 'Solution' }).click();
  await expect(page.locator('#panel-solution .diff del').first()).toContainText('#region');
  expect(foreign).toEqual([]);
});

test('nothing is loaded before a touch, at most 300 KB after it, and nothing moves', async ({ page }) => {
  const responses: Response[] = [];
  page.on('response', (response) => responses.push(response));
  await page.goto(PATH, { waitUntil: 'networkidle' });
  expect(
    responses.map((response) => response.url()).filter((url) => /worker|editor|test|workbench\.json/.test(url)),
  ).toEqual([]);
  // Rows make room for what they say, and lines for what is typed; everything else stays where it is.
  await page.evaluate(() => {
    const moved: string[] = [];
    Object.assign(globalThis, { moved });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        for (const { node } of (entry as unknown as { sources: { node?: Node }[] }).sources) {
          const element = node instanceof Element ? node : node?.parentElement;
          if (element && !element.closest('.bench-panel, .cm-editor')) moved.push(element.outerHTML.slice(0, 80));
        }
      }
    }).observe({ type: 'layout-shift' });
  });
  const before = await page.locator('.bench-editor').boundingBox();
  const untouched = responses.length;
  await write(page, solution);
  await run(page);
  await expect(summary(page)).toContainText('20 green', RUN);
  await page.getByRole('tab', { name: 'Solution' }).click();
  await expect(page.locator('#panel-solution .diff')).toBeVisible();
  expect(await page.locator('.bench-editor').boundingBox()).toEqual(before);
  expect(await page.evaluate(() => (globalThis as unknown as { moved: string[] }).moved)).toEqual([]);
  const counted = await loadedBytes(page, responses.slice(untouched));
  const bytes = [...counted.values()].reduce((sum, size) => sum + size, 0);
  expect(counted.size).toBeGreaterThan(5);
  expect(bytes, JSON.stringify([...counted])).toBeLessThanOrEqual(MAX_TOUCHED_BYTES);
});

test('an endless loop is ended, and the next run works', async ({ page }) => {
  await page.goto(PAGE);
  await write(page, starter.replace('const messages: string[] = [];', 'for (;;) {}'));
  await run(page);
  await expect(summary(page)).toContainText('did not come back for 5 seconds', RUN);
  await expect(verdict(page, 'vectors')).toHaveText('failed');
  await expect(row(page, 'vectors').locator('dd.usually')).toContainText('a loop whose condition never changes');
  await expect(verdict(page, 'split')).toHaveText('not reached');
  await page.goto(PATH);
  await write(page, starter);
  await run(page);
  await expect(summary(page)).toHaveText('2 green, 19 red.', RUN);
});

test('a run can be stopped', async ({ page }) => {
  await page.goto(PATH);
  await write(page, starter.replace('const messages: string[] = [];', 'for (;;) {}'));
  await run(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(summary(page)).toHaveText('Stopped.');
});

test.describe('faults are shown on their line', () => {
  const withLine = (line: number, text: string) =>
    starter
      .split('\n')
      .toSpliced(line - 1, 0, text)
      .join('\n');

  test('what the compiler refuses', async ({ page }) => {
    await page.goto(PATH);
    await write(page, withLine(9, 'const a = ;'));
    await run(page);
    await expect(summary(page)).toHaveText('Not run: framing.ts, line 9 cannot be read. Unexpected token');
    await expect(page.locator('.cm-line.noted')).toHaveText('const a = ;');
    await expect(page.locator('.line-note')).toHaveText('Unexpected token');
    await expect(verdict(page, 'vectors')).toHaveText('not judged');
  });

  test('what the engine refuses', async ({ page }) => {
    await page.goto(PATH);
    await write(page, withLine(12, 'const twice = 1; const twice = 2;'));
    await run(page);
    await expect(summary(page)).toContainText('Not run: framing.ts, line 12 cannot be read.', RUN);
    await expect(page.locator('.cm-line.noted')).toHaveText('const twice = 1; const twice = 2;');
  });

  test('what is thrown while the module is loaded, and what is thrown later', async ({ page }) => {
    await page.goto(PATH);
    await write(page, withLine(7, "throw new Error('not yet');"));
    await run(page);
    await expect(summary(page)).toHaveText('0 green, 21 red.', RUN);
    await expect(row(page, 'vectors').locator('dd.received')).toHaveText('Error: not yet');
    await expect(row(page, 'vectors').locator('.details')).toContainText('framing.ts:7');
    await row(page, 'vectors').getByRole('button', { name: 'Go to line 7 of framing.ts' }).click();
    await expect(editor(page)).toBeFocused();

    const late = starter.replace('const messages: string[] = [];', 'const messages: string[] = missing;');
    await write(page, late);
    await run(page);
    await expect(row(page, 'vectors').locator('dd.received')).toHaveText('ReferenceError: missing is not defined', RUN);
    const line = late.split('\n').findIndex((text) => text.includes('missing;')) + 1;
    await expect(row(page, 'vectors').getByRole('button', { name: `Go to line ${line} of framing.ts` })).toBeVisible();
    await expect(row(page, 'vectors').locator('.details')).not.toContainText('http');
  });

  test('what the code prints is shown', async ({ page }) => {
    await page.goto(PATH);
    await write(page, withLine(7, "console.log('<b>hello</b>', new Uint8Array([1, 2]));"));
    await run(page);
    await page.getByText('What your code printed').click();
    await expect(page.locator('[data-part="console"]')).toContainText('<b>hello</b> Uint8Array [1, 2]', RUN);
  });
});

test.describe('what is kept', () => {
  test('a reload brings text, verdicts and hints back; a reset asks, and can be taken back', async ({ page }) => {
    await page.goto(PATH);
    await write(page, `// mine\n${starter}`);
    await run(page);
    await expect(summary(page)).toHaveText('2 green, 19 red.', RUN);
    await row(page, 'split').getByRole('button', { name: 'A hint, 1 of 3' }).click();
    await page.reload();
    await expect(page.locator('.still code')).toContainText('// mine');
    expect(parseAttemptFile(await saved(page)).progress.checkpoints.get('split')).toEqual({
      verdict: 'failed',
      hintsShown: 1,
    });

    await page.getByRole('button', { name: 'Reset' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Go on with mine' }).click();
    expect(await saved(page)).toContain('// mine');
    await page.getByRole('button', { name: 'Reset' }).click();
    await dialog.getByRole('button', { name: 'Begin again' }).click();
    await expect(note(page)).toContainText('The starter is back.');
    expect(await saved(page)).not.toContain('// mine');
    await page.locator('.bench-kept summary').click();
    await page.getByRole('button', { name: 'Bring it back' }).first().click();
    await expect(note(page)).toContainText('is back');
    expect(await saved(page)).toContain('// mine');
  });

  test('another tab follows, and neither loses its text', async ({ page, context }) => {
    await page.goto(PATH);
    await write(page, '// first\n');
    const other = await context.newPage();
    await other.goto(PATH);
    await write(other, '// second\n');
    await expect(note(page)).toHaveText('Changed in another tab; this one follows.');
    await expect(editor(page)).toContainText('// second');
    // A text that came into the storage unseen is set aside before the next save.
    await page.evaluate(([key = '', text = '']) => localStorage.setItem(key, text), [KEY, exported('// unseen\n')]);
    await write(page, '// third\n');
    await page.locator('.bench-kept summary').click();
    await expect(page.locator('.bench-kept li')).toContainText(['from another tab']);
    expect(parseAttemptFile(await saved(page)).files['framing.ts']).toContain('// third');
  });

  test('what cannot be read is kept and said; a full storage is said', async ({ page }) => {
    await page.addInitScript((key) => {
      if (sessionStorage.getItem('begun')) return;
      sessionStorage.setItem('begun', '1');
      localStorage.setItem(key, '{"half');
    }, KEY);
    await page.goto(PATH);
    await page.locator('.bench-editor').click();
    await expect(note(page)).toContainText('What was saved here is no JSON, so this is the starter.');
    await expect(editor(page)).toContainText('Length-prefixed frames');
    expect(await page.evaluate((key) => localStorage.getItem(`${key}:unreadable`), KEY)).toBe('{"half');
    await page.evaluate(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    });
    await page.keyboard.type('// more');
    await expect(note(page)).toContainText('Your browser has no room left for this page');
    await expect(editor(page)).toContainText('// more');
  });

  test('without any storage the page works and says so', async ({ page }) => {
    await page.addInitScript(() => {
      Object.defineProperty(globalThis, 'localStorage', {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError');
        },
      });
    });
    await page.goto(PATH);
    await run(page);
    await expect(summary(page)).toHaveText('2 green, 19 red.', RUN);
    await expect(note(page)).toContainText('This browser keeps nothing for this page');
  });

  test('an export is a file that the command line reads, and comes back by import', async ({ page }) => {
    await page.goto(PATH);
    await write(page, '// to carry\n');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('framing.attempt.json');
    const text = readFileSync(await download.path(), 'utf8');
    expect(parseAttemptFile(text)).toMatchObject({ lab: 'framing', files: { 'framing.ts': '// to carry\n' } });

    const take = (content: string) => importFile(page, 'attempt.json', content);
    await write(page, '// something else\n');
    for (const [content, message] of [
      [exported('', 'chat'), 'attempt.json belongs to the lab “chat”, and this is “framing”. Nothing was changed.'],
      [text.replace('framing.ts', '../framing.ts'), 'a name may not lead out of its folder. Nothing was changed.'],
      [text.replace('"version": 1', '"version": 2'), 'has version 2'],
      ['no', 'attempt.json is no JSON. Nothing was changed.'],
    ] as const) {
      await take(content);
      await expect(note(page)).toContainText(message);
    }
    await expect(editor(page)).toContainText('// something else');
    await take(text);
    await expect(note(page)).toContainText('attempt.json is in the editor.');
    await expect(editor(page)).toContainText('// to carry');
    await expect(page.locator('.bench-kept summary')).toBeVisible();
  });
});

test('by keyboard alone: into the editor, out of it, run, stations, a hint', async ({ page }) => {
  await page.goto(PATH);
  await page.getByRole('tab', { name: 'Contract' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('tab', { name: 'Stations' })).toBeFocused();
  await expect(page.locator('#panel-results')).toBeVisible();
  const stop = async (name: string) => {
    await expect(async () => {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.className ?? '')).toContain(name);
    }).toPass();
  };
  await stop('bench-panel');
  await stop('bench-run');
  await stop('bench-editor');
  await page.keyboard.press('Enter');
  await expect(editor(page)).toBeFocused();
  await page.keyboard.type('// by keyboard\n');
  await page.keyboard.press('Tab');
  await expect(editor(page)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.locator('.bench-editor')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Reset' })).toBeFocused();
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(summary(page)).toHaveText('2 green, 19 red.', RUN);
  expect(await saved(page)).toContain('// by keyboard');
  const hint = row(page, 'split').getByRole('button', { name: 'A hint' });
  await hint.focus();
  await page.keyboard.press('Enter');
  await expect(row(page, 'split').locator('.hints li')).toHaveCount(1);
});

for (const width of [390, 1400]) {
  test(`axe finds nothing in the workbench at ${width} px, before and after a run, in both schemes`, async ({
    page,
  }) => {
    test.setTimeout(120_000);
    await page.setViewportSize({ width, height: 900 });
    await page.goto(PATH);
    const look = async (what: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const axe = new AxeBuilder({ page }).include('.bench');
        // What is not a matter of colour is the same in both schemes.
        const { violations } = await (colorScheme === 'light' ? axe : axe.withRules(['color-contrast'])).analyze();
        const found = violations.map(
          ({ id, nodes }) => `${id} (${nodes.map((node) => node.html.slice(0, 120)).join(' | ')})`,
        );
        expect(found, `${what}, ${colorScheme}`).toEqual([]);
      }
    };
    await look('untouched');
    if (width < 1000) await page.getByRole('tab', { name: 'Your code' }).click();
    await write(page, `const a = ;\n${starter}`);
    await run(page);
    await expect(page.locator('.line-note')).toBeAttached();
    if (width < 1000) await page.getByRole('tab', { name: 'Your code' }).click();
    await look('with a fault on its line');
    await write(page, starter);
    await run(page);
    await expect(summary(page)).toHaveText('2 green, 19 red.', RUN);
    await row(page, 'split').getByRole('button', { name: 'A hint' }).click();
    await look('after a run');
  });
}

test('the page reads without script, and the lab leads to it', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto('/labs/framing/');
  await page.getByRole('link', { name: 'Open the workbench' }).click();
  await expect(page.getByText('need JavaScript')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Wire format' })).toBeVisible();
  await expect(page.getByText('a frame cut at any byte')).toBeVisible();
  await context.close();
});

test('it works below a sub-path', async ({ page }) => {
  test.skip(process.env.SITE_TEST_SUB_URL === undefined, 'no site is served below a sub-path');
  await page.goto(`${process.env.SITE_TEST_SUB_URL}labs/framing/workbench/`);
  await run(page);
  await expect(summary(page)).toHaveText('2 green, 19 red.', RUN);
  await expect(editor(page)).toContainText('Length-prefixed frames');
});

function exported(text: string, lab = 'framing'): string {
  return formatAttemptFile({ lab, files: { 'framing.ts': text }, progress: emptyProgress(lab) }, []);
}
