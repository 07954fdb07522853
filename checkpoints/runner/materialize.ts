import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { applyPatch, parsePatch } from 'diff';
import { MistakeFormatError, parseMistake } from './mistake.ts';
import { cacheFolder } from './repository.ts';

/**
 * Makes a mistake's files: the solution with the patch applied, below the cache.
 *
 * @returns absolute path of the folder.
 * @throws MistakeFormatError when the patch does not apply.
 */
export async function materialize(labFolder: string, slug: string, mistakeName: string): Promise<string> {
  const file = join(labFolder, 'mistakes', `${mistakeName}.patch`);
  const mistake = parseMistake(await readFile(file, 'utf8'), file);
  const folder = join(cacheFolder, 'mistakes', slug, mistakeName);
  const work = `${folder}.${process.pid}.${process.hrtime.bigint()}`;
  await mkdir(dirname(folder), { recursive: true });
  await cp(join(labFolder, 'solution'), work, { recursive: true });
  try {
    for (const part of parsePatch(mistake.diff)) {
      const name = (part.oldFileName ?? '').replace(/^solution\//, '');
      const before = await readFile(join(work, name), 'utf8').catch(() => undefined);
      const after = before === undefined ? false : applyPatch(before, part);
      if (after === false) {
        throw new MistakeFormatError(
          file,
          before === undefined
            ? `patches solution/${name}, which does not exist`
            : `does not apply to solution/${name}`,
          `npm run mistake edit ${slug} ${mistakeName}, change the files it names, then npm run mistake save ${slug} ${mistakeName}`,
        );
      }
      await writeFile(join(work, name), after);
    }
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
  return folder;
}
