import { join } from 'node:path';
import { approvedMessage, sameMessage } from '../../runner/mistake.ts';
import { type Desk, isBuilt, UsageError } from './desk.ts';
import { judgeMistakes } from './judge-mistakes.ts';
import { mistakeNames, readMistake, writeMistake } from './mistake-patch.ts';
import { failureAt, indented, tellOutcome } from './tell-outcome.ts';

/**
 * Runs each mistake against its checkpoint, and takes the message that it gets as the approved one.
 *
 * @param names which mistakes; none means all of the lab's.
 * @param add keep the messages approved before beside the new one.
 * @returns whether every one could be approved: caught by its checkpoint, and by an assertion.
 */
export async function approveMistakes(desk: Desk, names: readonly string[], add: boolean): Promise<boolean> {
  const { placed, root, say } = desk;
  if (!isBuilt(placed)) throw new UsageError(`${placed.lab.slug} is still planned in the manifest`);
  const labFolder = join(root, placed.path);
  const all = await mistakeNames(labFolder);
  for (const name of names) {
    if (all.includes(name)) continue;
    throw new UsageError(`${placed.lab.slug} has no mistake "${name}"; it has ${all.join(', ') || 'none'}`);
  }
  const chosen = names.length > 0 ? names : all;
  const mistakes = new Map(
    await Promise.all(chosen.map(async (name) => [name, await readMistake(labFolder, name)] as const)),
  );
  const { results, seed } = await judgeMistakes(placed, chosen, root, (name) => mistakes.get(name)?.checkpoint);
  let allApproved = true;
  for (const name of chosen) {
    const mistake = mistakes.get(name);
    const result = results.get(name);
    if (!mistake || !result) throw new Error(`${name} was not judged`);
    const failure = failureAt(mistake, result);
    if (failure?.kind !== 'assertion') {
      tellOutcome(desk, mistake, result, seed);
      say('  not approved');
      allApproved = false;
      continue;
    }
    const message = approvedMessage(failure);
    if (mistake.messages.some((approved) => sameMessage(approved, message))) {
      say(`${name}: approved already`);
      continue;
    }
    await writeMistake(labFolder, { ...mistake, messages: add ? [...mistake.messages, message] : [message] });
    say(`${name}: approved\n${indented(message)}`);
  }
  return allApproved;
}
