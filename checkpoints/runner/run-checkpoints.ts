import {
  createVitest,
  type Reporter,
  type TestCase,
  type TestModule,
  type TestSequencer,
  type TestSpecification,
  type Vitest,
} from 'vitest/node';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import { type FailureReport, reportOf } from '../harness/failure.ts';
import { type Lack, lackFromNote } from '../harness/unavailable.ts';
import { JobProjects } from './job-projects.ts';
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
   * one, so that a handle that never closes holds up nobody; but one that is in an endless loop outlives a SIGKILL. Of
   * program targets, which are processes of their own, a fork judges one after the other.
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
  readonly #projects: JobProjects;
  readonly #progress: Progress;
  readonly #warm: WarmThreads | undefined;
  readonly #onStrayError: RunnerOptions['onStrayError'];

  private constructor(parts: {
    readonly vitest: Vitest;
    readonly projects: JobProjects;
    readonly progress: Progress;
    readonly seed: number;
    readonly warm: WarmThreads | undefined;
    readonly onStrayError: RunnerOptions['onStrayError'];
  }) {
    this.#vitest = parts.vitest;
    this.#projects = parts.projects;
    this.#progress = parts.progress;
    this.seed = parts.seed;
    this.#warm = parts.warm;
    this.#onStrayError = parts.onStrayError;
  }

  static async open(jobs: readonly Job[], options: RunnerOptions = {}): Promise<CheckpointRunner> {
    const seed = options.seed ?? seedFromEnvironment() ?? Math.floor(Math.random() * 2 ** 32);
    const { pool = 'threads', root = repository, onStrayError } = options;
    const projects = new JobProjects(jobs, root, pool === 'forks');
    const progress = new Progress(jobs, projects, options);
    const warm = pool === 'warm-threads' ? new WarmThreads() : undefined;
    const common = {
      pool: warm ? warm.pool : pool,
      isolate: false,
      maxConcurrency: options.atOnce ?? AT_ONCE,
      watch: false,
    } as const;
    try {
      const vitest = await createVitest(
        {
          root,
          config: false,
          watch: false,
          reporters: [progress],
          maxWorkers: options.workers ?? 1,
          fileParallelism: true,
          bail: options.bail ? 1 : 0,
          coverage: { enabled: false },
          sequence: { sequencer: AsGiven },
          projects: projects.configurations(common, { except: [], seed }),
        },
        { logLevel: 'error', clearScreen: false },
      );
      return new CheckpointRunner({ vitest, projects, progress, seed, warm, onStrayError });
    } catch (error) {
      projects[Symbol.dispose]();
      throw error;
    }
  }

  /** Judges all jobs once more, or those among them that `filter` accepts. */
  async run(filter: (job: Job) => boolean = () => true): Promise<JobResult[]> {
    this.#progress.begin();
    const run = this.#vitest.runTestSpecifications(this.#projects.specifications(this.#vitest, filter));
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
      const job = this.#projects.ownJobOf(project.name);
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
    this.#projects[Symbol.dispose]();
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
  readonly #projects: JobProjects;
  readonly #options: RunnerOptions;
  readonly #silenceLimitMs: number;
  #lastSign = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(jobs: readonly Job[], projects: JobProjects, options: RunnerOptions) {
    this.#projects = projects;
    this.#options = options;
    const builds = jobs.some(({ placed }) => placed.lab.kinds.includes('files'));
    this.#silenceLimitMs = builds ? BUILD_SILENCE_LIMIT_MS : SILENCE_LIMIT_MS;
  }

  begin(): void {
    this.#lastSign = performance.now();
  }

  /** Rejects when no checkpoint has ended for too long. */
  silence(): Promise<never> {
    clearInterval(this.#timer);
    const limitMs = this.#silenceLimitMs;
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
    const job = this.#jobOf(testCase.module);
    const result = checkpointResult(testCase);
    if (job && result) this.#options.onCheckpoint?.(job, result);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#lastSign = performance.now();
    if (this.#jobOf(module)) this.#options.onJob?.(this.jobResult(module));
  }

  onUserConsoleLog({ content }: { readonly content: string }): void {
    this.#options.onConsole?.(content);
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  jobResult(module: TestModule): JobResult {
    const job = this.#jobOf(module);
    if (!job) throw new CheckpointsBroken(`no job is judged by ${module.moduleId}`);
    const errors = module.errors();
    const checkpoints = [...module.children.allTests()].map(checkpointResult).filter((result) => result !== undefined);
    if (errors.length === 0) return { job, checkpoints };
    const broken = errors[0]?.stack ?? errors[0]?.message ?? 'an unknown error';
    if (this.#options.reportBroken) return { job, checkpoints, broken };
    throw new CheckpointsBroken(`${testFile(job.placed)}: ${broken}`);
  }

  #jobOf(module: TestModule): Job | undefined {
    return this.#projects.jobOf(module.project.name, module.moduleId);
  }
}

/** Keeps the files as they were put: `JobProjects` knows what takes long, and which jobs share a worker. */
class AsGiven implements TestSequencer {
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files;
  }

  async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files;
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

function seedFromEnvironment(): number | undefined {
  const text = process.env.LAB_SEED;
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`LAB_SEED must be a whole number from 0 to 4294967295; it is "${text}"`);
  }
  return seed;
}
