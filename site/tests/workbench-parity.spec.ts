/**
 * The page and the command line give the same verdict: every checkpoint of every lab with a workbench, on its starter,
 * its solution, every mistake and every variant, through the page that a learner uses. Of a lab that runs programs, this
 * holds the page's network in memory against the sockets of a real system.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, expect, test } from '@playwright/test';
import { formatAttemptFile } from '../../checkpoints/cli/attempt-file.ts';
import { emptyProgress } from '../../checkpoints/cli/progress.ts';
import { course } from '../../labs/course.ts';
import { builtLabs } from '../../labs/course-schema.ts';
import { beyondThePage, runsInPage } from '../src/workbench/runs-in-page.ts';
import type { JudgedTarget } from './command-line-verdicts.ts';

/**
 * All that a page leaves to a clone, by lab: `checkpoint` on every target that is not red anyway, `target checkpoint` on
 * one. Every entry has its reason, and there are no others.
 */
const BEYOND_A_PAGE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  framing: {
    'bounded-memory': 'it measures the heap after a garbage collection, which no page can ask for',
    'variants/block-list vectors': 'it spreads 65,536 bytes into arguments: too many for the stack of a worker',
    'variants/block-list encode-limit': 'it spreads 65,536 bytes into arguments: too many for the stack of a worker',
    'mistakes/recursion linear-cost': 'it runs out of stack, which a worker has less of: no proof against it',
  },
  chat: {
    'long-line': 'it measures the memory of the process, which no page can ask for',
  },
};

const LANES = 2;
/** Machines are busy while tests run: a worker's silence is no loop for a long time, and neither is a run. */
const RUN_DEADLINE_MS = 240_000;
/** In the address of the page. A program's deadlines are as many times as long; a module has none. */
const PATIENCE = { module: 20, program: 3 };
/** Checkpoints with short time-outs may fail on a busy machine, here as there: what differs is judged once more. */
const ATTEMPTS = 3;
const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

for (const { lab } of builtLabs(course).filter(runsInPage)) {
  test(`${lab.slug}: browser and command line give the same verdicts`, async ({ browser, baseURL }) => {
    test.setTimeout(1_800_000);
    const targets = await onCommandLine(lab.slug);
    expect(targets.length).toBeGreaterThan(2);
    const ids = lab.checkpoints.map(({ id }) => id);
    const inPage = new Map<string, Record<string, string>>();
    const beyond = Object.keys(BEYOND_A_PAGE[lab.slug] ?? {});
    const isExcepted = (name: string, id: string) => beyond.some((entry) => entry === id || entry === `${name} ${id}`);
    const isSame = ({ name, verdicts }: JudgedTarget) =>
      ids.every((id) => {
        const here = inPage.get(name)?.[id];
        return here === 'could not check' ? isExcepted(name, id) : here === verdicts[id];
      });
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const waiting = targets.filter((target) => !isSame(target));
      const lane = async () => {
        const patience = PATIENCE[beyondThePage(lab.slug) ? 'program' : 'module'];
        const url = `${baseURL}/labs/${lab.slug}/workbench/?seed=1&patience=${patience}`;
        const judge = await openLane(browser, url, lab.slug, ids);
        for (let target = waiting.shift(); target; target = waiting.shift())
          inPage.set(target.name, await judge(target));
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    }

    const differing: string[] = [];
    const used = new Set<string>();
    for (const { name, verdicts } of targets) {
      for (const id of ids) {
        const [here, there] = [inPage.get(name)?.[id], verdicts[id]];
        const exception = beyond.find((entry) => entry === id || entry === `${name} ${id}`);
        if (here === there && here !== 'could not check') continue;
        if (here === 'could not check' && exception !== undefined) used.add(exception);
        else differing.push(`${name} ${id}: the page says ${here}, the command line ${there}`);
      }
    }
    expect(differing).toEqual([]);
    expect([...used].sort()).toEqual([...beyond].sort());
  });
}

async function onCommandLine(slug: string): Promise<JudgedTarget[]> {
  const args = ['site/tests/command-line-verdicts.ts', slug];
  const { stdout } = await run(process.execPath, args, { cwd: repository, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as JudgedTarget[];
}

/** A page into which one target after the other is imported, and judged with the seed of the command line. */
async function openLane(browser: Browser, url: string, slug: string, ids: readonly string[]) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  const note = page.locator('[data-part="note"]');
  const summary = page.locator('.results [role="status"]');
  return async ({ name, files }: JudgedTarget): Promise<Record<string, string>> => {
    const text = formatAttemptFile({ lab: slug, files, progress: emptyProgress(slug) }, ids);
    const file = `${name.replace('/', '-')}.json`;
    await page.getByLabel('File to import').setInputFiles({
      name: file,
      mimeType: 'application/json',
      buffer: Buffer.from(text),
    });
    await expect(note).toContainText(`${file} is in the editor`);
    await page.getByRole('button', { name: 'Run' }).click();
    await expect(summary, name).toContainText(/\d green|did not come back/, { timeout: RUN_DEADLINE_MS });
    return page
      .locator('.results [data-checkpoint]')
      .evaluateAll((rows) =>
        Object.fromEntries(
          rows.map((row) => [
            (row as HTMLElement).dataset.checkpoint ?? '',
            row.querySelector('.verdict')?.textContent ?? '',
          ]),
        ),
      );
  };
}
