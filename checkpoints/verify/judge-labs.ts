import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { within } from '../harness/deadline.ts';
import { MistakeFormatError } from '../runner/mistake.ts';
import { repository } from '../runner/repository.ts';
import {
  type CheckpointResult,
  CheckpointRunner,
  CheckpointsBroken,
  type Job,
  type JobResult,
  testFile,
} from '../runner/run-checkpoints.ts';
import { listTargets, resolveTarget, type TargetName } from '../runner/target.ts';
import type { EnsureOptions } from '../services/ensure-services.ts';
import type { CouldNotCheck, Fault, Proof } from './fault.ts';

/** What became of one target. */
export type Judged =
  | { readonly name: TargetName; readonly state: 'ran'; readonly checkpoints: readonly CheckpointResult[] }
  | { readonly name: TargetName; readonly state: 'could not check' }
  | { readonly name: TargetName; readonly state: 'broken' };

export interface JudgedLab {
  readonly placed: PlacedBuiltLab;
  /** In the order of `listTargets`. */
  readonly targets: readonly Judged[];
}

export interface Judgement {
  readonly labs: readonly JudgedLab[];
  readonly faults: readonly Fault[];
  readonly couldNotCheck: readonly CouldNotCheck[];
  readonly seed: number;
  /** The runner could not be closed: this process will not end by itself. */
  readonly stuck: boolean;
}

export interface JudgeOptions {
  readonly root: string;
  readonly workers: number;
  readonly seed?: number;
  /** Called with the folders to be judged as soon as they stand, and before anything runs. */
  readonly onFolders?: (
    folders: readonly { readonly lab: string; readonly name: TargetName; readonly folder: string }[],
  ) => void;
  readonly onJob?: (done: number, all: number) => void;
  /** Told what is being waited for before anything can be judged. */
  readonly onService?: EnsureOptions['onProgress'];
  /** The checkpoints that judge a target. Default: all of its lab. */
  readonly only?: (placed: PlacedBuiltLab, name: TargetName) => readonly string[] | undefined;
  /** How long the whole suite took on a target when it was last recorded; the longest begin first. Default: 0. */
  readonly expectedMs?: (placed: PlacedBuiltLab, name: string) => number;
}

const STACK_LINES = 10;
/** Long enough for workers that have to be killed; see `process.kill` in verify.ts for those that will not end. */
const CLOSE_DEADLINE_MS = 20_000;

/** Which proof a target serves. */
export function proofOf(name: TargetName): Proof {
  if (name === 'starter') return 2;
  if (name.startsWith('mistakes/')) return 4;
  return name.startsWith('variants/') ? 5 : 3;
}

/** Runs the checkpoints of the labs against every target of theirs, once, all through one runner. */
export async function judgeLabs(labs: readonly PlacedBuiltLab[], options: JudgeOptions): Promise<Judgement> {
  const { root } = options;
  const faults: Fault[] = [];
  const couldNotCheck: CouldNotCheck[] = [];
  const jobs: Job[] = [];
  const folders: { lab: string; name: TargetName; folder: string }[] = [];
  const names = new Map<PlacedBuiltLab, TargetName[]>();
  // One set for all labs, started at once. What cannot be had is reported with each target that needs it.
  const { onService: onProgress } = options;
  const services = labs.flatMap(({ lab }) => lab.services);
  if (services.length > 0) {
    const { ensureServices } = await import('../services/ensure-services.ts');
    await ensureServices(services, onProgress ? { onProgress } : {});
  }
  for (const placed of labs) {
    const targets = await listTargets(placed, root);
    names.set(placed, targets);
    for (const name of targets) {
      const prepared = await prepare(placed, name, root);
      if ('target' in prepared) {
        const only = options.only?.(placed, name);
        jobs.push({ placed, target: prepared.target, ...(only ? { only } : {}) });
        const { target } = prepared;
        folders.push({ lab: placed.lab.slug, name, folder: target.kind === 'program' ? target.cwd : target.folder });
      } else if ('fault' in prepared) faults.push(prepared.fault);
      else if ('couldNotCheck' in prepared) couldNotCheck.push(prepared.couldNotCheck);
    }
  }
  options.onFolders?.(folders);
  const expectedMs = ({ placed, target }: Job) => options.expectedMs?.(placed, target.name) ?? 0;
  jobs.sort((a, b) => expectedMs(b) - expectedMs(a));
  const { results, seed, stuck, faults: suiteFaults } = await runAll(jobs, options);
  faults.push(...suiteFaults);
  faults.push(...brokenFiles(results));
  const judged = labs.map((placed): JudgedLab => {
    const targets = (names.get(placed) ?? []).map((name): Judged => {
      const result = results.find(({ job }) => job.placed === placed && job.target.name === name);
      if (result && result.broken === undefined) return { name, state: 'ran', checkpoints: result.checkpoints };
      const missing = couldNotCheck.some(
        (entry) => 'target' in entry && entry.lab === placed.lab.slug && entry.target === name,
      );
      return { name, state: missing ? 'could not check' : 'broken' };
    });
    return { placed, targets };
  });
  couldNotCheck.push(...judged.flatMap(lackingCheckpoints));
  return { labs: judged, faults, couldNotCheck, seed, stuck };
}

