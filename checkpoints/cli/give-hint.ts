import type { Checkpoint, PlacedBuiltLab } from '../../labs/course-schema.ts';
import { isStarted } from './attempt.ts';
import type { CommandArguments, CommandContext, Output } from './command.ts';
import { labState, nextCheckpoint } from './course-state.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { selectLab } from './find-lab.ts';
import { type Look, paint } from './look.ts';
import { checkpointProgress, withHintsShown } from './progress.ts';
import { loadProgress, updateProgress } from './progress-file.ts';
import { readingOf } from './reading.ts';
import { hang, wrapText } from './wrap-text.ts';

export async function giveHint(context: CommandContext, { positionals }: CommandArguments): Promise<ExitCode> {
  const { placed, named } = selectLab(context.course, 'hint', positionals);
  const { look } = context.out;
  const hint = nextHint(placed, context.err, named[0]?.id);
  if (!hint) {
    context.out.write(
      `${wrapText(`${placed.lab.slug} is green: no hint is needed. For one all the same, name its checkpoint.`, look.width).join('\n')}\n`,
    );
    return exitCode.green;
  }
  const reading = readingOf(placed, hint.checkpoint);
  context.out.write(renderHints({ ...hint, lab: placed.lab.slug, reading, look }));
  return exitCode.green;
}

/** One hint more for a checkpoint. */
export interface NextHint {
  readonly checkpoint: Checkpoint;
  /** How many of its hints have been given now, from the first on. */
  readonly shown: number;
  /** Whether the last one of them is new; false when there are no more. */
  readonly isNew: boolean;
}

/**
 * Gives one hint more, and writes down that it was given.
 *
 * @param id of the checkpoint; without it, the one to work on.
 * @returns undefined when none was named and all are green.
 */
export function nextHint(placed: PlacedBuiltLab, err: Output, id?: string): NextHint | undefined {
  const progress = loadProgress(placed, err);
  const wanted = id ?? nextCheckpoint(labState(placed, progress, isStarted(placed)))?.id;
  const checkpoint = placed.lab.checkpoints.find((entry) => entry.id === wanted);
  if (!checkpoint) return undefined;
  const before = checkpointProgress(progress, checkpoint.id).hintsShown;
  const shown = Math.min(checkpoint.hints.length, before + 1);
  if (shown > before) updateProgress(placed, err, (now) => withHintsShown(now, checkpoint.id, shown));
  return { checkpoint, shown, isNew: shown > before };
}

export interface HintView extends NextHint {
  readonly lab: string;
  readonly reading: string;
  readonly look: Look;
}

export function renderHints({ lab, checkpoint, shown, isNew, reading, look }: HintView): string {
  const total = checkpoint.hints.length;
  const hints = checkpoint.hints.slice(0, shown).map((hint, i) => {
    const text = hang(`  ${i + 1} of ${total}  `, hint, look.width);
    return isNew && i === shown - 1 ? text : paint(look, 'quiet', text);
  });
  const after =
    shown < total
      ? [hang('', 'Ask again for the next one.', look.width)]
      : [
          wrapText(
            `${isNew ? 'That was the last hint.' : 'There are no more hints.'} Read ${reading}.`,
            look.width,
          ).join('\n'),
          wrapText('To see the solution, ask twice:', look.width).join('\n'),
          `\n  npm run lab diff ${lab}`,
        ];
  const head = hang(`${checkpoint.id}   `, checkpoint.sentence, look.width);
  return `${head.replace(checkpoint.id, paint(look, 'strong', checkpoint.id))}\n\n${hints.join('\n')}\n\n${after.join('\n')}\n`;
}
