import fc from 'fast-check';
import { firstDifference, formatBytes, hex } from '../../harness/bytes.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { type Framing, frameOf, type Outcome, sameOutcome, shown, shownText } from './guarded-framing.ts';
import type { ErrorVector, FrameVector } from './vectors.ts';

export const DEFAULT_LIMIT = 65_536;

/** What a checkpoint did, in the words of the failure that it may become. */
export interface Told {
  readonly sent: string;
  /** Default: the wanted outcome in words. */
  readonly expected?: string;
  readonly usually: string;
}

export function expectOutcome(outcome: Outcome, wanted: Outcome, told: Told): void {
  check(sameOutcome(outcome, wanted), () => ({
    sent: told.sent,
    expected: told.expected ?? shown(wanted),
    received: shown(outcome),
    usually: told.usually,
  }));
}

/** The outcome that the brief publishes for a stream with an error. */
export function outcomeOf({ messages, error }: ErrorVector, limit = DEFAULT_LIMIT): Outcome {
  if (error.code !== 'frame-too-large') return { messages, error: { code: error.code, offset: error.offset } };
  return { messages, error: { code: error.code, offset: error.offset, length: error.length ?? 0, limit } };
}

/** That `encode` makes exactly the published bytes. */
export function expectFrame(framing: Framing, { text, frame }: FrameVector, usually: string): void {
  const received = frameOf(framing, text);
  const at = firstDifference(frame, received);
  check(at < 0, () => ({
    sent: `encode(${shownText(text)})`,
    expected: hex(frame),
    received: hex(received),
    usually,
    details: formatBytes(frame, received, at),
  }));
}

/** Runs a property with the run's seed; a failure is that of the smallest counterexample, and shows it. */
export function expectAlways<T>(property: fc.IProperty<T>, seed: number, runs: number): void {
  const result = fc.check(property, { seed: seed | 0, numRuns: runs });
  if (!result.failed) return;
  if (!(result.errorInstance instanceof CheckpointFailure)) throw result.errorInstance;
  const { kind, ...text } = result.errorInstance.report;
  const counterexample = `counterexample, after ${result.numRuns} runs: ${fc.stringify(result.counterexample)}`;
  throw new CheckpointFailure({ ...text, details: [...(text.details ?? []), counterexample] }, kind);
}
