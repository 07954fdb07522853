import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lack } from '../harness/unavailable.ts';
import { approvedMessage, type Mistake, MistakeFormatError, parseMistake, sameMessage } from '../runner/mistake.ts';
import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import { testFile } from '../runner/test-file.ts';
import { failureLines } from './failure-lines.ts';
import type { Fault } from './fault.ts';
import type { JudgedLab } from './judge-labs.ts';
import { ranTargets } from './outcomes.ts';

/** A mistake tells what its checkpoint is good for only if at most so many checkpoints catch it. */
const MAX_CATCHERS = 3;

export interface JudgedMistake {
  readonly mistake: Mistake;
  readonly caught: boolean;
  /** What its own checkpoint lacked here: then it is neither caught nor missed. */
  readonly lack?: Lack;
  /** Ids of all checkpoints that it fails. */
  readonly caughtBy: readonly string[];
  /** What its own checkpoint says of it now. */
  readonly message?: string;
}

/** The mistakes of a lab that ran, with what caught them. */
export async function judgedMistakes(judged: JudgedLab, root: string): Promise<JudgedMistake[]> {
  const found: JudgedMistake[] = [];
  for (const { name, checkpoints } of ranTargets(judged)) {
    if (!name.startsWith('mistakes/')) continue;
    const file = join(root, judged.placed.path, `${name}.patch`);
    const mistake = parseMistake(await readFile(file, 'utf8'), file);
    const caughtBy = checkpoints.filter(({ verdict }) => verdict === 'failed').map(({ id }) => id);
    const { failure, lack } = own(mistake, checkpoints) ?? {};
    found.push({
      mistake,
      caught: failure?.kind === 'assertion',
      caughtBy,
      ...(lack ? { lack } : {}),
      ...(failure ? { message: approvedMessage(failure) } : {}),
    });
  }
  return found;
}

/** Ids of all checkpoints that catch a mistake, by the mistake's name. */
export type Catchers = ReadonlyMap<string, readonly string[]>;

/**
 * Every mistake is caught as it says, and every checkpoint has a mistake that shows what it is good for.
 *
 * @param recorded who else catches them, where that was not run again.
 */
export async function checkMistakes(judged: JudgedLab, root: string, recorded?: Catchers): Promise<Fault[]> {
  const { lab, path } = judged.placed;
  const faults: Fault[] = [];
  const fault = (file: string, what: string, mend: string, details: readonly string[] = []) =>
    faults.push({ proof: 4, lab: lab.slug, file, what, mend, details });
  const mistakes = await judgedMistakes(judged, root);
  const catchersOf = ({ mistake, caughtBy }: JudgedMistake) => recorded?.get(mistake.name) ?? caughtBy;
  for (const { mistake, caughtBy } of mistakes) {
    const file = `${path}/mistakes/${mistake.name}.patch`;
    const command = `npm run mistake approve ${lab.slug} ${mistake.name}`;
    if (!lab.checkpoints.some(({ id }) => id === mistake.checkpoint)) {
      const ids = lab.checkpoints.map(({ id }) => id).join(', ');
      fault(file, `names "${mistake.checkpoint}", which is no checkpoint`, `use one of ${ids}`);
      continue;
    }
    const results = ranTargets(judged).find(({ name }) => name === `mistakes/${mistake.name}`)?.checkpoints ?? [];
    const result = own(mistake, results);
    // A test that did not run, or broke, is reported by itself.
    if (!result || result.failure?.kind === 'crash') continue;
    if (result.verdict === 'could not check') {
      // Reported by the checkpoint's name. That a message was never approved can be seen all the same.
      if (mistake.messages.length > 0) continue;
      fault(
        file,
        'has no approved message',
        `read the one that ${command} shows, where ${result.lack?.missing} is to be had`,
      );
    } else if (result.verdict === 'passed') {
      const others = recorded?.get(mistake.name) ?? caughtBy;
      const by = others.includes(mistake.checkpoint)
        ? ', and was when its evidence was recorded'
        : others.length > 0
          ? `; ${others.join(', ')} catches it`
          : ', and nothing else does';
      const mend =
        others.length > 0
          ? 'name the checkpoint that catches it, or sharpen the one it names'
          : `sharpen the checkpoint in ${testFile(judged.placed)}, or make the mistake worse`;
      fault(file, `is not caught by ${mistake.checkpoint}${by}`, mend);
    } else if (result.failure?.kind === 'start') {
      fault(file, 'does not start', 'a mistake compiles, starts and answers wrongly', failureLines(result));
    } else if (mistake.messages.length === 0) {
      fault(file, 'has no approved message', `read the one below, then ${command}`, failureLines(result));
    } else if (result.failure && !matches(mistake, result)) {
      const details = [
        'approved:',
        ...mistake.messages.flatMap(indented),
        'now:',
        ...failureLines(result).map((l) => `  ${l}`),
      ];
      fault(file, 'gets another message than the approved one', `mend the checkpoint's words, or ${command}`, details);
    }
  }
  const named = await namedCheckpoints(judged, root);
  for (const { id } of lab.checkpoints) {
    const own = mistakes.filter(({ mistake }) => mistake.checkpoint === id);
    if (!named.includes(id)) {
      fault(
        `${path}/mistakes`,
        `no mistake names ${id}`,
        `npm run mistake edit ${lab.slug} <name>: write one it catches`,
      );
    } else if (
      own.length === named.filter((name) => name === id).length &&
      !own.some((entry) => catchersOf(entry).length <= MAX_CATCHERS)
    ) {
      const list = own.map((entry) => `${entry.mistake.name} is caught by ${catchersOf(entry).join(', ')}`);
      const what = `every mistake that names ${id} is caught by more than ${MAX_CATCHERS} checkpoints`;
      fault(`${path}/mistakes`, what, `write one that ${id} catches and few others do`, list);
    }
  }
  return faults;
}

/** The checkpoint that each mistake names, of all mistakes that can be read, whether they ran or not. */
async function namedCheckpoints(judged: JudgedLab, root: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name } of judged.targets) {
    if (!name.startsWith('mistakes/')) continue;
    const file = join(root, judged.placed.path, `${name}.patch`);
    try {
      found.push(parseMistake(await readFile(file, 'utf8'), file).checkpoint);
    } catch (error) {
      // Reported where it was to be judged.
      if (!(error instanceof MistakeFormatError)) throw error;
    }
  }
  return found;
}

function matches(mistake: Mistake, { failure }: CheckpointResult): boolean {
  if (!failure) return false;
  const message = approvedMessage(failure);
  return mistake.messages.some((approved) => sameMessage(approved, message));
}

function own(mistake: Mistake, results: readonly CheckpointResult[]): CheckpointResult | undefined {
  return results.find(({ id }) => id === mistake.checkpoint);
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `    ${line}`);
}
