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
import { importFile, note, run, summary } from './workbench-page.ts';

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

/**
 * Where real sockets have no one verdict to hold a page against, with what a page says of it. Every entry says what is
 * left to chance; there are no others.
 */
const CONTESTED: Readonly<Record<string, Readonly<Record<string, { readonly page: string; readonly why: string }>>>> = {
  chat: {
    'mistakes/bound-in-lines noise': {
      page: 'failed',
      why: 'a thousand answers wait if four reads of 64 KiB follow one another within one turn of the loop, which hangs on how fast the noise comes: of 24 runs on real sockets 14 were red. In a page the noise is there as a whole',
    },
  },
};

const LANES = 2;
/** More than a busy machine's pauses explain. */
const MAX_DOUBTFUL = 3;
const CONFIRMATIONS = 4;
/** Machines are busy while tests run: what has not come back for so long is a defect of the workbench. */
const RUN_DEADLINE_MS = 240_000;
/** In the address of the page: a module has no deadlines of its own, and a busy worker's silence is no loop. */
const PATIENCE = { module: 20, program: 2 };
const execute = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

// One after the other: each has its lanes.
test.describe.configure({ mode: 'default' });

for (const { lab } of builtLabs(course).filter(runsInPage)) {
  test(`${lab.slug}: browser and command line give the same verdicts`, async ({ browser, baseURL }) => {
    test.setTimeout(1_800_000);
    const targets = await onCommandLine(lab.slug);
    expect(targets.length).toBeGreaterThan(2);
    const ids = lab.checkpoints.map(({ id }) => id);
    const inPage = new Map<string, Record<string, string>>();
    const waiting = [...targets];
    const patience = PATIENCE[beyondThePage(lab.slug) ? 'program' : 'module'];
    const url = `${baseURL}/labs/${lab.slug}/workbench/?seed=1&patience=${patience}`;
    const lane = async () => {
      const judge = await openLane(browser, url, lab.slug, ids);
      for (let target = waiting.shift(); target; target = waiting.shift()) inPage.set(target.name, await judge(target));
    };
    await Promise.all(Array.from({ length: LANES }, lane));

    const beyond = Object.keys(BEYOND_A_PAGE[lab.slug] ?? {});
    const contested = CONTESTED[lab.slug] ?? {};
    const differing: string[] = [];
    const doubtful: Doubt[] = [];
    const used = new Set<string>();
    for (const target of targets) {
      for (const id of ids) {
        const [here, there] = [inPage.get(target.name)?.[id], target.verdicts[id]];
        const pair = `${target.name} ${id}`;
        const exception = beyond.find((entry) => entry === id || entry === pair);
        if (here === 'could not check' && exception !== undefined) used.add(exception);
        else if (here === contested[pair]?.page) used.add(pair);
        else if (here === 'could not check') differing.push(`${pair}: the page could not check`);
        else if (here !== there)
          doubtful.push({ target, id, text: `${pair}: the page says ${here}, the command line ${there}` });
      }
    }
    differing.push(...(await confirmed(doubtful, () => openLane(browser, url, lab.slug, ids))));
    expect(differing).toEqual([]);
    expect([...used].sort()).toEqual([...beyond, ...Object.keys(contested)].sort());
  });
}

interface Doubt {
  readonly target: JudgedTarget;
  readonly id: string;
  readonly text: string;
}

/**
 * What differs though it is judged so many times more with nothing beside it, by the rule by which the command line's
 * verdicts are recorded: a busy machine explains it only if the page never says it again.
 */
async function confirmed(doubtful: readonly Doubt[], open: () => ReturnType<typeof openLane>): Promise<string[]> {
  if (doubtful.length === 0) return [];
  if (doubtful.length > MAX_DOUBTFUL) return doubtful.map(({ text }) => text);
  const judge = await open();
  const differing: string[] = [];
  for (const { target, id, text } of doubtful) {
    const again: (string | undefined)[] = [];
    while (again.length < CONFIRMATIONS) again.push((await judge(target))[id]);
    console.error(`${text}; alone the page says ${again.join(', ')}`);
    if (again.some((verdict) => verdict !== target.verdicts[id])) differing.push(text);
  }
  return differing;
}

async function onCommandLine(slug: string): Promise<JudgedTarget[]> {
  const args = ['site/tests/command-line-verdicts.ts', slug];
  const { stdout, stderr } = await execute(process.execPath, args, { cwd: repository, maxBuffer: 64 * 1024 * 1024 });
  process.stderr.write(stderr);
  return JSON.parse(stdout) as JudgedTarget[];
}

/** A page into which one target after the other is imported, and judged with the seed of the command line. */
async function openLane(browser: Browser, url: string, slug: string, ids: readonly string[]) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  return async ({ name, files }: JudgedTarget): Promise<Record<string, string>> => {
    const text = formatAttemptFile({ lab: slug, files, progress: emptyProgress(slug) }, ids);
    const file = `${name.replace('/', '-')}.json`;
    await importFile(page, file, text);
    await expect(note(page)).toContainText(`${file} is in the editor`);
    await run(page);
    await expect(summary(page), name).toContainText(/\d green|did not come back/, { timeout: RUN_DEADLINE_MS });
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
