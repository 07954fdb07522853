import { join } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { CheckpointRunner } from '../runner/run-checkpoints.ts';
import { commandTarget, resolveTarget } from '../runner/target.ts';
import { type AttemptEvidence, attemptEvidencePath, checkpointEvidence, worst, writeEvidence } from './evidence.ts';
import { attemptInputs, hashOf } from './inputs-hash.ts';
import { commitOf, describeMachine, describeTools } from './provenance.ts';
import { RecordError, type RecordOptions } from './record-lab.ts';

export interface RecordAttemptOptions extends RecordOptions {
  /** A command that starts the attempt, in its folder. Default: the entry that is found there. */
  readonly run?: string;
}

/**
 * Judges a learner's attempt and writes what came of it to `checkpoints/evidence/attempts/<lab>.json`. A red one is
 * recorded as well: it is a result.
 *
 * @returns the evidence as written.
 * @throws DirtyTreeError; RecordError when the attempt could not be run, or its files changed meanwhile.
 */
export async function recordAttempt(placed: PlacedBuiltLab, options: RecordAttemptOptions): Promise<AttemptEvidence> {
  const { root, run } = options;
  const { slug } = placed.lab;
  const inputs = await attemptInputs(placed, root);
  if (!inputs.some((file) => file.startsWith(`${placed.path}/attempt/`))) {
    throw new RecordError(`${placed.path}/attempt is not there. Mend: npm run lab start ${slug}.`);
  }
  const inputsHash = await hashOf(root, inputs);
  const commit = await commitOf(root, inputs, options.allowDirty ?? false);
  const resolved =
    run === undefined
      ? await resolveTarget(placed, 'attempt', root)
      : await commandTarget(placed, run, join(root, placed.path, 'attempt'));
  if (!resolved.ok) {
    throw new RecordError(`the attempt at ${slug} cannot be run: ${resolved.reason}. Mend: ${resolved.remedy}.`);
  }
  await using runner = await CheckpointRunner.open([{ placed, target: resolved.target }], {
    root,
    reportBroken: true,
  });
  const [result] = await runner.run();
  if (result === undefined || result.broken !== undefined) {
    throw new RecordError(`the attempt at ${slug} could not be judged: ${result?.broken ?? 'nothing ran'}`);
  }
  const checkpoints = result.checkpoints.map(checkpointEvidence);
  const evidence: AttemptEvidence = {
    lab: slug,
    commit,
    date: new Date().toISOString(),
    machine: await describeMachine(),
    tools: await describeTools(),
    command: `npm run record -- --attempt ${slug}${run === undefined ? '' : ` --run ${JSON.stringify(run)}`}`,
    inputsHash,
    verdict: worst(checkpoints.map(({ verdict }) => verdict)),
    checkpoints,
  };
  if ((await hashOf(root, await attemptInputs(placed, root))) !== inputsHash) {
    throw new RecordError(`the attempt at ${slug} changed while it was recorded. Mend: record it again.`);
  }
  await writeEvidence(root, attemptEvidencePath(slug), evidence);
  return evidence;
}
