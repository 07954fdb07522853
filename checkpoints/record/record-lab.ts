import { join } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { mistakeNames, readMistake } from '../cli/mistake/mistake-patch.ts';
import { CheckpointRunner } from '../runner/run-checkpoints.ts';
import { resolveTarget } from '../runner/target.ts';
import { type Judged, type JudgeOptions, judgeLabs } from '../verify/judge-labs.ts';
import { judgedMistakes } from '../verify/mistakes.ts';
import {
  checkpointEvidence,
  type LabEvidence,
  labEvidencePath,
  type TargetEvidence,
  worst,
  writeEvidence,
} from './evidence.ts';
import { hashOf, labInputs } from './inputs-hash.ts';
import { commitOf, describeMachine, describeTools } from './provenance.ts';

/** How often the suite runs on the solution for `suiteMs`. Odd, so that the median is a run. */
const SUITE_RUNS = 3;
/** Targets judged at once, as in `verify`: checkpoints mostly wait. `suiteMs` is measured with nothing beside it. */
const WORKERS = 3;

export interface RecordOptions {
  readonly root: string;
  /** Default false: refuse when the lab, its checkpoints or the engine differ from the commit. */
  readonly allowDirty?: boolean;
  /** Judge each mistake by the checkpoint that it names alone, not by all. Default false. */
  readonly named?: boolean;
  readonly onProgress?: (done: number, all: number) => void;
}

/** A run that must not become evidence: something in it is broken. */
export class RecordError extends Error {
  readonly code = 'RECORD';
}

/**
 * Runs all of a lab's targets and writes what came of it to `checkpoints/evidence/<lab>.json`.
 *
 * @returns the evidence as written.
 * @throws DirtyTreeError; RecordError when a target could not even be run, or files changed meanwhile.
 */
export async function recordLab(placed: PlacedBuiltLab, options: RecordOptions): Promise<LabEvidence> {
  const { root, named = false } = options;
  const { slug } = placed.lab;
  const inputs = await labInputs(placed, root);
  const inputsHash = await hashOf(root, inputs);
  const commit = await commitOf(root, inputs, options.allowDirty ?? false);
  const judgement = await judgeLabs([placed], {
    root,
    workers: WORKERS,
    ...(named ? { only: await ownCheckpoints(placed, root) } : {}),
    ...(options.onProgress ? { onJob: options.onProgress } : {}),
  });
  const [judged] = judgement.labs;
  if (!judged || judgement.faults.length > 0) {
    const list = judgement.faults.map(({ file, what, mend }) => `  ${file}: ${what}. Mend: ${mend}.`);
    throw new RecordError(`${slug} cannot be recorded:\n${list.join('\n')}`);
  }
  const mistakes = await judgedMistakes(judged, root);
  const evidence: LabEvidence = {
    lab: slug,
    commit,
    date: new Date().toISOString(),
    machine: await describeMachine(),
    tools: await describeTools(),
    command: `npm run record -- --lab ${slug}${named ? ' --named' : ''}`,
    inputsHash,
    suiteMs: await suiteMs(placed, root),
    targets: judged.targets
      .filter(({ name }) => !name.startsWith('mistakes/'))
      .map((target) =>
        targetEvidence(
          target,
          judgement.couldNotCheck.find((entry) => 'target' in entry && entry.target === target.name)?.reason,
        ),
      ),
    mistakes: mistakes.map(({ mistake, caught, caughtBy, lack, message }) => ({
      name: mistake.name,
      title: mistake.title,
      checkpoint: mistake.checkpoint,
      ...(named ? {} : { alsoCaughtBy: caughtBy.filter((id) => id !== mistake.checkpoint) }),
      caught,
      ...(lack ? { couldNotCheck: lack.reason } : {}),
      message: message ?? '',
    })),
  };
  if ((await hashOf(root, await labInputs(placed, root))) !== inputsHash) {
    throw new RecordError(`files of ${slug} changed while it was recorded. Mend: record it again.`);
  }
  await writeEvidence(root, labEvidencePath(slug), evidence);
  return evidence;
}

/** The checkpoint that each mistake names, for `judgeLabs`; all others are judged by all. */
async function ownCheckpoints({ path }: PlacedBuiltLab, root: string): Promise<JudgeOptions['only']> {
  const labFolder = join(root, path);
  const names = await mistakeNames(labFolder);
  const checkpoints = new Map<string, string | undefined>(
    await Promise.all(
      names.map(async (name) => [`mistakes/${name}`, (await readMistake(labFolder, name))?.checkpoint] as const),
    ),
  );
  return (_, target) => {
    const checkpoint = checkpoints.get(target);
    return checkpoint === undefined ? undefined : [checkpoint];
  };
}

function targetEvidence(target: Judged, reason: string | undefined): TargetEvidence {
  const { name } = target;
  if (target.state !== 'ran') {
    return { name, verdict: 'could not check', ...(reason === undefined ? {} : { reason }), checkpoints: [] };
  }
  const checkpoints = target.checkpoints.map(checkpointEvidence);
  return { name, verdict: worst(checkpoints.map(({ verdict }) => verdict)), checkpoints };
}

async function suiteMs(placed: PlacedBuiltLab, root: string): Promise<number> {
  const resolved = await resolveTarget(placed, 'solution', root);
  if (!resolved.ok) throw new RecordError(`${placed.lab.slug}: ${resolved.reason}. Mend: ${resolved.remedy}.`);
  await using runner = await CheckpointRunner.open([{ placed, target: resolved.target }], {
    root,
    pool: 'warm-threads',
  });
  const times: number[] = [];
  for (let i = 0; i < SUITE_RUNS; i++) {
    runner.prepare();
    const started = performance.now();
    await runner.run();
    times.push(performance.now() - started);
  }
  return Math.round(times.sort((a, b) => a - b)[Math.floor(SUITE_RUNS / 2)] ?? 0);
}
