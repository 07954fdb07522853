import type { PlacedBuiltLab } from '../../../labs/course-schema.ts';
import { CheckpointRunner, type JobResult } from '../../runner/run-checkpoints.ts';
import { resolveTarget, type TargetName } from '../../runner/target.ts';

/**
 * Runs a lab's checkpoints against its mistakes, all in one go.
 *
 * @param checkpointOf the only checkpoint that is to judge a mistake. Default: all of them do.
 */
export async function judgeMistakes(
  placed: PlacedBuiltLab,
  names: readonly string[],
  root: string,
  checkpointOf?: (name: string) => string | undefined,
): Promise<{ readonly results: ReadonlyMap<string, JobResult>; readonly seed: number }> {
  const jobs = [];
  for (const name of names) {
    const resolved = await resolveTarget(placed, `mistakes/${name}` satisfies TargetName, root);
    if (!resolved.ok) throw new Error(`${name} cannot be judged here: ${resolved.reason}. Mend: ${resolved.remedy}.`);
    const checkpoint = checkpointOf?.(name);
    jobs.push({ placed, target: resolved.target, ...(checkpoint === undefined ? {} : { only: [checkpoint] }) });
  }
  await using runner = await CheckpointRunner.open(jobs, { root, pool: 'forks' });
  const results = await runner.run();
  return {
    results: new Map(results.map((result) => [result.job.target.name.slice('mistakes/'.length), result])),
    seed: runner.seed,
  };
}
