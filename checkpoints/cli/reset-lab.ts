import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { attemptFolder, isStarted } from './attempt.ts';
import type { CommandArguments, CommandContext, Output } from './command.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { selectLab } from './find-lab.ts';
import { keepAttempt } from './keep-attempt.ts';
import { paint } from './look.ts';
import { withoutVerdicts } from './progress.ts';
import { updateProgress } from './progress-file.ts';
import { Refusal } from './refusal.ts';
import { copyStarter } from './start-lab.ts';
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