/** Whether nothing caught a mistake, and something that might have done so could not check. */
export function isUnjudged(checkpoints: readonly CheckpointResult[]): boolean {
  const has = (wanted: CheckpointResult['verdict']) => checkpoints.some(({ verdict }) => verdict === wanted);
  return has('could not check') && !has('failed');
}

/** The checkpoints that could not judge here, each once for all the targets on which that was so. */
function lackingCheckpoints({ placed, targets }: JudgedLab): CouldNotCheck[] {
  const found = new Map<string, CouldNotCheck & { targets: string[] }>();
  for (const target of targets) {
    if (target.state !== 'ran') continue;
    // A mistake that was caught all the same lacks nothing.
    if (target.name.startsWith('mistakes/') && !isUnjudged(target.checkpoints)) continue;
    for (const { id, lack } of target.checkpoints) {
      if (!lack) continue;
      const key = `${id}\0${lack.missing}`;
      const entry = found.get(key);
      if (entry) entry.targets.push(target.name);
      else found.set(key, { lab: placed.lab.slug, checkpoint: id, targets: [target.name], ...lack });
    }
  }
  return [...found.values()];
}

type Prepared =
  | { readonly target: Job['target'] }
  | { readonly fault: Fault }
  | { readonly couldNotCheck: CouldNotCheck }
  /** Its files are missing, which the first proof reports. */
  | { readonly absent: true };

async function prepare(placed: PlacedBuiltLab, name: TargetName, root: string): Promise<Prepared> {
  const lab = placed.lab.slug;
  const fault = (file: string, what: string, mend: string): Prepared => ({
    fault: { proof: proofOf(name), lab, file, what, mend },
  });
  if (!isThere(placed, name, root)) return { absent: true };
  try {
    const resolved = await resolveTarget(placed, name, root);
    if (resolved.ok) return { target: resolved.target };
    const { reason, remedy, missing } = resolved;
    if (missing) return { couldNotCheck: { lab, target: name, missing, reason, remedy } };
    return fault(`${placed.path}/${name}`, reason, remedy);
  } catch (error) {
    if (!(error instanceof MistakeFormatError)) throw error;
    return fault(`${placed.path}/${name}.patch`, error.what, error.mend);
  }
}

function isThere({ lab, path }: PlacedBuiltLab, name: TargetName, root: string): boolean {
  if (name.startsWith('variants/')) return existsSync(join(root, path, name));
  const folder = name.startsWith('mistakes/') ? 'solution' : name;
  const { typescript, python = typescript, csharp = typescript } = lab.entry;
  const entry = folder === 'solution-python' ? python : folder === 'solution-csharp' ? csharp : typescript;
  return existsSync(join(root, path, folder, entry));
}

async function runAll(
  jobs: readonly Job[],
  options: JudgeOptions,
): Promise<{ results: JobResult[]; seed: number; stuck: boolean; faults: readonly Fault[] }> {
  if (jobs.length === 0) return { results: [], seed: options.seed ?? 0, stuck: false, faults: [] };
  let done = 0;
  const faults = new Map<string, Fault>();
  const broke = (stack: string) => {
    const what = 'break in a way that belongs to no test';
    faults.set(stack, suiteFault(what, stack.split('\n').slice(0, STACK_LINES)));
  };
  // Each target is judged by a process of its own, which loads Vitest: compiled once, the others find it so.
  process.env.NODE_COMPILE_CACHE ??= join(repository, '.cache/compiled');
  const runner = await CheckpointRunner.open(jobs, {
    root: options.root,
    workers: options.workers,
    // Wrong solutions do what they like: each worker can be ended by itself.
    pool: 'forks',
    reportBroken: true,
    // The jobs run side by side already. Within each, one checkpoint at a time: its times are then its own.
    atOnce: 1,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    onStrayError: broke,
    onJob: () => options.onJob?.(++done, jobs.length),
  });
  const { seed } = runner;
  let results: JobResult[] = [];
  let stuck = false;
  try {
    results = await runner.run();
  } catch (error) {
    if (!(error instanceof CheckpointsBroken)) throw error;
    broke(error.message);
  } finally {
    const close = runner[Symbol.asyncDispose]();
    await within(close, CLOSE_DEADLINE_MS, () => new Error('not closed')).catch(() => {
      stuck = true;
      faults.set('stuck', suiteFault('do not come to an end: something they opened is never closed', []));
    });
  }
  return { results, seed, stuck, faults: [...faults.values()] };
}

function suiteFault(what: string, details: readonly string[]): Fault {
  const mend =
    'find the checkpoint by running one lab at a time (--lab): each closes what it opens, also when it fails';
  return { proof: 3, file: 'checkpoints', what: `the checkpoints ${what}`, mend, details };
}

/** One fault a test file, however many targets it broke for. */
function brokenFiles(results: readonly JobResult[]): Fault[] {
  const faults = new Map<string, Fault>();
  for (const { job, broken } of results) {
    const file = testFile(job.placed);
    if (broken === undefined || faults.has(file)) continue;
    faults.set(file, {
      proof: 1,
      lab: job.placed.lab.slug,
      file,
      what: `the test file breaks (with ${job.target.name})`,
      mend: 'mend it: every wrong answer must become a CheckpointFailure inside a checkpoint',
      details: broken.split('\n').slice(0, 8),
    });
  }
  return [...faults.values()];
}
