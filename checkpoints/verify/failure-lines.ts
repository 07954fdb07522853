import type { CheckpointResult } from '../runner/run-checkpoints.ts';

/** A red checkpoint's whole report, as indented lines. */
export function failureLines({ id, sentence, failure }: CheckpointResult): string[] {
  const lines = [`✗ ${id}  ${sentence}`];
  if (!failure) return lines;
  if (failure.sent !== undefined) lines.push(`  sent      ${failure.sent}`);
  lines.push(`  expected  ${failure.expected}`, `  received  ${failure.received}`, `  usually   ${failure.usually}`);
  if (failure.kind !== 'assertion') lines.push(`  kind      ${failure.kind}`);
  for (const detail of failure.details ?? []) lines.push(`  ${detail}`);
  return lines;
}
