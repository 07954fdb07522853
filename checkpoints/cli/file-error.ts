import { relative } from 'node:path';
import { repository } from '../runner/repository.ts';

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'you have no permission. Mend: give yourself the right to write there, or work in a clone of your own',
  EPERM: 'you have no permission. Mend: give yourself the right to write there, or work in a clone of your own',
  EROFS: 'the file system is mounted read-only. Mend: work in a clone on one that can be written',
  ENOSPC: 'the disk is full. Mend: make room and try again',
  EMFILE: 'too many files are open. Mend: raise the limit (ulimit -n) and try again',
};

/** Whether the machine, not the repository, is why a file operation failed. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException & { path: string } {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && code in CAUSES && typeof path === 'string';
}

/** One sentence or two: what could not be done, where, why, and how to mend it. */
export function describeFileError(error: unknown, doing: string): string {
  const { code = '', path, message } = error as NodeJS.ErrnoException;
  const where = path ? `${relative(repository, path) || path}: ` : '';
  return `Could not ${doing}. ${where}${CAUSES[code] ?? message}.`;
}
