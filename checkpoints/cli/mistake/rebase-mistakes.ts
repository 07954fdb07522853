import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Desk } from './desk.ts';
import { diffFolders } from './folder-diff.ts';
import { fillFolder, mistakeNames, readMistake, writeMistake } from './mistake-patch.ts';

/**
 * Carries every mistake of a lab over to the solution as it is now.
 *
 * @returns whether all could be; those that could not are left as they were, and named.
 */
export async function rebaseMistakes({ root, placed, say }: Desk): Promise<boolean> {
  const labFolder = join(root, placed.path);
  const solution = join(labFolder, 'solution');
  const work = await mkdtemp(join(tmpdir(), 'mistake-rebase-'));
  let all = true;
  try {
    for (const name of await mistakeNames(labFolder)) {
      const mistake = await readMistake(labFolder, name);
      if (!mistake) continue;
      const folder = join(work, name);
      const rejected = await fillFolder(solution, folder, mistake.diff);
      const { diff } = await diffFolders(solution, folder);
      if (rejected.length > 0 || diff === '') {
        const why = rejected.length > 0 ? `does not apply to ${rejected.join(', ')}` : 'changes nothing any more';
        say(`✗ ${name} ${why}: npm run mistake edit ${placed.lab.slug} ${name} -- --fresh`);
        all = false;
      } else if (diff === mistake.diff) {
        say(`= ${name} applies as it is`);
      } else {
        await writeMistake(labFolder, { ...mistake, diff });
        say(`✓ ${name} carried over`);
      }
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return all;
}
