import { readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Course, PlacedBuiltLab } from '../../labs/course-schema.ts';
import { builtLabs } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { attemptFolder, isStarted } from './attempt.ts';
import {
  type AttemptFile,
  AttemptFileRefused,
  MAX_ATTEMPT_FILE_BYTES,
  parseAttemptFile,
  tooLarge,
} from './attempt-file.ts';
import type { CommandArguments, CommandContext } from './command.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { keepAttempt } from './keep-attempt.ts';
import { paint } from './look.ts';
import { withImported } from './progress.ts';
import { updateProgress } from './progress-file.ts';
import { Refusal } from './refusal.ts';
import { wrapText } from './wrap-text.ts';

export async function importLab(context: CommandContext, { positionals }: CommandArguments): Promise<ExitCode> {
  const [name] = positionals;
  if (name === undefined) {
    throw new Refusal('Which file do you want to import?', { next: ['npm run lab import framing.attempt.json'] });
  }
  const file = resolve(context.typedIn, name);
  const attempt = readAttempt(file, name);
  const placed = labOf(context.course, attempt, name);
  const kept = await putInPlace(placed, attempt);
  updateProgress(placed, context.err, (progress) => withImported(progress, attempt.progress));
  const { look } = context.out;
  const files = Object.keys(attempt.files).join(', ');
  const paragraphs = [
    `${placed.path}/attempt/ is what ${name} holds: ${files}.`,
    ...(kept === undefined ? [] : [`Your old attempt is kept in ${kept}/. git ignores it.`]),
    'It is code that will run on your machine: read it first if it is not yours.',
  ].map((text) => wrapText(text, look.width).join('\n'));
  const command = paint(look, 'strong', `npm run lab watch ${placed.lab.slug}`);
  context.out.write(`${paragraphs.join('\n')}\n\n  ${command}\n`);
  return exitCode.green;
}

function readAttempt(file: string, shown: string): AttemptFile {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) throw new AttemptFileRefused('is no file');
    if (stats.size > MAX_ATTEMPT_FILE_BYTES) throw new AttemptFileRefused(tooLarge(stats.size));
    return parseAttemptFile(readFileSync(file, 'utf8'));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing) throw new Refusal(`There is no file ${shown}.`, { cause: error });
    if (!(error instanceof AttemptFileRefused)) throw error;
    throw new Refusal(`${shown} ${error.message}. Nothing was changed.`, { cause: error });
  }
}

function labOf(course: Course, { lab }: AttemptFile, shown: string): PlacedBuiltLab {
  const labs = builtLabs(course);
  const placed = labs.find((entry) => entry.lab.slug === lab);
  if (placed) return placed;
  throw new Refusal(`${shown} belongs to a lab "${lab}", which this course does not have. Nothing was changed.`, {
    more: [`Labs that stand: ${labs.map((entry) => entry.lab.slug).join(', ')}.`],
  });
}

/**
 * Makes the attempt from the file, whole or not at all.
 *
 * @returns where the attempt before it is kept, relative to the repository; undefined when there was none.
 */
async function putInPlace(placed: PlacedBuiltLab, { files }: AttemptFile): Promise<string | undefined> {
  const aside = join(repository, placed.path, `.import-${process.pid}`);
  const folder = attemptFolder(placed);
  let kept: string | undefined;
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(aside, name);
      // The names have been looked at; this holds even if that look is wrong one day.
      if (relative(aside, path).startsWith('..')) throw new Error(`${name} leads out of the attempt`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text, { flag: 'wx' });
    }
    if (isStarted(placed)) kept = await keepAttempt(placed);
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (kept !== undefined) await rename(join(repository, kept), folder);
    throw error;
  }
  return kept;
}
