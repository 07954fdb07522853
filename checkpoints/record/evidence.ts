import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { Lack } from '../harness/unavailable.ts';
import type { CheckpointResult, Verdict } from '../runner/run-checkpoints.ts';
import { textOf } from '../verify/source-files.ts';
import { EXPERIMENTS } from './experiments.ts';
import { attemptInputs, experimentInputs, hashOf, labInputs } from './inputs-hash.ts';
import type { Provenance } from './provenance.ts';

export interface TargetEvidence {
  readonly name: string;
  /** `failed` before `could not check` before `passed`: of several checkpoints the worst counts. */
  readonly verdict: Verdict;
  /** Why nothing of it could be checked; then `checkpoints` is empty. */
  readonly reason?: string;
  /** `durationMs` with other targets judged beside it: for the order of magnitude. `suiteMs` had the machine to itself. */
  readonly checkpoints: readonly CheckpointEvidence[];
}

export interface CheckpointEvidence {
  readonly id: string;
  readonly verdict: Verdict;
  readonly durationMs: number;
  /** What was missing where it was recorded, and how to get it. With `could not check` alone. */
  readonly lack?: Lack;
}

export interface MistakeEvidence {
  readonly name: string;
  readonly title: string;
  /** The checkpoint that it names. */
  readonly checkpoint: string;
  /** Absent when it was judged by its own checkpoint alone. */
  readonly alsoCaughtBy?: readonly string[];
  readonly caught: boolean;
  /** Why its checkpoint could not judge it: then it was neither caught nor missed, and `message` is empty. */
  readonly couldNotCheck?: string;
  /** What a learner who made it would be told. */
  readonly message: string;
}

/** One lab's recorded run: the starter, the solutions and the variants under `targets`, the mistakes by themselves. */
export interface LabEvidence extends Provenance {
  readonly lab: string;
  /** Median of three runs of the whole suite on the TypeScript solution. */
  readonly suiteMs: number;
  readonly targets: readonly TargetEvidence[];
  readonly mistakes: readonly MistakeEvidence[];
}

/** A learner's own solution, as its checkpoints saw it: what a fork shows beside the reference. */
export interface AttemptEvidence extends Provenance {
  readonly lab: string;
  readonly verdict: Verdict;
  readonly checkpoints: readonly CheckpointEvidence[];
}

/** One experiment's recorded run. What `results` holds is the experiment's own. */
export interface ExperimentEvidence extends Provenance {
  readonly experiment: string;
}

/** Evidence that does not tell of the files as they are now. */
export interface Staleness {
  /** Repository path of the evidence. */
  readonly file: string;
  readonly what: 'was never recorded' | 'was recorded before its inputs changed' | 'cannot be read';
  /** The command that mends it. */
  readonly mend: string;
}

export const EVIDENCE_FOLDER = 'checkpoints/evidence';

/** Repository path of a lab's evidence. */
export function labEvidencePath(lab: string): string {
  return `${EVIDENCE_FOLDER}/${lab}.json`;
}

/** Repository path of the evidence of a learner's attempt. */
export function attemptEvidencePath(lab: string): string {
  return `${EVIDENCE_FOLDER}/attempts/${lab}.json`;
}

/** Repository path of an experiment's evidence. */
export function experimentEvidencePath(name: string): string {
  return `${EVIDENCE_FOLDER}/experiments/${name}.json`;
}

/** Of several verdicts, the one that counts: `failed` before `could not check` before `passed`. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return (['failed', 'could not check'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'passed';
}

/** What is recorded of a checkpoint's run. */
export function checkpointEvidence({ id, verdict, durationMs, lack }: CheckpointResult): CheckpointEvidence {
  return { id, verdict, durationMs, ...(lack ? { lack } : {}) };
}

/** Writes evidence whole or not at all; keys stand in the order in which `evidence` has them. */
export async function writeEvidence(root: string, path: string, evidence: object): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  const work = `${file}.${process.pid}`;
  await writeFile(work, `${JSON.stringify(evidence, null, 2)}\n`);
  await rename(work, file);
}

/** A lab's evidence if it tells of the files as they are now; undefined otherwise. */
export async function currentLabEvidence(placed: PlacedBuiltLab, root: string): Promise<LabEvidence | undefined> {
  const path = labEvidencePath(placed.lab.slug);
  const hash = await hashOf(root, await labInputs(placed, root));
  if ((await staleness(root, path, hash, '')) !== undefined) return undefined;
  return JSON.parse((await textOf(root, path)) ?? '') as LabEvidence;
}

/** Which evidence of these labs does not fit their files. Reads and hashes; runs nothing. */
export async function staleLabEvidence(labs: readonly PlacedBuiltLab[], root: string): Promise<Staleness[]> {
  const found = await Promise.all(
    labs.map(async (placed) => {
      const { slug } = placed.lab;
      const hash = await hashOf(root, await labInputs(placed, root));
      return staleness(root, labEvidencePath(slug), hash, `npm run record -- --lab ${slug}`);
    }),
  );
  return found.filter((entry) => entry !== undefined);
}

/** Which recorded attempts no longer fit their files. An attempt need not be recorded at all. */
export async function staleAttemptEvidence(labs: readonly PlacedBuiltLab[], root: string): Promise<Staleness[]> {
  const recorded = labs.filter(({ lab }) => existsSync(join(root, attemptEvidencePath(lab.slug))));
  const found = await Promise.all(
    recorded.map(async (placed) => {
      const { slug } = placed.lab;
      const hash = await hashOf(root, await attemptInputs(placed, root));
      return staleness(root, attemptEvidencePath(slug), hash, `npm run record -- --attempt ${slug}`);
    }),
  );
  return found.filter((entry) => entry !== undefined);
}

/** The same for every experiment whose module stands. */
export async function staleExperimentEvidence(root: string): Promise<Staleness[]> {
  const found = await Promise.all(
    Object.entries(EXPERIMENTS).map(async ([name, experiment]) => {
      if (!existsSync(join(root, experiment.module))) return undefined;
      const hash = await hashOf(root, await experimentInputs(experiment, root));
      return staleness(root, experimentEvidencePath(name), hash, `npm run record -- --experiment ${name}`);
    }),
  );
  return found.filter((entry) => entry !== undefined);
}

async function staleness(root: string, file: string, hash: string, mend: string): Promise<Staleness | undefined> {
  const text = await textOf(root, file);
  if (text === undefined) return { file, what: 'was never recorded', mend };
  try {
    const value = JSON.parse(text) as { readonly inputsHash?: unknown };
    if (value.inputsHash === hash) return undefined;
    return { file, what: 'was recorded before its inputs changed', mend };
  } catch {
    return { file, what: 'cannot be read', mend };
  }
}
