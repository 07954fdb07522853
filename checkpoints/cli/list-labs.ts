import type { CommandArguments, CommandContext } from './command.ts';
import { type CourseState, courseState, labWords } from './course-state.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { type Look, paint } from './look.ts';
import { signOf } from './status-view.ts';
import { displayWidth, hang, pad } from './wrap-text.ts';

export async function listLabs(context: CommandContext, { flags }: CommandArguments): Promise<ExitCode> {
  const state = courseState(context.course, context.err);
  context.out.write(flags.json ? formatCourseState(state) : renderList(state, context.out.look));
  return exitCode.green;
}

/** The document of `list --json` and `status --json`. */
export function formatCourseState({ phases }: CourseState): string {
  return `${JSON.stringify({ version: 1, phases }, null, 2)}\n`;
}

export function renderList(course: CourseState, look: Look): string {
  const labs = course.phases.flatMap((phase) => phase.labs);
  const slugWidth = Math.max(...labs.map((lab) => displayWidth(lab.slug)));
  const titleWidth = Math.max(...labs.map((lab) => displayWidth(lab.title)));
  const phases = course.phases.map((phase) => {
    const lines = phase.labs.map((lab) => {
      const { text, tone } = signOf(lab);
      const lead = `  ${text} ${pad(lab.slug, slugWidth)}  `;
      const fits = displayWidth(lead) + titleWidth + 2 + displayWidth(labWords(lab)) <= look.width;
      const line = fits
        ? `${lead}${pad(lab.title, titleWidth)}  ${labWords(lab)}`
        : hang(lead, `${lab.title}, ${labWords(lab)}`, look.width);
      return lab.state === 'planned' ? paint(look, 'quiet', line) : line.replace(text, paint(look, tone, text));
    });
    return `${paint(look, 'strong', `${phase.number} ${phase.title}`)}\n${lines.join('\n')}\n`;
  });
  return phases.join('\n');
}
