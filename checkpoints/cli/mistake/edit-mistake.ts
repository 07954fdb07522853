import { existsSync } from 'node:fs';
import { type Desk, foldersOf, shownPath } from './desk.ts';
import { diffFolders } from './folder-diff.ts';
import { fillFolder, patchPath, readMistake } from './mistake-patch.ts';

/**
 * Lays out a wrong solution's files to be changed: those of the mistake, or of the solution when it is new.
 *
 * @param fresh throw away what was laid out and changed before.
 */
export async function editMistake(desk: Desk, name: string, fresh: boolean): Promise<void> {
  const { placed, say } = desk;
  const { labFolder, solution, folder } = foldersOf(desk, name);
  const mistake = await readMistake(labFolder, name);
  if (existsSync(folder) && !fresh) {
    say(`${shownPath(desk, folder)} is already laid out and stays as it is (-- --fresh lays it out anew).`);
  } else {
    const rejected = await fillFolder(solution, folder, mistake?.diff ?? '');
    const patch = shownPath(desk, patchPath(labFolder, name));
    for (const file of rejected) say(`${patch} no longer applies to ${file}: make its change there again`);
  }
  say(`Change the files in ${shownPath(desk, folder)}, then: npm run mistake save ${placed.lab.slug} ${name}`);
  const { files } = await diffFolders(solution, folder);
  say(files.length > 0 ? `Changed so far: ${files.join(', ')}` : 'They are the same as the solution so far.');
  if (!mistake) say('It is new: give save -- --checkpoint <id> --title "…" --tempting "…"');
}
