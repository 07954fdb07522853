import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** What tools and systems leave behind; ignored by git too. */
const LEFT_BEHIND = new Set(['.DS_Store', '__pycache__', 'bin', 'obj', 'node_modules', '.cache', '.astro', 'dist']);

/** Whether a path is none of the course's business: left behind by a tool, or the learner's. */
export function isForeign(path: string): boolean {
  return path.split('/').some((part) => LEFT_BEHIND.has(part) || part.endsWith('.log'));
}

/**
 * The files below a folder of the repository, as repository paths with slashes, sorted; none if it does not exist.
 *
 * @param folder repository path; empty for the whole of it.
 */
export async function filesBelow(root: string, folder: string): Promise<string[]> {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  const entries = await readdir(start, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(start, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !isForeign(path))
    .sort()
    .map((path) => (folder === '' ? path : `${folder}/${path}`));
}

/** The text of a file of the repository, or undefined when there is none. */
export async function textOf(root: string, path: string): Promise<string | undefined> {
  return readFile(join(root, path), 'utf8').catch(() => undefined);
}
