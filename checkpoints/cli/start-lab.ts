import { existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { attemptFolder, isStarted, isWritten, writtenTree } from './attempt.ts';
import type { CommandArguments, CommandContext } from './command.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { selectLab } from './find-lab.ts';
import { type Look, paint } from './look.ts';
import { Refusal } from './refusal.ts';
import { wrapText } from './wrap-text.ts';

const OTHER_LANGUAGES = { python: 'Python', csharp: 'C#' } as const;

export async function startLab(context: CommandContext, { positionals }: CommandArguments): Promise<ExitCode> {
  const { placed } = selectLab(context.course, 'start', positionals);
  const { slug } = placed.lab;
  if (isStarted(placed)) {
    throw new Refusal(`You have started ${slug} already: ${placed.path}/attempt/. It is left as it is.`, {
      more: ['Go on with it, or begin again; the old attempt is kept then, too.'],
      next: [`npm run lab watch ${slug}`, `npm run lab reset ${slug}`],
    });
  }
  await copyStarter(placed);
  context.out.write(renderStarted(placed, context.out.look));
  return exitCode.green;
}

/** Makes the attempt from the starter, whole or not at all. */
export async function copyStarter(placed: PlacedBuiltLab): Promise<void> {
  const starter = join(repository, placed.path, 'starter');
  if (!existsSync(starter)) {
    throw new Refusal(`${placed.path}/starter is missing, which is a defect of this repository.`, {
      exit: exitCode.couldNotCheck,
      more: ['Mend: git checkout the folder, or clone again.'],
    });
  }
  const aside = join(repository, placed.path, `.starter-${process.pid}`);
  try {
    await cp(starter, aside, { recursive: true, filter: (path) => isWritten(basename(path)) });
    await rename(aside, attemptFolder(placed));
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

function renderStarted(placed: PlacedBuiltLab, look: Look): string {
  const { slug, entry, kinds } = placed.lab;
  const folder = attemptFolder(placed);
  const files = writtenTree(folder).files.map((file) => relative(folder, file));
  const others = (Object.keys(OTHER_LANGUAGES) as (keyof typeof OTHER_LANGUAGES)[])
    .filter((language) => entry[language] !== undefined)
    .map((language) => `${entry[language]} for ${OTHER_LANGUAGES[language]}`);
  const another =
    others.length > 0
      ? `Another language? Replace its files with yours (${others.join(', ')}), or give a command: npm run lab test ${slug} -- --run "<command>".`
      : kinds.includes('program')
        ? `Another language? Give a command: npm run lab test ${slug} -- --run "<command>".`
        : '';
  const runs = files.length > 1 && kinds.includes('program') ? ` What runs is ${entry.typescript}.` : '';
  const paragraphs = [
    `Made ${placed.path}/attempt/ (${files.join(', ')}). It is yours to change and to commit.${runs}`,
    `Read ${placed.path}/brief.md first: it is the contract. The starter runs, and is wrong where it says TODO.`,
    ...(another ? [another] : []),
  ].map((text) => wrapText(text, look.width).join('\n'));
  return `${paragraphs.join('\n\n')}\n\n  ${paint(look, 'strong', `npm run lab watch ${slug}`)}\n`;
}
