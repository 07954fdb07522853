import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { attemptFolder, isStarted } from './attempt.ts';
import type { CommandArguments, CommandContext, Output } from './command.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { selectLab } from './find-lab.ts';
import { paint } from './look.ts';
import { withoutVerdicts } from './progress.ts';
import { updateProgress } from './progress-file.ts';
import { Refusal } from './refusal.ts';
import { copyStarter } from './start-lab.ts';
import { timestamp } from './timestamp.ts';
import { wrapText } from './wrap-text.ts';

export async function resetLab(context: CommandContext, { positionals }: CommandArguments): Promise<ExitCode> {
  const { placed } = selectLab(context.course, 'reset', positionals);
  const { slug } = placed.lab;
  if (!isStarted(placed)) {
    throw new Refusal(`You have not started ${slug}, so there is nothing to reset.`, {
      next: [`npm run lab start ${slug}`],
    });
  }
  const kept = await beginAgain(placed, context.err);
  const { look } = context.out;
  const text = `Your old attempt is kept in ${kept}/. git ignores it: move it elsewhere if you want it in your history.`;
  context.out.write(
    `${wrapText(`${placed.path}/attempt/ is the starter again.`, look.width).join('\n')}\n` +
      `${wrapText(text, look.width).join('\n')}\n\n  ${paint(look, 'strong', `npm run lab watch ${slug}`)}\n`,
  );
  return exitCode.green;
}

/**
 * Makes the attempt the starter again, and forgets its verdicts.
 *
 * @returns where the old attempt is kept, relative to the repository.
 */
export async function beginAgain(placed: PlacedBuiltLab, err: Output): Promise<string> {
  const kept = await keepAttempt(placed);
  try {
    await copyStarter(placed);
  } catch (error) {
    await rename(join(repository, kept), attemptFolder(placed));
    throw error;
  }
  updateProgress(placed, err, withoutVerdicts);
  return kept;
}

/**
 * Moves the attempt out of the way. The folder's name is hidden, so that no check of the repository looks into it, and
 * it ignores itself in git, so that `git add .` does not publish what was given up.
 *
 * @returns its new place, relative to the repository.
 */
async function keepAttempt(placed: PlacedBuiltLab): Promise<string> {
  const shelf = `${placed.path}/.attempts`;
  await mkdir(join(repository, shelf), { recursive: true });
  await writeFile(join(repository, shelf, '.gitignore'), '*\n');
  const name = `${shelf}/${timestamp()}`;
  let kept = name;
  for (let i = 2; existsSync(join(repository, kept)); i += 1) kept = `${name}-${i}`;
  await rename(attemptFolder(placed), join(repository, kept));
  return kept;
}
