/**
 * `npm run bench -- feedback`: how long a learner waits between saving and seeing. Drives the real `npm run lab` on
 * tcp-echo, as a process whose output is read line by line, in a copy of the course. No attempt of anybody's is touched.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { writtenTree } from '../cli/attempt.ts';
import { pollUntil } from '../harness/deadline.ts';
import { materialize } from '../runner/materialize.ts';
import { parseMistake } from '../runner/mistake.ts';
import { repository } from '../runner/repository.ts';
import { distributionOf } from './distribution.ts';

const LAB = 'labs/1-networking/tcp-echo';
const SLUG = 'tcp-echo';
/** Nobody saves again in the moment in which the last result appears. */
const THINKING_MS = 1_000;
/** The mistake that is saved is the first one that this checkpoint catches. */
const CHECKPOINT = 'half-close';
const LIMITS = { redP95Ms: 500, greenP95Ms: 3_000, startMs: 10_000 } as const;
const MIN_ROUNDS = 20;
const ANSWER_DEADLINE_MS = 60_000;

export interface FeedbackFigures {
  readonly lab: string;
  readonly mistake: string;
  readonly rounds: number;
  readonly redMs: Wait;
  readonly greenMs: Wait;
  /** `lab start`, then `lab test` up to the first red checkpoint; once. */
  readonly startMs: number;
  readonly limits: typeof LIMITS;
  readonly withinLimits: boolean;
  readonly machine: { readonly cpu: string; readonly cpus: number; readonly load1: number; readonly node: string };
}

export interface Wait {
  readonly median: number;
  readonly p95: number;
  /** In the order in which they were measured. */
  readonly values: readonly number[];
}

export interface FeedbackOptions {
  /** Saves of each kind, at least 20. Default 20. */
  readonly rounds?: number;
  /** Name of the mistake that is saved. Default: the first one that `half-close` catches. */
  readonly mistake?: string;
}

/**
 * @throws Error when the wrong attempt gets another answer than the mistake's checkpoint, or the right one is not green.
 */
export async function runFeedbackBench(options: FeedbackOptions = {}): Promise<FeedbackFigures> {
  const { rounds = MIN_ROUNDS } = options;
  if (!Number.isInteger(rounds) || rounds < MIN_ROUNDS) {
    throw new RangeError(`rounds must be a whole number from ${MIN_ROUNDS} on; it is ${rounds}`);
  }
  const load1 = loadavg()[0] ?? Number.NaN;
  const mistake = options.mistake ?? (await mistakeOf(CHECKPOINT));
  const wrong = textsOf(await materialize(join(repository, LAB), SLUG, mistake));
  const right = textsOf(join(repository, LAB, 'solution'));
  const root = copyOfCourse();
  // Ctrl-C passes by every `finally`.
  const cleanUp = () => rmSync(root, { recursive: true, force: true });
  const leave = () => process.exit(130);
  process.once('exit', cleanUp).once('SIGINT', leave).once('SIGTERM', leave);
  try {
    const startMs = await measureStart(root);
    rmSync(join(root, LAB, 'attempt'), { recursive: true });
    save(root, right);
    const { redMs, greenMs } = await measureWatch(root, { right, wrong, rounds });
    const withinLimits = redMs.p95 <= LIMITS.redP95Ms && greenMs.p95 <= LIMITS.greenP95Ms && startMs <= LIMITS.startMs;
    const machine = { cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length, load1, node: process.version };
    return { lab: SLUG, mistake, rounds, redMs, greenMs, startMs, limits: LIMITS, withinLimits, machine };
  } finally {
    process.off('exit', cleanUp).off('SIGINT', leave).off('SIGTERM', leave);
    cleanUp();
  }
}

export function formatFeedbackBench(figures: FeedbackFigures): string {
  const { redMs, greenMs, startMs, rounds, machine, limits } = figures;
  const row = (what: string, median: string, value: number, limit: number) =>
    `${what.padEnd(44)}${median.padStart(10)}${`${value} ms`.padStart(12)}${`${limit} ms`.padStart(12)}   ${value <= limit ? 'within' : 'BEYOND'}`;
  return [
    `${figures.lab} in watch mode, ${rounds} saves of each kind, ${THINKING_MS / 1000} s after the result before; ${machine.cpus} × ${machine.cpu}, load ${machine.load1.toFixed(1)} before`,
    '',
    `${''.padEnd(44)}${'median'.padStart(10)}${'p95'.padStart(12)}${'limit'.padStart(12)}`,
    row('save to first red checkpoint shown', `${redMs.median} ms`, redMs.p95, limits.redP95Ms),
    row('save to whole suite green shown', `${greenMs.median} ms`, greenMs.p95, limits.greenP95Ms),
    row('lab start and first red checkpoint (once)', '', startMs, limits.startMs),
  ].join('\n');
}

async function measureStart(root: string): Promise<number> {
  const begun = performance.now();
  await ended(lab(root, 'start', SLUG));
  const test = new Shown(lab(root, 'test', SLUG));
  const at = await test.until((text) => /^✗ /m.test(text), 'a red checkpoint');
  await ended(test.child);
  return Math.round(at - begun);
}

