import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import type { Output } from './command.ts';
import { describeFileError } from './file-error.ts';
import { emptyProgress, formatProgress, type Progress, ProgressCorrupt, parseProgress } from './progress.ts';
import { timestamp } from './timestamp.ts';
import { wrapText } from './wrap-text.ts';

/**
 * A lab's progress as its file has it. A file that cannot be read as progress is reported on `err`, set aside under
 * another name, and the lab counts as untouched.
 */
export function loadProgress(placed: PlacedBuiltLab, err: Output): Progress {
  const file = progressFile(placed);
  const shown = relative(repository, file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') warn(err, describeFileError(error, 'read your progress'));
    return emptyProgress(placed.lab.slug);
  }
  try {
    return parseProgress(text, placed.lab.slug);
  } catch (error) {
    if (!(error instanceof ProgressCorrupt)) throw error;
    const aside = join(repository, placed.path, `progress.corrupt-${timestamp()}.json`);
    try {
      renameSync(file, aside);
      warn(err, `${shown} ${error.message}. It is kept as ${relative(repository, aside)}; your progress starts anew.`);
    } catch (failed) {
      warn(err, `${shown} ${error.message}. It is left as it is. ${describeFileError(failed, 'set it aside')}`);
    }
    return emptyProgress(placed.lab.slug);
  }
}

/**
 * Writes a lab's progress, whole or not at all. A folder that cannot be written is a warning on `err`, as the verdicts
 * stand all the same.
 *
 * @param change is given what the file has now, since another command may have written it meanwhile.
 */
export function updateProgress(placed: PlacedBuiltLab, err: Output, change: (progress: Progress) => Progress): void {
  const ids = placed.lab.checkpoints.map((checkpoint) => checkpoint.id);
  const before = loadProgress(placed, err);
  const text = formatProgress(change(before), ids);
  if (text === formatProgress(before, ids)) return;
  const file = progressFile(placed);
  const aside = `${file}.${process.pid}.new`;
  try {
    writeFileSync(aside, text);
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    warn(err, describeFileError(error, 'save your progress'));
  }
}

function progressFile(placed: PlacedBuiltLab): string {
  return join(repository, placed.path, 'progress.json');
}

function warn(err: Output, text: string): void {
  err.write(`${wrapText(text, err.look.width).join('\n')}\n`);
}
