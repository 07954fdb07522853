import type { FailureReport } from '../../harness/failure.ts';
import { approvedMessage, type Mistake, sameMessage } from '../../runner/mistake.ts';
import type { JobResult } from '../../runner/run-checkpoints.ts';
import type { Desk } from './desk.ts';

/** Says what a mistake gets. Returns whether its own checkpoint catches it, by an assertion: not if it could not check. */
export function tellOutcome({ placed, say }: Desk, mistake: Mistake, result: JobResult, seed: number): boolean {
  const red = result.checkpoints.filter(({ verdict }) => verdict === 'failed');
  say(`${mistake.name}: caught by ${red.map(({ id }) => id).join(', ') || 'nothing'}; it names ${mistake.checkpoint}`);
  const failure = failureAt(mistake, result);
  const lack = result.checkpoints.find(({ id }) => id === mistake.checkpoint)?.lack;
  if (lack) {
    say(`  ? ${mistake.checkpoint} could not check: ${lack.reason}. Mend: ${lack.remedy}`);
    return false;
  }
  if (!failure) {
    say(`  ✗ ${mistake.checkpoint} passes: make the mistake worse, name the checkpoint that catches it, or mend that`);
    say(`  seed ${seed}`);
    return false;
  }
  const message = approvedMessage(failure);
  say(indented([message, ...(failure.details ?? [])].join('\n')));
  if (failure.kind !== 'assertion') {
    say(`  ✗ it fails by ${failure.kind}, which teaches nothing: a mistake must compile, start and answer`);
    return false;
  }
  const approve = `npm run mistake approve ${placed.lab.slug} ${mistake.name}`;
  if (mistake.messages.length === 0) say(`  no message is approved yet: ${approve}`);
  else if (!mistake.messages.some((approved) => sameMessage(approved, message))) {
    say(`  it differs from the approved message: read it, then ${approve}`);
  }
  return true;
}

/** What the checkpoint that the mistake names said of it; undefined when that passed. */
export function failureAt(mistake: Mistake, result: JobResult): FailureReport | undefined {
  return result.checkpoints.find(({ id }) => id === mistake.checkpoint)?.failure;
}

export function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
