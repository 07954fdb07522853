import type { Checkpoint } from '../../labs/course-schema.ts';
import { isStarted } from './attempt.ts';
import type { CommandArguments, CommandContext } from './command.ts';
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
  const progress = loadProgress(placed, context.err);
  const state = labState(placed, progress, isStarted(placed));
  const id = named[0]?.id ?? nextCheckpoint(state)?.id;
  const checkpoint = placed.lab.checkpoints.find((entry) => entry.id === id);
  const { look } = context.out;
  if (!checkpoint) {
    context.out.write(
      `${wrapText(`${placed.lab.slug} is green: no hint is needed. For one all the same, name its checkpoint.`, look.width).join('\n')}\n`,
    );
    return exitCode.green;
  }
  const before = checkpointProgress(progress, checkpoint.id).hintsShown;
  const shown = Math.min(checkpoint.hints.length, before + 1);
  context.out.write(
    renderHints({
      lab: placed.lab.slug,
      checkpoint,
      shown,
      reading: readingOf(placed, checkpoint),
      look,
      isNew: shown > before,
    }),
  );
  if (shown > before) updateProgress(placed, context.err, (now) => withHintsShown(now, checkpoint.id, shown));
  return exitCode.green;
}

export interface HintView {
  readonly lab: string;
  readonly checkpoint: Checkpoint;
  /** How many hints to show, from the first on. */
  readonly shown: number;
  /** Whether the last one shown is new. */
  readonly isNew: boolean;
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
