import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

const CONTEXT_LINES = 3;

/** A mistake changes the solution's files; adding or removing one is more than a patch of this form can say. */
export class FolderDiffError extends Error {
  readonly code = 'FOLDER_DIFF';
}

/**
 * The unified diff between a solution and a changed copy of it, with `--- solution/<file>` and `+++ mistake/<file>`.
 *
 * @returns the diff and the names of the changed files; an empty diff when the folders are the same.
 * @throws FolderDiffError when a file was added or removed.
 */
export async function diffFolders(
  solution: string,
  changed: string,
): Promise<{ readonly diff: string; readonly files: readonly string[] }> {
  const before = await filesIn(solution);
  const after = await filesIn(changed);
  const added = after.filter((name) => !before.includes(name));
  const removed = before.filter((name) => !after.includes(name));
  if (added.length + removed.length > 0) {
    const list = [...added.map((name) => `${name} was added`), ...removed.map((name) => `${name} was removed`)];
    throw new FolderDiffError(
      `${list.join(', ')} in ${changed}: a mistake changes files of solution/, it adds and removes none`,
    );
  }
  const parts: string[] = [];
  const files: string[] = [];
  for (const name of before) {
    const [left, right] = await Promise.all([
      readFile(join(solution, name), 'utf8'),
      readFile(join(changed, name), 'utf8'),
    ]);
    if (left === right) continue;
    files.push(name);
    parts.push(
      createTwoFilesPatch(`solution/${name}`, `mistake/${name}`, left, right, undefined, undefined, {
        context: CONTEXT_LINES,
        headerOptions: FILE_HEADERS_ONLY,
      }),
    );
  }
  return { diff: parts.join(''), files };
}

/** Paths of all files below a folder, relative to it, with slashes, sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}
