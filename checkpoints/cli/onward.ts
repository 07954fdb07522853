import { builtLabs, type Checkpoint, type Course, type PlacedBuiltLab } from '../../labs/course-schema.ts';
import { isStarted } from './attempt.ts';
import { type Look, paint } from './look.ts';
import { countOutcomes, type Outcome } from './report.ts';
import { displayWidth, pad } from './wrap-text.ts';

export interface RunOfAttempt {
  readonly course: Course;
  readonly placed: PlacedBuiltLab;
  readonly outcomes: readonly Outcome[];
  /** The checkpoints that were named; none means all. */
  readonly named: readonly Checkpoint[];
  readonly look: Look;
  /** Whether somebody has an attempt at a lab, or had one judged that stands elsewhere. */
  readonly isBegun: (placed: PlacedBuiltLab) => boolean;
}

/** The commands that make sense after a run of the attempt; empty when its output already names the next one. */
export function onwardAfter({ course, placed, outcomes, named, look, isBegun }: RunOfAttempt): string {
  const { slug } = placed.lab;
  const { passed, notReached } = countOutcomes(outcomes);
  if (passed < outcomes.length) {
    return notReached === 0
      ? ''
      : renderCommands([[`npm run lab test ${slug} -- --all`, 'judges the others too']], look);
  }
  if (named.length > 0 && named.length < placed.lab.checkpoints.length) {
    return renderCommands([[`npm run lab test ${slug}`, 'judges the whole lab']], look);
  }
  const next = builtLabs(course).find((entry) => entry.lab.slug !== slug && !isBegun(entry));
  return renderCommands(
    [
      ...(isStarted(placed) ? [[`npm run lab diff ${slug}`, 'compares it with the solution'] as const] : []),
      ...(next ? [[`npm run lab start ${next.lab.slug}`, `goes on with: ${next.lab.title}`] as const] : []),
    ],
    look,
  );
}

function renderCommands(lines: readonly (readonly [command: string, does: string])[], look: Look): string {
  const width = Math.max(...lines.map(([command]) => displayWidth(command)));
  const rows = lines.map(([command, does]) => {
    const fits = width + displayWidth(does) + 4 <= look.width;
    return fits ? `  ${pad(command, width)}  ${paint(look, 'quiet', does)}` : `  ${command}`;
  });
  return `\n${rows.join('\n')}\n`;
}