interface Saves {
  readonly right: Texts;
  readonly wrong: Texts;
  readonly rounds: number;
}

async function measureWatch(root: string, { right, wrong, rounds }: Saves): Promise<{ redMs: Wait; greenMs: Wait }> {
  const watch = new Shown(lab(root, 'watch', SLUG));
  const [red, green]: [number[], number[]] = [[], []];
  const isGreenLine = /^All \d+ checkpoints are green\.$/m;
  const isGreen = (text: string) => {
    if (/^[✗?] /m.test(text)) throw new Error(`the solution is not green:\n${text}`);
    return isGreenLine.test(text);
  };
  const isRed = (text: string) => {
    if (isGreenLine.test(text)) throw new Error(`the wrong attempt passes:\n${text}`);
    const id = /^[✗?] (\S+)/m.exec(text)?.[1];
    if (id !== undefined && id !== CHECKPOINT) throw new Error(`${CHECKPOINT} should have caught it first:\n${text}`);
    // Shown means shown: up to the last line of the red checkpoint.
    return /^ {2}next {2,}npm run lab hint/m.test(text);
  };
  try {
    await watch.until(isGreen, 'the solution to be green');
    for (let round = 0; round < rounds; round += 1) {
      await watch.until((text) => text.endsWith('\n'), 'the end of the output');
      watch.forget();
      red.push(
        await timed(
          () => save(root, wrong, right),
          () => watch.until(isRed, 'a red checkpoint'),
        ),
      );
      await watch.until((text) => /^(\d+ green, 1 red|\S+ is red; )/m.test(text), 'the counting line');
      watch.forget();
      green.push(
        await timed(
          () => save(root, right, wrong),
          () => watch.until(isGreen, 'the solution to be green'),
        ),
      );
    }
  } finally {
    watch.child.kill('SIGINT');
    await ended(watch.child);
  }
  return { redMs: waitOf(red), greenMs: waitOf(green) };
}

async function timed(act: () => void, shown: () => Promise<number>): Promise<number> {
  await delay(THINKING_MS);
  const begun = performance.now();
  act();
  return (await shown()) - begun;
}

function waitOf(values: readonly number[]): Wait {
  const { p50, p95 } = distributionOf(values, { unit: 'ms', binWidth: 10 });
  return { median: Math.round(p50), p95: Math.round(p95), values: values.map(Math.round) };
}

/** A command whose output is read as it comes. */
class Shown {
  readonly child: ChildProcess;
  #text = '';
  #lastAt = performance.now();

  constructor(child: ChildProcess) {
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#text += stripVTControlCharacters(text);
        this.#lastAt = performance.now();
      });
    }
  }

  forget(): void {
    this.#text = '';
  }

  /** @returns when the output that was waited for arrived, on the clock of `performance.now`. */
  async until(accept: (text: string) => boolean, what: string): Promise<number> {
    await pollUntil(() => this.#text, accept, {
      withinMs: ANSWER_DEADLINE_MS,
      everyMs: 1,
      otherwise: (text) => new Error(`expected ${what}; what was shown:\n${text}`),
    });
    return this.#lastAt;
  }
}

function lab(root: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['checkpoints/cli/node-24.mjs', 'checkpoints/cli/lab.ts', ...args], {
    cwd: root,
    env: { ...process.env, INIT_CWD: root, NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return child;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

/** The course in a temporary folder, without anybody's attempts and progress. */
function copyOfCourse(): string {
  const root = mkdtempSync(join(tmpdir(), 'feedback-'));
  const isOurs = (path: string) => !/\/(attempt|\.attempts|progress[^/]*\.json)$/.test(path);
  for (const name of ['labs', 'checkpoints']) {
    cpSync(join(repository, name), join(root, name), { recursive: true, filter: isOurs });
  }
  cpSync(join(repository, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  return root;
}

type Texts = ReadonlyMap<string, string>;

function textsOf(folder: string): Texts {
  const { files } = writtenTree(folder);
  return new Map(files.map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')]));
}

/** Writes what differs from `before` into the attempt, in place, as most editors do. */
function save(root: string, texts: Texts, before: Texts = new Map()): void {
  for (const [name, text] of texts) {
    if (before.get(name) === text) continue;
    const file = join(root, LAB, 'attempt', name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
}

async function mistakeOf(checkpoint: string): Promise<string> {
  const folder = join(repository, LAB, 'mistakes');
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith('.patch')) continue;
    const mistake = parseMistake(await readFile(join(folder, name), 'utf8'), name);
    if (mistake.checkpoint === checkpoint) return mistake.name;
  }
  throw new Error(`${LAB}/mistakes holds none that ${checkpoint} catches: add one, or name another checkpoint here`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, rounds: { type: 'string' }, mistake: { type: 'string' } },
  });
  const figures = await runFeedbackBench({
    ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
    ...(values.mistake === undefined ? {} : { mistake: values.mistake }),
  });
  console.log(values.json ? JSON.stringify(figures, null, 2) : formatFeedbackBench(figures));
  process.exitCode = figures.withinLimits ? 0 : 1;
}
