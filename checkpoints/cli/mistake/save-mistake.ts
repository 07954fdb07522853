import { existsSync } from 'node:fs';
import type { Mistake } from '../../runner/mistake.ts';
import { type Desk, foldersOf, isBuilt, shownPath, UsageError } from './desk.ts';
import { diffFolders } from './folder-diff.ts';
import { judgeMistakes } from './judge-mistakes.ts';
import { patchPath, readMistake, writeMistake } from './mistake-patch.ts';
import { tellOutcome } from './tell-outcome.ts';

export interface MistakeFields {
  readonly checkpoint?: string | undefined;
  readonly title?: string | undefined;
  readonly tempting?: string | undefined;
}

/**
 * Makes the patch from the laid-out files, keeping the fields of its head that are not given, and judges it.
 *
 * @returns whether its checkpoint catches it; true as well for a planned lab, which cannot be judged.
 * @throws UsageError when nothing is laid out or changed, or a field of a new mistake is missing.
 */
export async function saveMistake(desk: Desk, name: string, fields: MistakeFields): Promise<boolean> {
  const { placed, say } = desk;
  const { labFolder, solution, folder } = foldersOf(desk, name);
  if (!existsSync(folder)) {
    throw new UsageError(`nothing is laid out for ${name}: npm run mistake edit ${placed.lab.slug} ${name}`);
  }
  const { diff } = await diffFolders(solution, folder);
  if (diff === '') throw new UsageError(`${shownPath(desk, folder)} is the same as the solution: change it first`);
  const before = await readMistake(labFolder, name);
  const need = (field: keyof MistakeFields): string => {
    const value = fields[field] ?? before?.[field];
    if (!value) throw new UsageError(`a new mistake needs -- --${field} "…"`);
    return value;
  };
  const checkpoint = need('checkpoint');
  if (isBuilt(placed) && !placed.lab.checkpoints.some(({ id }) => id === checkpoint)) {
    const ids = placed.lab.checkpoints.map(({ id }) => id).join(', ');
    throw new UsageError(`${placed.lab.slug} has no checkpoint "${checkpoint}"; it has ${ids}`);
  }
  const mistake: Mistake = {
    name,
    checkpoint,
    title: need('title'),
    tempting: need('tempting'),
    messages: before?.messages ?? [],
    diff,
  };
  await writeMistake(labFolder, mistake);
  say(`Saved ${shownPath(desk, patchPath(labFolder, name))}.`);
  if (!isBuilt(placed)) {
    say(`${placed.lab.slug} is still planned in the manifest, so it cannot be judged yet.`);
    return true;
  }
  const { results, seed } = await judgeMistakes(placed, [name], desk.root);
  const result = results.get(name);
  return result !== undefined && tellOutcome(desk, mistake, result, seed);
}
