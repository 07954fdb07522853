import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Language, PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';

/** Folders that tools make; no learner writes in them. */
const MADE_FOLDERS = new Set(['node_modules', 'bin', 'obj', '__pycache__', 'target', 'dist']);

/** Absolute path of a lab's attempt, whether it exists or not. */
export function attemptFolder(placed: PlacedBuiltLab): string {
  return join(repository, placed.path, 'attempt');
}

export function isStarted(placed: PlacedBuiltLab): boolean {
  return existsSync(attemptFolder(placed));
}

/** The language of the attempt: that of the first entry file which it has. */
export function attemptLanguage(placed: PlacedBuiltLab): Language {
  const entries = Object.entries(placed.lab.entry) as [Language, string][];
  return entries.find(([, file]) => existsSync(join(attemptFolder(placed), file)))?.[0] ?? 'typescript';
}

/** Names that begin with a dot and are a person's all the same. */
const WRITTEN_DOT_FILES = new Set(['.dockerignore', '.env.example']);

/** Whether a name in an attempt belongs to the person and not to a tool. */
export function isWritten(name: string): boolean {
  return (
    (!name.startsWith('.') || WRITTEN_DOT_FILES.has(name)) &&
    !MADE_FOLDERS.has(name) &&
    !/(~|\.log|\.pyc|\.sw[px])$/.test(name)
  );
}

export interface WrittenTree {
  /** Absolute paths; the root first. */
  readonly folders: readonly string[];
  /** Absolute paths, sorted. */
  readonly files: readonly string[];
}

/** Everything below `root` that a person wrote. Empty when `root` does not exist. */
export function writtenTree(root: string): WrittenTree {
  const folders: string[] = [];
  const files: string[] = [];
  const visit = (folder: string): void => {
    let entries: ReturnType<typeof readFolder>;
    try {
      entries = readFolder(folder);
    } catch (error) {
      // Removed while we looked: an editor or a reset was quicker.
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
      throw error;
    }
    folders.push(folder);
    for (const entry of entries) {
      if (!isWritten(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else files.push(path);
    }
  };
  visit(root);
  return { folders, files: files.sort() };
}

function readFolder(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}
