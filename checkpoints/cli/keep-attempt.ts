import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { attemptFolder } from './attempt.ts';
import { timestamp } from './timestamp.ts';

/**
 * Moves the attempt out of the way. The folder's name is hidden, so that no check of the repository looks into it, and
 * it ignores itself in git, so that `git add .` does not publish what was given up.
 *
 * @returns its new place, relative to the repository.
 */
export async function keepAttempt(placed: PlacedBuiltLab): Promise<string> {
  const shelf = `${placed.path}/.attempts`;
  await mkdir(join(repository, shelf), { recursive: true });
  await writeFile(join(repository, shelf, '.gitignore'), '*\n');
  const name = `${shelf}/${timestamp()}`;
  let kept = name;
  for (let i = 2; existsSync(join(repository, kept)); i += 1) kept = `${name}-${i}`;
  await rename(attemptFolder(placed), join(repository, kept));
  return kept;
}
