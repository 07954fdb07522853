import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { attemptFolder, isStarted, writtenTree } from './attempt.ts';
import {
  AttemptFileRefused,
  attemptFileName,
  formatAttemptFile,
  MAX_ATTEMPT_FILE_BYTES,
  tooLarge,
} from './attempt-file.ts';
import type { CommandArguments, CommandContext } from './command.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { selectLab } from './find-lab.ts';
import { paint } from './look.ts';
import { loadProgress } from './progress-file.ts';
import { Refusal } from './refusal.ts';
import { wrapText } from './wrap-text.ts';

export async function exportLab(context: CommandContext, { positionals }: CommandArguments): Promise<ExitCode> {
  const [typed, name] = positionals;
  const { placed } = selectLab(context.course, 'export', typed === undefined ? [] : [typed]);
  const { slug, checkpoints } = placed.lab;
  if (!isStarted(placed)) {
    throw new Refusal(`You have not started ${slug}, so there is nothing to export.`, {
      next: [`npm run lab start ${slug}`],
    });
  }
  const ids = checkpoints.map(({ id }) => id);
  let text: string;
  try {
    text = formatAttemptFile(
      { lab: slug, files: attemptTexts(placed), progress: loadProgress(placed, context.err) },
      ids,
    );
  } catch (error) {
    if (!(error instanceof AttemptFileRefused)) throw error;
    throw new Refusal(`Your attempt cannot be exported: the file ${error.message}.`, { cause: error });
  }
  const file = resolve(context.typedIn, name ?? attemptFileName(slug));
  const shown = relative(context.typedIn, file) || file;
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new Refusal(`${shown} is there already, and is left as it is.`, {
        more: ['Name another file, or move that one away.'],
        next: [`npm run lab export ${slug} ${slug}-2.attempt.json`],
        cause: error,
      });
    }
    if (code === 'ENOENT') throw new Refusal(`There is no folder for ${shown}.`, { cause: error });
    throw error;
  }
  const { look } = context.out;
  const sentence = `Wrote ${shown}: your attempt at ${slug} and its progress. A clone takes it with the command below, the lab's page with "Import".`;
  context.out.write(
    `${wrapText(sentence, look.width).join('\n')}\n\n  ${paint(look, 'strong', `npm run lab import ${shown}`)}\n`,
  );
  return exitCode.green;
}

/** The texts of the attempt by their name. Links are left out: what they lead to may be anywhere. */
function attemptTexts(placed: PlacedBuiltLab): Record<string, string> {
  const folder = attemptFolder(placed);
  const texts: [string, string][] = [];
  let bytesRead = 0;
  for (const path of writtenTree(folder).files) {
    const stats = lstatSync(path);
    if (!stats.isFile()) continue;
    const name = relative(folder, path).split(sep).join('/');
    bytesRead += stats.size;
    if (bytesRead > MAX_ATTEMPT_FILE_BYTES) throw new AttemptFileRefused(tooLarge(bytesRead));
    const bytes = readFileSync(path);
    if (bytes.includes(0)) throw new AttemptFileRefused(`would hold ${name}, which is no text`);
    texts.push([name, bytes.toString('utf8')]);
  }
  return Object.fromEntries(texts);
}
