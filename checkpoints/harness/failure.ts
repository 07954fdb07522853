/**
 * The one way in which a checkpoint fails: with what was expected, what came, and why that usually happens.
 * Runs in a browser too, so it imports nothing.
 */

export interface FailureReport {
  /**
   * `assertion`: the target answered, and wrongly. `start`: it never got as far as answering.
   * `crash`: the checkpoint itself broke; always a defect of this repository.
   */
  readonly kind: 'assertion' | 'start' | 'crash';
  /** What the checkpoint did or sent, where that explains the rest. */
  readonly sent?: string;
  readonly expected: string;
  readonly received: string;
  /** The most likely cause, in one or two sentences. */
  readonly usually: string;
  /** Bytes with a caret, the tail of a log, a seed: whatever helps to repeat it. Not part of the approved message. */
  readonly details?: readonly string[];
}

export type FailureText = Omit<FailureReport, 'kind'>;

export class CheckpointFailure extends Error {
  readonly code = 'CHECKPOINT_FAILED';
  readonly report: FailureReport;

  constructor(text: FailureText, kind: FailureReport['kind'] = 'assertion') {
    super(`expected ${text.expected}; received ${text.received}`);
    this.name = 'CheckpointFailure';
    this.report = { kind, ...text };
  }
}

/** Ends the checkpoint as failed. */
export function fail(text: FailureText): never {
  throw new CheckpointFailure(text);
}

/** Ends the checkpoint as failed unless `condition` holds. */
export function check(condition: boolean, text: FailureText | (() => FailureText)): asserts condition {
  if (!condition) fail(typeof text === 'function' ? text() : text);
}

/**
 * Runs `work` and adds `details` to a failure that comes out of it: the seed, the log of a proxy.
 * Anything else that is thrown passes unchanged.
 */
export async function withDetails<T>(details: () => readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CheckpointFailure)) throw error;
    const { kind, ...text } = error.report;
    throw new CheckpointFailure({ ...text, details: [...(text.details ?? []), ...details()] }, kind);
  }
}

/** An error as Vitest hands it over a worker's boundary: plain data with the fields that the thrown object had. */
export interface ThrownError {
  readonly message?: string;
  readonly stack?: string;
  readonly report?: unknown;
}

/** How much of a crash's stack a report shows. */
const STACK_LINES = 6;

/** A `CheckpointFailure` as it was thrown; anything else is a crash of the suite, or a checkpoint out of time. */
export function reportOf(error: ThrownError | undefined): FailureReport {
  const report = error?.report;
  if (typeof report === 'object' && report !== null && 'expected' in report) return report as FailureReport;
  const timedOut = error?.message?.includes('Test timed out') ?? false;
  return {
    kind: timedOut ? 'assertion' : 'crash',
    expected: timedOut ? 'the checkpoint to end in its time' : 'the checkpoint to run',
    received: error?.message?.split('\n')[0] ?? 'an unknown error',
    usually: timedOut ? 'your program keeps a step waiting for ever' : 'a defect of this checkpoint: please report it',
    ...(error?.stack ? { details: error.stack.split('\n').slice(0, STACK_LINES) } : {}),
  };
}
