import {
  createVitest,
  type Reporter,
  type TestCase,
  type TestModule,
  type TestSpecification,
  type Vitest,
} from 'vitest/node';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import type { FailureReport } from '../harness/failure.ts';
import { type Lack, lackFromNote } from '../harness/unavailable.ts';
import { repository } from './repository.ts';
import { testFile } from './test-file.ts';
import { WarmThreads } from './warm-threads.ts';

export { testFile };

export type Verdict = 'passed' | 'failed' | 'could not check';

export interface CheckpointResult {
  readonly id: string;
  readonly sentence: string;
  readonly verdict: Verdict;
  readonly durationMs: number;
  readonly failure?: FailureReport;
  /** With `could not check`. */
  readonly lack?: Lack;
}

/** One lab judged on one target. */
export interface Job {
  readonly placed: PlacedBuiltLab;
  readonly target: InjectedTarget;
  /** Only these checkpoints. Default: all. */
  readonly only?: readonly string[];
}

export interface JobResult {
  readonly job: Job;
  /** In the order of the test file; those that `only` or `bail` left out are missing. */
  readonly checkpoints: readonly CheckpointResult[];
  /** Why the test file could not be run to its end. Only with `reportBroken`. */
  readonly broken?: string;
}

export interface RunnerOptions {
  /** The repository that holds the labs and their checkpoints. Default: this one. */
  readonly root?: string;
  /** A test file that breaks becomes `broken` of its result. Default false: it throws `CheckpointsBroken`. */
  readonly reportBroken?: boolean;
  /** Called for each error that belongs to no test. Default: `run` throws `CheckpointsBroken` for the first. */
  readonly onStrayError?: (stack: string) => void;
  /** Stop each job at its first red checkpoint. Default false. */
  readonly bail?: boolean;
  /**
   * Where checkpoints run. `threads` (default) end with this process, however it is ended. `forks` can be ended one by
   * one, so that a handle that never closes holds up nobody; but one that is in an endless loop outlives a SIGKILL.
   * `warm-threads` are for one job that is judged again and again: the next thread is started ahead.
   */
  readonly pool?: 'threads' | 'forks' | 'warm-threads';
  /** How many checkpoints of a job that may run at once do. Default 3: a program mostly starts or waits. */
  readonly atOnce?: number;
  /** How many jobs run at once. Default 1. */
  readonly workers?: number;
  /** Base of all random choices. Default: `LAB_SEED`, or drawn anew. */
  readonly seed?: number;
  /** Called as each checkpoint ends. */
  readonly onCheckpoint?: (job: Job, result: CheckpointResult) => void;
  readonly onJob?: (result: JobResult) => void;
  /** Called with what a module under test writes to the console. Default: it is dropped. */
  readonly onConsole?: (text: string) => void;
}

const AT_ONCE = 3;
/** A checkpoint that says nothing for so long is stuck in a loop that no timer can interrupt. */
const SILENCE_LIMIT_MS = 75_000;
/** The same for a lab of files: its checkpoints wait for builds and whole stacks, each with a deadline of its own. */
const BUILD_SILENCE_LIMIT_MS = 240_000;

/**
 * Judges jobs with Vitest: one project a job, all in one process. Kept open, it judges the same jobs again in the time
 * that the checkpoints themselves take, which is what `watch` is made of.
 */
export class CheckpointRunner implements AsyncDisposable {
  readonly seed: number;
  readonly #vitest: Vitest;
  readonly #jobs: ReadonlyMap<string, Job>;
  readonly #progress: Progress;
  readonly #warm: WarmThreads | undefined;
  /** Found once: files are not added while a runner is open. */
  #specifications: readonly TestSpecification[] | undefined;
  readonly #onStrayError: RunnerOptions['onStrayError'];

  private constructor(parts: {
    readonly vitest: Vitest;
    readonly jobs: ReadonlyMap<string, Job>;
    readonly progress: Progress;
    readonly seed: number;
    readonly warm: WarmThreads | undefined;
    readonly onStrayError: RunnerOptions['onStrayError'];
  }) {
    this.#vitest = parts.vitest;
    this.#jobs = parts.jobs;
    this.#progress = parts.progress;
    this.seed = parts.seed;
    this.#warm = parts.warm;
    this.#onStrayError = parts.onStrayError;
  }

