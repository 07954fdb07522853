import type { FailureReport } from '../../../checkpoints/harness/failure.ts';

/** An error as Vitest hands it over: plain data with the fields that the thrown object had. */
export interface ThrownError {
  readonly message?: string;
  readonly stack?: string;
  readonly report?: unknown;
}

/** A `CheckpointFailure` as it was thrown; anything else as the command line reports it. */
export function reportOf(error: ThrownError | undefined): FailureReport {
  const report = error?.report;
  if (typeof report === 'object' && report !== null && 'expected' in report) return report as FailureReport;
  const timedOut = error?.message?.includes('Test timed out') ?? false;
  return {
    kind: timedOut ? 'assertion' : 'crash',
    expected: timedOut ? 'the checkpoint to end in its time' : 'the checkpoint to run',
    received: error?.message?.split('\n')[0] ?? 'an unknown error',
    usually: timedOut ? 'your program keeps a step waiting for ever' : 'a defect of this checkpoint: please report it',
    ...(error?.stack ? { details: error.stack.split('\n').slice(0, 6) } : {}),
  };
}
