import type { CommandArguments, CommandContext } from './command.ts';
import { courseState } from './course-state.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { formatCourseState } from './list-labs.ts';
import { renderStatus } from './status-view.ts';

export async function showStatus(context: CommandContext, { flags }: CommandArguments): Promise<ExitCode> {
  const state = courseState(context.course, context.err);
  context.out.write(flags.json ? formatCourseState(state) : renderStatus(state, context.out.look));
  return exitCode.green;
}