  static async open(jobs: readonly Job[], options: RunnerOptions = {}): Promise<CheckpointRunner> {
    const seed = options.seed ?? seedFromEnvironment() ?? Math.floor(Math.random() * 2 ** 32);
    const named = new Map(jobs.map((job, index) => [`${index} ${job.placed.lab.slug} ${job.target.name}`, job]));
    const progress = new Progress(named, options);
    const { pool = 'threads' } = options;
    const warm = pool === 'warm-threads' ? new WarmThreads() : undefined;
    const vitest = await createVitest(
      {
        root: options.root ?? repository,
        config: false,
        watch: false,
        reporters: [progress],
        maxWorkers: options.workers ?? 1,
        fileParallelism: true,
        bail: options.bail ? 1 : 0,
        coverage: { enabled: false },
        projects: [...named].map(([name, job]) => ({
          test: {
            name,
            include: [testFile(job.placed)],
            pool: warm ? warm.pool : pool,
            isolate: false,
            maxConcurrency: options.atOnce ?? AT_ONCE,
            watch: false,
            provide: { target: job.target, except: [], seed },
            ...(job.only ? { testNamePattern: new RegExp(`^(${job.only.map(escapeRegExp).join('|')}): `) } : {}),
          },
        })),
      },
      { logLevel: 'error', clearScreen: false },
    );
    return new CheckpointRunner({ vitest, jobs: named, progress, seed, warm, onStrayError: options.onStrayError });
  }

