/**
 * What the command line says of every TypeScript target of a lab, over real sockets, for the parity test:
 *
 *     node site/tests/command-line-verdicts.ts <lab>            prints it, as one JSON document
 *     node site/tests/command-line-verdicts.ts <lab> --record   judges, and keeps the verdicts in recorded-verdicts/
 *
 * What was recorded counts as long as nothing that it depends on has changed; then everything is judged anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf, labInputs } from '../../checkpoints/record/inputs-hash.ts';
import { parseMistake } from '../../checkpoints/runner/mistake.ts';
import { repository } from '../../checkpoints/runner/repository.ts';
import { CheckpointRunner, type Job, type RunnerOptions } from '../../checkpoints/runner/run-checkpoints.ts';
import { listTargets, resolveTarget, type TargetName } from '../../checkpoints/runner/target.ts';
import { course } from '../../labs/course.ts';
import { builtLabs, type PlacedBuiltLab } from '../../labs/course-schema.ts';

/** `either`: judged several times on one machine, it came out both ways. */
export type CommandLineVerdict = 'passed' | 'failed' | 'could not check' | 'either';

export interface JudgedTarget {
  readonly name: TargetName;
  /** Texts by their name. */
  readonly files: Readonly<Record<string, string>>;
  /** Verdicts by the id of the checkpoint. */
  readonly verdicts: Readonly<Record<string, CommandLineVerdict>>;
}

interface Recorded {
  readonly lab: string;
  /** SHA-256 over the lab, its checkpoints and the engine, as in the lab's evidence. */
  readonly inputsHash: string;
  readonly command: string;
  /** By target, what has not passed. */
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, CommandLineVerdict>>>>;
}

const WORKERS = 2;
const SEED = 1;
/**
 * A checkpoint with short time-outs can come out otherwise on a busy machine. What is red beyond the checkpoint that a
 * mistake was made for, and that one when it is not, is judged so many times more, with nothing beside it: all red is
 * red, none is passed.
 */
const CONFIRMATIONS = 4;

const [slug = '', flag] = process.argv.slice(2);
const placed = builtLabs(course).find(({ lab }) => lab.slug === slug);
if (!placed) throw new Error(`there is no lab "${slug}"`);
const file = join(import.meta.dirname, 'recorded-verdicts', `${slug}.json`);
const command = `node site/tests/command-line-verdicts.ts ${slug} --record`;
const inputsHash = await hashOf(repository, await labInputs(placed, repository));
const jobs = await jobsOf(placed);

const recorded = flag === '--record' ? undefined : recordedVerdicts();
const verdicts = recorded?.verdicts ?? (await judge(jobs));
if (flag === '--record') {
  mkdirSync(join(file, '..'), { recursive: true });
  const record: Recorded = { lab: slug, inputsHash, command, verdicts };
  writeFileSync(file, `${JSON.stringify(record, undefined, 2)}\n`);
} else {
  const targets = jobs.map(({ target }): JudgedTarget => {
    const all = placed.lab.checkpoints.map(({ id }) => [id, verdicts[target.name]?.[id] ?? 'passed']);
    return {
      name: target.name as TargetName,
      files: Object.fromEntries(filesOf(target)),
      verdicts: Object.fromEntries(all),
    };
  });
  process.stdout.write(JSON.stringify(targets), () => process.exit(0));
}

function recordedVerdicts(): Recorded | undefined {
  if (existsSync(file)) {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
    if (found.inputsHash === inputsHash) return found;
  }
  console.error(`${slug}: judged anew, as nothing is recorded of its files as they are now. Record it: ${command}`);
  return undefined;
}

/** @returns by target, what has not passed. */
async function judge(targets: readonly Job[]): Promise<Recorded['verdicts']> {
  const found = new Map<string, Record<string, CommandLineVerdict>>();
  const doubtful: Job[] = [];
  for (const { job, verdicts: seen } of await run(targets, { workers: WORKERS })) {
    const { name } = job.target;
    found.set(name, seen);
    const own = checkpointOf(name);
    const red = Object.keys(seen).filter((id) => seen[id] === 'failed' && id !== own);
    const only = own !== undefined && seen[own] !== 'failed' ? [own, ...red] : red;
    if (only.length > 0) doubtful.push({ ...job, only });
  }
  const redCounts = new Map<string, number>();
  for (let round = 0; round < CONFIRMATIONS; round += 1) {
    for (const { job, verdicts: seen } of await run(doubtful, { workers: 1, atOnce: 1 })) {
      for (const id of job.only ?? []) {
        const pair = `${job.target.name} ${id}`;
        redCounts.set(pair, (redCounts.get(pair) ?? 0) + (seen[id] === 'failed' ? 1 : 0));
      }
    }
  }
  for (const [pair, count] of redCounts) {
    const [name = '', id = ''] = pair.split(' ');
    const notPassed = found.get(name) ?? {};
    if (count === 0) delete notPassed[id];
    else notPassed[id] = count < CONFIRMATIONS ? 'either' : 'failed';
    if (count < CONFIRMATIONS)
      console.error(`${pair}: red in ${count} of ${CONFIRMATIONS} runs with nothing beside it`);
  }
  // In the order of the lab, so that a record differs only where verdicts do.
  const order = (placed?.lab.checkpoints ?? []).map(({ id }) => id);
  const inOrder = (notPassed: Readonly<Record<string, CommandLineVerdict>>) =>
    Object.fromEntries(order.filter((id) => id in notPassed).map((id) => [id, notPassed[id] as CommandLineVerdict]));
  const all = targets.map(({ target: { name } }) => [name, inOrder(found.get(name) ?? {})] as const);
  return Object.fromEntries(all.filter(([, notPassed]) => Object.keys(notPassed).length > 0));
}

async function run(these: readonly Job[], options: RunnerOptions) {
  if (these.length === 0) return [];
  await using runner = await CheckpointRunner.open(these, { ...options, seed: SEED });
  return (await runner.run()).map(({ job, checkpoints }) => {
    const notPassed = checkpoints.filter(({ verdict }) => verdict !== 'passed');
    const seen: Record<string, CommandLineVerdict> = Object.fromEntries(notPassed.map((c) => [c.id, c.verdict]));
    return { job, verdicts: seen };
  });
}

async function jobsOf(lab: PlacedBuiltLab): Promise<Job[]> {
  const found: Job[] = [];
  for (const name of await listTargets(lab)) {
    const resolved = await resolveTarget(lab, name);
    if (!resolved.ok) throw new Error(`${name}: ${resolved.reason}`);
    if (filesOf(resolved.target).length > 0) found.push({ placed: lab, target: resolved.target });
  }
  return found;
}

function filesOf(target: Job['target']): [name: string, text: string][] {
  const folder = target.kind === 'module' ? target.folder : target.cwd;
  const names = readdirSync(folder).filter((name) => /\.[mc]?ts$/.test(name));
  return names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
}

/** The checkpoint that a mistake was made for: `verify` holds it to that. */
function checkpointOf(name: string): string | undefined {
  if (!name.startsWith('mistakes/')) return undefined;
  const patch = `${name.slice('mistakes/'.length)}.patch`;
  return parseMistake(readFileSync(join(repository, placed?.path ?? '', 'mistakes', patch), 'utf8'), patch).checkpoint;
}
