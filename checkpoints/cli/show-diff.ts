import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { structuredPatch } from 'diff';
import type { Language, PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { attemptFolder, attemptLanguage, isStarted, writtenTree } from './attempt.ts';
import type { CommandArguments, CommandContext, Output } from './command.ts';
import { greenCount, isBegun, type LabState, labState } from './course-state.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { selectLab } from './find-lab.ts';
import { type Look, paint } from './look.ts';
import { loadProgress, updateProgress } from './progress-file.ts';
import { Refusal } from './refusal.ts';
import { printable, wrapText } from './wrap-text.ts';

const SOLUTION_FOLDERS = {
  typescript: 'solution',
  python: 'solution-python',
  csharp: 'solution-csharp',
} as const satisfies Record<Language, string>;

export async function showDiff(context: CommandContext, { positionals }: CommandArguments): Promise<ExitCode> {
  const { placed } = selectLab(context.course, 'diff', positionals);
  const { slug } = placed.lab;
  const { look } = context.out;
  if (!isStarted(placed) && isBegun(placed, context.err)) {
    const text = `Your program stands outside ${placed.path}/attempt/, so there is nothing here to compare with it line by line. The solution is in ${placed.path}/solution/.`;
    context.out.write(`${wrapText(text, look.width).join('\n')}\n`);
    return exitCode.green;
  }
  if (!isStarted(placed)) {
    throw new Refusal(`You have not started ${slug}, so there is nothing to compare.`, {
      next: [`npm run lab start ${slug}`],
    });
  }
  const early = askedTooEarly(placed, context.err);
  if (early) {
    const total = early.checkpoints.length;
    const text = `${slug} has ${greenCount(early)} of ${total} checkpoints green, and the solution shows all that you have yet to find. A hint may be enough. If you want to see it all the same, ask once more.`;
    context.out.write(
      `${wrapText(text, look.width).join('\n')}\n\n  npm run lab hint ${slug}\n  npm run lab diff ${slug}\n`,
    );
    return exitCode.green;
  }
  context.out.write(renderDiff({ ...compareWithSolution(placed), look }));
  return exitCode.green;
}

/** The state of a lab whose solution is asked for the first time, before it is green. The next time it is shown. */
export function askedTooEarly(placed: PlacedBuiltLab, err: Output): LabState | undefined {
  const progress = loadProgress(placed, err);
  const state = labState(placed, progress, true);
  if (state.state === 'green' || progress.diffAsked) return undefined;
  updateProgress(placed, err, (now) => ({ ...now, diffAsked: true }));
  return state;
}

/** Reads an attempt, and the solution in its language. */
export function compareWithSolution(placed: PlacedBuiltLab): Omit<DiffView, 'look'> {
  const solution = SOLUTION_FOLDERS[attemptLanguage(placed)];
  const yours = readTree(attemptFolder(placed));
  const ours = readTree(join(repository, placed.path, solution));
  return { yours, ours, solution };
}

/** File names, relative, and what is in them; undefined for a file that holds no text. */
export type TextTree = ReadonlyMap<string, string | undefined>;

export interface DiffView {
  readonly yours: TextTree;
  readonly ours: TextTree;
  /** Name of the solution's folder. */
  readonly solution: string;
  readonly look: Look;
}

/** A unified diff from the attempt to the solution, file by file. */
export function renderDiff({ yours, ours, solution, look }: DiffView): string {
  const names = [...new Set([...yours.keys(), ...ours.keys()])].sort();
  const parts: string[] = [];
  for (const name of names) {
    const [mine, theirs] = [yours.get(name), ours.get(name)];
    if (yours.has(name) && ours.has(name) && mine === theirs) continue;
    const from = yours.has(name) ? `attempt/${name}` : 'nothing of that name';
    const to = ours.has(name) ? `${solution}/${name}` : 'nothing of that name';
    const head = [paint(look, 'red', `--- ${from}`), paint(look, 'green', `+++ ${to}`)];
    const isBinary = (yours.has(name) && mine === undefined) || (ours.has(name) && theirs === undefined);
    parts.push([...head, ...(isBinary ? ['(not text)'] : hunks(mine ?? '', theirs ?? '', look))].join('\n'));
  }
  if (parts.length === 0) return `Your attempt and ${solution}/ are the same.\n`;
  const lead = `Lines with - are yours, lines with + are ${solution}/'s.`;
  return `${wrapText(lead, look.width).join('\n')}\n\n${parts.join('\n\n')}\n`;
}

function hunks(mine: string, theirs: string, look: Look): string[] {
  return structuredPatch('', '', mine, theirs).hunks.flatMap((hunk) => [
    paint(look, 'quiet', `@@ -${span(hunk.oldStart, hunk.oldLines)} +${span(hunk.newStart, hunk.newLines)} @@`),
    ...hunk.lines.map((line) => {
      const text = printable(line);
      if (line.startsWith('-')) return paint(look, 'red', text);
      return line.startsWith('+') ? paint(look, 'green', text) : text;
    }),
  ]);
}

/** An empty span counts from the line before it, as in every unified diff; the package counts from the line after. */
function span(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`;
}

function readTree(folder: string): TextTree {
  return new Map(
    writtenTree(folder).files.map((file) => {
      const bytes = readFileSync(file);
      return [relative(folder, file), bytes.includes(0) ? undefined : bytes.toString('utf8')];
    }),
  );
}