  /** Judges all jobs once more, or those among them that `filter` accepts. */
  async run(filter: (job: Job) => boolean = () => true): Promise<JobResult[]> {
    this.#progress.begin();
    this.#specifications ??= await this.#vitest.globTestSpecifications();
    const specifications = this.#specifications.filter((specification) => {
      const job = this.#jobs.get(specification.project.name);
      return job !== undefined && filter(job);
    });
    const run = this.#vitest.runTestSpecifications(specifications);
    const { testModules, unhandledErrors } = await Promise.race([run, this.#progress.silence()]);
    for (const error of unhandledErrors) {
      const stack = String((error as Error)?.stack ?? error);
      if (!this.#onStrayError) throw new CheckpointsBroken(stack);
      this.#onStrayError(stack);
    }
    return testModules.map((module) => this.#progress.jobResult(module));
  }

  /** Gets ready for the next run, now that nobody waits. Only `warm-threads` have something to do. */
  prepare(): void {
    this.#warm?.refill();
  }

  /** Leaves these checkpoints out of the runs to come. */
  leaveOut(ids: readonly string[]): void {
    for (const project of this.#vitest.projects) project.provide('except', ids);
  }

  /** Gives the jobs of a module target a new version, so that an edited module, and what it imports, is loaded anew. */
  provideAgain(change: (target: InjectedTarget) => InjectedTarget): void {
    for (const project of this.#vitest.projects) {
      const job = this.#jobs.get(project.name);
      if (!job) continue;
      const target = change(job.target);
      project.provide('target', target);
      if (target.kind === 'module') this.#forget(target.folder);
    }
  }

  /** The version is in the URL of the module's own file alone; its imports would come from the cache. */
  #forget(folder: string): void {
    const below = `${folder.replaceAll('\\', '/').replace(/\/$/, '')}/`;
    const files = this.#vitest.projects.flatMap(({ vite }) =>
      Object.values(vite.environments).flatMap(({ moduleGraph }) => [...moduleGraph.fileToModulesMap.keys()]),
    );
    for (const file of new Set(files)) if (file.startsWith(below)) this.#vitest.invalidateFile(file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vitest.close();
    await this.#warm?.[Symbol.asyncDispose]();
  }
}

/** The suite itself broke: never the learner's fault. */
export class CheckpointsBroken extends Error {
  readonly code = 'CHECKPOINTS_BROKEN';

  constructor(what: string) {
    super(`the checkpoints themselves broke, which is a defect of this repository:\n${what}`);
    this.name = 'CheckpointsBroken';
  }
}

/** Collects results as they come, and notices when none do. */
class Progress implements Reporter {
  readonly #jobs: ReadonlyMap<string, Job>;
  readonly #options: RunnerOptions;
  #lastSign = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(jobs: ReadonlyMap<string, Job>, options: RunnerOptions) {
    this.#jobs = jobs;
    this.#options = options;
  }

  begin(): void {
    this.#lastSign = performance.now();
  }

  /** Rejects when no checkpoint has ended for too long. */
  silence(): Promise<never> {
    clearInterval(this.#timer);
    const builds = [...this.#jobs.values()].some(({ placed }) => placed.lab.kinds.includes('files'));
    const limitMs = builds ? BUILD_SILENCE_LIMIT_MS : SILENCE_LIMIT_MS;
    return new Promise((_, reject) => {
      this.#timer = setInterval(() => {
        if (performance.now() - this.#lastSign < limitMs) return;
        clearInterval(this.#timer);
        reject(
          new CheckpointsBroken(
            `no checkpoint ended within ${limitMs / 1000} s: an endless loop in the code under test?`,
          ),
        );
      }, 1_000);
      this.#timer.unref();
    });
  }

  onTestCaseResult(testCase: TestCase): void {
    this.#lastSign = performance.now();
    const job = this.#jobs.get(testCase.project.name);
    const result = checkpointResult(testCase);
    if (job && result) this.#options.onCheckpoint?.(job, result);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#lastSign = performance.now();
    if (this.#jobs.has(module.project.name)) this.#options.onJob?.(this.jobResult(module));
  }

  onUserConsoleLog({ content }: { readonly content: string }): void {
    this.#options.onConsole?.(content);
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  jobResult(module: TestModule): JobResult {
    const job = this.#jobs.get(module.project.name);
    if (!job) throw new CheckpointsBroken(`no job is named ${module.project.name}`);
    const errors = module.errors();
    const checkpoints = [...module.children.allTests()].map(checkpointResult).filter((result) => result !== undefined);
    if (errors.length === 0) return { job, checkpoints };
    const broken = errors[0]?.stack ?? errors[0]?.message ?? 'an unknown error';
    if (this.#options.reportBroken) return { job, checkpoints, broken };
    throw new CheckpointsBroken(`${testFile(job.placed)}: ${broken}`);
  }
}

function checkpointResult(testCase: TestCase): CheckpointResult | undefined {
  const result = testCase.result();
  const lack = result.state === 'skipped' ? lackFromNote(result.note) : undefined;
  if (result.state === 'pending' || (result.state === 'skipped' && !lack)) return undefined;
  const [, id = testCase.name, sentence = ''] = /^([a-z0-9-]+): (.*)$/s.exec(testCase.name) ?? [];
  const durationMs = Math.round((testCase.diagnostic()?.duration ?? 0) * 10) / 10;
  if (result.state === 'passed') return { id, sentence, verdict: 'passed', durationMs };
  if (lack) return { id, sentence, verdict: 'could not check', durationMs, lack };
  return { id, sentence, verdict: 'failed', durationMs, failure: reportOf(result.errors?.[0]) };
}

/** A `CheckpointFailure` comes through the worker's boundary as plain data; anything else is a crash of the suite. */
function reportOf(error: { message?: string; stack?: string; report?: unknown } | undefined): FailureReport {
  const report = error?.report;
  if (typeof report === 'object' && report !== null && 'expected' in report) return report as FailureReport;
  const timedOut = error?.message?.includes('Test timed out') ?? false;
  return {
    kind: timedOut ? 'assertion' : 'crash',
    expected: timedOut ? 'the checkpoint to end in its time' : 'the checkpoint to run',
    received: error?.message?.split('\n')[0] ?? 'an unknown error',
    usually: timedOut ? 'your program keeps a step waiting for ever' : 'a defect of this checkpoint: please report it',
    ...(error?.stack ? { details: error.stack.split('\n').slice(0, 6) } : {}),
  };
}

function seedFromEnvironment(): number | undefined {
  const text = process.env.LAB_SEED;
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`LAB_SEED must be a whole number from 0 to 4294967295; it is "${text}"`);
  }
  return seed;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
