import { setSafeTimers, startTests } from 'vitest/internal/browser';
import { reportOf, type ThrownError } from '../../../checkpoints/harness/failure.ts';
import { lackFromNote } from '../../../checkpoints/harness/unavailable.ts';
import type { PageResult } from './protocol.ts';
import type { WorkerState } from './vitest.ts';

const TIMEOUT_MS = 60_000;

export interface TestFileRun {
  /** Imports the test file; called once, by Vitest. */
  readonly load: () => Promise<unknown>;
  /** Awaited when every checkpoint is known and none has begun. Resolves to what `inject` will give. */
  readonly provide: () => Promise<Record<string, unknown>>;
  /** How many of the file's concurrent checkpoints run at once. */
  readonly atOnce: number;
  readonly onStart: (id: string) => void;
  readonly onResult: (result: PageResult) => void;
}

/** What Vitest tells of a test, as far as it is read here. Its own types come with the whole of Vitest. */
interface TestTask {
  readonly name: string;
  readonly result?: {
    readonly state: string;
    readonly note?: string;
    readonly errors?: readonly ThrownError[];
  };
}

interface TestFile {
  readonly tasks: readonly { readonly name: string }[];
  readonly result?: { readonly errors?: readonly { readonly message?: string; readonly stack?: string }[] };
}

/**
 * Runs one test file with Vitest's own runner, without Vitest's process around it: its state of a worker is set by hand.
 * This leans on what Vitest keeps to itself, so its version is pinned and the workbench has a test from end to end.
 *
 * @throws Error when the test file cannot be collected.
 */
export async function runTestFile({ load, provide, atOnce, onStart, onResult }: TestFileRun): Promise<void> {
  const config = {
    root: '/',
    name: '',
    setupFiles: [],
    sequence: { shuffle: false, concurrent: false, hooks: 'stack', setupFiles: 'list' },
    tags: [],
    testTimeout: TIMEOUT_MS,
    hookTimeout: TIMEOUT_MS,
    maxConcurrency: atOnce,
    retry: 0,
    repeats: 0,
    allowOnly: true,
    passWithNoTests: false,
    includeTaskLocation: false,
  };
  const state: WorkerState = { config, ctx: { pool: 'browser', concurrencyId: 0, workerId: 0 }, providedContext: {} };
  (globalThis as unknown as { __vitest_worker__: WorkerState }).__vitest_worker__ = state;
  setSafeTimers();
  const began = new Map<TestTask, number>();
  const runner = {
    config,
    pool: 'browser',
    importFile: load,
    onBeforeRunFiles: async ([file]: TestFile[]) => {
      const [error] = file?.result?.errors ?? [];
      if (error !== undefined) throw new Error(error.stack ?? error.message ?? 'the test file cannot be loaded');
      Object.assign(state.providedContext, await provide());
    },
    onBeforeTryTask: (test: TestTask) => {
      began.set(test, performance.now());
      onStart(idOf(test));
    },
    onAfterRetryTask: (test: TestTask) => {
      const ms = Math.round((performance.now() - (began.get(test) ?? 0)) * 10) / 10;
      const result = resultOf(test, ms);
      if (result) onResult(result);
    },
  };
  await (startTests as unknown as (specs: readonly string[], by: typeof runner) => Promise<unknown>)(
    ['/checkpoints.test.ts'],
    runner,
  );
}

function resultOf(test: TestTask, ms: number): PageResult | undefined {
  const id = idOf(test);
  const { state, note, errors } = test.result ?? { state: 'skip' };
  if (state === 'pass') return { id, ms, verdict: 'passed' };
  if (state === 'fail') return { id, ms, verdict: 'failed', failure: reportOf(errors?.[0]) };
  const lack = lackFromNote(note);
  return lack && { id, ms, verdict: 'could not check', reason: lack.reason, remedy: lack.remedy };
}

/** A test is named `<id>: <sentence>`. */
function idOf(test: TestTask): string {
  return test.name.slice(0, test.name.indexOf(':'));
}
