import type { Checkpoint } from '../../labs/course-schema.ts';
import type { FailureReport } from '../harness/failure.ts';
import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import { type ExitCode, exitCode } from './exit-code.ts';

/** What a run says about one checkpoint. Only `passed` counts as green. */
export type Outcome = { readonly id: string; readonly sentence: string } & (
  | { readonly verdict: 'passed'; readonly durationMs: number }
  | { readonly verdict: 'failed'; readonly durationMs: number; readonly failure: FailureReport }
  | {
      readonly verdict: 'could not check';
      readonly reason: string;
      readonly remedy: string;
      /** What this machine lacks, by the name that `verify` takes. Absent: nothing is missing, something is broken. */
      readonly missing?: string;
      readonly details?: readonly string[];
    }
  /** The run stopped at a red one before it. */
  | { readonly verdict: 'not reached' }
);

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly couldNotCheck: number;
  readonly notReached: number;
}

/**
 * One result as an outcome. A checkpoint that broke itself is no verdict on anybody's code: it could not check.
 */
export function outcomeOf(result: CheckpointResult): Outcome {
  const { id, sentence, durationMs } = result;
  if (result.verdict === 'passed') return { id, sentence, verdict: 'passed', durationMs };
  if (result.lack) {
    const { missing, reason, remedy } = result.lack;
    return { id, sentence, verdict: 'could not check', reason, remedy, missing };
  }
  if (result.failure && result.failure.kind !== 'crash') {
    return { id, sentence, verdict: 'failed', durationMs, failure: result.failure };
  }
  return {
    id,
    sentence,
    verdict: 'could not check',
    reason: `the checkpoint itself broke, which is a defect of this repository: ${result.failure?.received ?? 'no reason given'}`,
    remedy: 'report it with the lines below',
    ...(result.failure?.details ? { details: result.failure.details } : {}),
  };
}

/**
 * The outcomes of a run, one for each checkpoint that was asked for, in their order. A checkpoint without a result is
 * `not reached` if the run stopped at a red one; else nothing explains its silence and it could not be checked.
 */
export function outcomesOf(
  asked: readonly Checkpoint[],
  results: readonly CheckpointResult[],
  stops: boolean,
): Outcome[] {
  const byId = new Map(results.map((result) => [result.id, outcomeOf(result)]));
  const stopped = stops && results.some((result) => result.verdict === 'failed');
  return asked.map(({ id, sentence }): Outcome => {
    const outcome = byId.get(id);
    if (outcome) return outcome;
    if (stopped) return { id, sentence, verdict: 'not reached' };
    return {
      id,
      sentence,
      verdict: 'could not check',
      reason: 'the manifest lists it, but no test of that name ran, which is a defect of this repository',
      remedy: 'npm run verify says more; please report it',
    };
  });
}

export function countOutcomes(outcomes: readonly Outcome[]): Counts {
  const count = (verdict: Outcome['verdict']) => outcomes.filter((outcome) => outcome.verdict === verdict).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    couldNotCheck: count('could not check'),
    notReached: count('not reached'),
  };
}

/** The exit code of a run: red before amber before green. Nothing judged is never green. */
export function exitCodeOf(outcomes: readonly Outcome[]): ExitCode {
  const { passed, failed } = countOutcomes(outcomes);
  if (failed > 0) return exitCode.red;
  return passed > 0 && passed === outcomes.length ? exitCode.green : exitCode.couldNotCheck;
}

/** `All 9 checkpoints are green.` or `3 green, 1 red, 5 not reached.` */
export function countingLine(outcomes: readonly Outcome[]): string {
  const { passed, failed, couldNotCheck, notReached } = countOutcomes(outcomes);
  if (passed > 0 && passed === outcomes.length) {
    return passed === 1 ? 'The checkpoint is green.' : `All ${passed} checkpoints are green.`;
  }
  const parts = [
    `${passed} green`,
    ...(failed > 0 ? [`${failed} red`] : []),
    ...(couldNotCheck > 0 ? [`${couldNotCheck} could not be checked`] : []),
    ...(notReached > 0 ? [`${notReached} not reached`] : []),
  ];
  return `${parts.join(', ')}.`;
}
