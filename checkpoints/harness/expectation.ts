import { CheckpointFailure } from './failure.ts';

/** What a step waits for, in the words of the failure that it becomes. */
export interface Expectation {
  readonly sent?: string;
  /** Default: what the step reads. */
  readonly expected?: string;
  readonly usually: string;
  readonly details?: readonly string[];
  /** How long the step waits. Default 5,000. */
  readonly withinMs?: number;
}

/** The failure that a missed expectation becomes. */
export function missed(
  expectation: Expectation,
  what: { readonly expected: string; readonly received: string; readonly details?: readonly string[] },
): CheckpointFailure {
  const details = [...(what.details ?? []), ...(expectation.details ?? [])];
  return new CheckpointFailure({
    ...(expectation.sent === undefined ? {} : { sent: expectation.sent }),
    expected: expectation.expected ?? what.expected,
    received: what.received,
    usually: expectation.usually,
    ...(details.length > 0 ? { details } : {}),
  });
}
