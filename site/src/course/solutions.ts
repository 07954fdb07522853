import type { BuiltLab } from '../../../labs/course-schema.ts';
import { leavesOf } from './leaves.ts';
import { languageOf } from './region.ts';
import { listFolder, readText } from './repository.ts';

/** One reference solution of a lab, as files to read. */
export interface Solution {
  /** Name of the target and of its folder: `solution`, `solution-python`. */
  readonly target: string;
  /** Repository path of the folder. */
  readonly path: string;
  /** Source files, entry first. */
  readonly files: readonly string[];
  readonly lines: number;
}

/** How the languages are always listed; the manifest names no others. */
const ORDER = ['solution', 'solution-python', 'solution-csharp'];

/** The reference solutions that stand in a lab's folder, TypeScript first. */
export function solutionsOf(lab: BuiltLab, labPath: string): Solution[] {
  const entries = new Set(Object.values(lab.entry));
  /** Where the program begins comes first, how it is built comes last. */
  const rank = (file: string) => (file.endsWith('.csproj') ? 2 : entries.has(file) || file === 'Program.cs' ? 0 : 1);
  return listFolder(labPath)
    .filter((name) => name === 'solution' || name.startsWith('solution-'))
    .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .flatMap((target) => {
      const path = `${labPath}/${target}`;
      const files = listFolder(path)
        // A lock file is a tool's, and longer than all the rest.
        .filter((name) => languageOf(name) !== 'text' && name !== 'package-lock.json')
        .sort((a, b) => rank(a) - rank(b));
      if (files.length === 0) return [];
      const lines = files.reduce((sum, file) => sum + (readText(`${path}/${file}`) ?? '').split('\n').length - 1, 0);
      return [{ target, path, files: files.map((file) => `${path}/${file}`), lines }];
    });
}

/** Of source: about 20 KB as a compressed page. */
const MAX_CHARS = 42_000;

/** A solution's files, page by page. */
export function solutionLeaves({ files }: Solution): string[][] {
  return leavesOf(files, (file) => (readText(file) ?? '').length, MAX_CHARS);
}
