import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { PlacedBuiltLab, PlacedLab } from '../../../labs/course-schema.ts';

/** Where an author works on one lab's mistakes. */
export interface Desk {
  /** The repository. */
  readonly root: string;
  readonly placed: PlacedLab;
  /** Writes one or more lines for the author. */
  readonly say: (text: string) => void;
}

/** The command was called wrongly; its message says how to call it. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

export interface MistakeFolders {
  readonly labFolder: string;
  readonly solution: string;
  /** Where the wrong solution is laid out to be changed. */
  readonly folder: string;
}

/** @throws UsageError when the name is none, or there is no solution yet. */
export function foldersOf({ root, placed }: Desk, name: string): MistakeFolders {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    throw new UsageError(`"${name}" is no name for a mistake: use lower-case words joined by hyphens`);
  }
  const labFolder = join(root, placed.path);
  const solution = join(labFolder, 'solution');
  if (!existsSync(solution)) throw new UsageError(`${placed.path}/solution does not exist: write the solution first`);
  return { labFolder, solution, folder: join(root, '.cache', 'mistakes-edit', placed.lab.slug, name) };
}

/** A path as the author sees it: from the root of the repository. */
export function shownPath({ root }: Desk, path: string): string {
  return relative(root, path);
}

export function isBuilt(placed: PlacedLab): placed is PlacedBuiltLab {
  return placed.lab.status === 'built';
}
