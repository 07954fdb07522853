import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyPatch, parsePatch } from 'diff';
import { MistakeFormatError, parseMistake } from './mistake.ts';
import { repository } from './repository.ts';

/** Older states of a mistake stay this long: another run may still be judging one. */
const KEEP_MS = 24 * 3_600_000;

/**
 * Makes a mistake's files: the solution with the patch applied, below the cache. Each state of the two has a folder
 * of its own that never changes once it stands, so that runs side by side do not disturb one another.
 *
 * @param root the repository whose cache takes the files. Default: this one.
 * @returns absolute path of the folder.
 * @throws MistakeFormatError when the patch does not apply.
 */
export async function materialize(
  labFolder: string,
  slug: string,
  mistakeName: string,
  root: string = repository,
): Promise<string> {
  const solution = join(labFolder, 'solution');
  const file = join(labFolder, 'mistakes', `${mistakeName}.patch`);
  const shownFile = file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file;
  const patch = await readFile(file, 'utf8');
  const mistake = parseMistake(patch, shownFile);
  const states = join(root, '.cache', 'mistakes', slug, mistakeName);
  const folder = join(states, await stateOf(solution, patch));
  if (existsSync(folder)) return folder;
  const work = `${folder}.${process.pid}.${process.hrtime.bigint()}`;
  await mkdir(states, { recursive: true });
  await cp(solution, work, { recursive: true });
  try {
    for (const part of parsePatch(mistake.diff)) {
      const name = (part.oldFileName ?? '').replace(/^solution\//, '');
      const before = await readFile(join(work, name), 'utf8').catch(() => undefined);
      const after = before === undefined ? false : applyPatch(before, part);
      if (after === false) {
        throw new MistakeFormatError(
          shownFile,
          before === undefined
            ? `patches solution/${name}, which does not exist`
            : `does not apply to solution/${name}`,
          `npm run mistake edit ${slug} ${mistakeName}, change the files it names, then npm run mistake save ${slug} ${mistakeName}`,
        );
      }
      await writeFile(join(work, name), after);
    }
    await rename(work, folder).catch((error: unknown) => {
      // Another run made the same state meanwhile.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await dropOldStates(states, folder);
  return folder;
}

async function stateOf(solution: string, patch: string): Promise<string> {
  const hash = createHash('sha256').update(patch);
  const entries = await readdir(solution, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of files.sort()) hash.update(`\0${path.slice(solution.length)}\0`).update(await readFile(path));
  return hash.digest('hex').slice(0, 16);
}

async function dropOldStates(states: string, current: string): Promise<void> {
  for (const name of await readdir(states)) {
    const path = join(states, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (path !== current && Date.now() - mtimeMs > KEEP_MS) await rm(path, { recursive: true, force: true });
  }
}
