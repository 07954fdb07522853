import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { applyPatch, parsePatch } from 'diff';
import { formatMistake, type Mistake, parseMistake } from '../../runner/mistake.ts';

/** How many context lines may differ when a patch is carried over to a changed solution. */
const REBASE_FUZZ = 2;

/** Names of a lab's mistakes, sorted. */
export async function mistakeNames(labFolder: string): Promise<string[]> {
  const folder = join(labFolder, 'mistakes');
  if (!existsSync(folder)) return [];
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.patch'))
    .map((name) => name.slice(0, -'.patch'.length))
    .sort();
}

export function patchPath(labFolder: string, name: string): string {
  return join(labFolder, 'mistakes', `${name}.patch`);
}

/** @throws MistakeFormatError when the file cannot be understood. */
export async function readMistake(labFolder: string, name: string): Promise<Mistake | undefined> {
  const file = patchPath(labFolder, name);
  if (!existsSync(file)) return undefined;
  return parseMistake(await readFile(file, 'utf8'), file);
}

/** Written whole or not at all. */
export async function writeMistake(labFolder: string, mistake: Mistake): Promise<void> {
  const file = patchPath(labFolder, mistake.name);
  await mkdir(dirname(file), { recursive: true });
  const work = `${file}.${process.pid}`;
  await writeFile(work, formatMistake(mistake));
  await rename(work, file);
}

/**
 * Fills `folder` with the solution and, on top of it, those parts of the mistake that still apply.
 *
 * @param diff the mistake's diff; empty for a new one.
 * @param fuzz how many context lines may differ. Default: as for `rebase`.
 * @returns the files whose part did not apply; they are as in the solution.
 */
export async function fillFolder(
  solution: string,
  folder: string,
  diff: string,
  fuzz: number = REBASE_FUZZ,
): Promise<string[]> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await cp(solution, folder, { recursive: true });
  const rejected: string[] = [];
  for (const part of diff === '' ? [] : parsePatch(diff)) {
    const name = (part.oldFileName ?? '').replace(/^solution\//, '');
    const before = await readFile(join(folder, name), 'utf8').catch(() => undefined);
    const after = before === undefined ? false : applyPatch(before, part, { fuzzFactor: fuzz });
    if (after === false) rejected.push(name);
    else await writeFile(join(folder, name), after);
  }
  return rejected;
}
