/**
 * `npm run lab`: the course on the command line. Reads the arguments, finds the command, and turns whatever comes of it
 * into text and an exit code. Everything else is in the files of the commands.
 */
import { resolve } from 'node:path';
import { flagsKeptByNpm, readArguments } from './arguments.ts';
import type { CommandContext, Output } from './command.ts';
import { commands } from './commands.ts';
import { renderDefect } from './defect.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { describeFileError, isFileError } from './file-error.ts';
import { renderCommandHelp, renderHelp } from './help.ts';
import { lookFor } from './look.ts';
import { Refusal, renderRefusal } from './refusal.ts';
import { closest } from './suggestion.ts';
import { wrapText } from './wrap-text.ts';

const SIGNALS = { SIGINT: exitCode.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;

async function main(argv: readonly string[], out: Output, err: Output): Promise<ExitCode> {
  const [first, ...rest] = argv;
  if (first === '--help' || first === '-h') return help(rest, out);
  if (first === 'help') return help(rest, out);
  if (first === undefined) {
    const { renderWhereYouAre } = await import('./where-you-are.ts');
    const { courseState } = await import('./course-state.ts');
    const { course } = await import('../../labs/course.ts');
    out.write(renderWhereYouAre(courseState(course, err), out.look));
    return exitCode.green;
  }
  const command = commands.find(({ name }) => name === first);
  if (!command) return refuseLab(first).then(() => refuseCommand(first));
  const given = readArguments(command, rest);
  if (given.flags.help) {
    out.write(renderCommandHelp(command, out.look));
    return exitCode.green;
  }
  const kept = flagsKeptByNpm(command, process.env);
  if (kept.length > 0) {
    throw new Refusal(`npm kept ${kept.join(' and ')} for itself, so "${command.name}" never saw it.`, {
      more: ['Put two dashes before the first flag.'],
      next: [`npm run lab ${first} ${given.positionals[0] ?? ''} -- ${kept[0]} …`.replace(/ {2,}/, ' ')],
    });
  }
  const { course } = await import('../../labs/course.ts');
  const context: CommandContext = {
    course,
    env: process.env,
    typedIn: resolve(process.env.INIT_CWD ?? process.cwd()),
    out,
    err,
  };
  const run = await command.load();
  return run(context, given);
}

function help(topic: readonly string[], out: Output): ExitCode {
  const [name] = topic;
  const command =
    name === undefined ? undefined : (commands.find((entry) => entry.name === name) ?? refuseCommand(name));
  out.write(command ? renderCommandHelp(command, out.look) : renderHelp(commands, out.look));
  return exitCode.green;
}

/** A lab's name where a command is wanted. */
async function refuseLab(typed: string): Promise<void> {
  const { course } = await import('../../labs/course.ts');
  const { builtLabs } = await import('../../labs/course-schema.ts');
  if (!builtLabs(course).some(({ lab }) => lab.slug === typed)) return;
  throw new Refusal(`"${typed}" is a lab. Say first what to do with it.`, {
    next: [`npm run lab start ${typed}`, `npm run lab test ${typed}`],
  });
}

function refuseCommand(typed: string): never {
  const names = commands.map(({ name }) => name);
  const meant = closest(typed, names);
  throw new Refusal(`There is no command "${typed}".${meant ? ` Did you mean ${meant}?` : ''}`, {
    more: [`Commands: ${names.join(', ')}.`],
    next: [meant ? `npm run lab ${meant}` : 'npm run lab help'],
  });
}

/** What an error means for the person who typed, and for scripts. */
function report(error: unknown, err: Output): ExitCode {
  if (error instanceof Refusal) {
    err.write(renderRefusal(error, err.look));
    return error.exit;
  }
  if (isFileError(error)) {
    err.write(`${wrapText(describeFileError(error, 'finish this'), err.look.width).join('\n')}\n`);
    return exitCode.couldNotCheck;
  }
  const { code, message, stack = String(error) } = error as Error & { code?: string };
  const [what = '', ...lines] = code === 'MISTAKE_FORMAT' ? [message] : stack.split('\n');
  err.write(renderDefect({ what, lines }, err.look));
  return exitCode.couldNotCheck;
}

function outputTo(stream: NodeJS.WriteStream): Output {
  // The window may be resized under a command that runs for long: the look is asked for anew each time.
  return {
    get look() {
      return lookFor(stream, process.env);
    },
    isTerminal: stream.isTTY === true,
    write: (text) => void stream.write(text),
  };
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has seen enough: `npm run lab list | head -3`.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}
for (const [signal, code] of Object.entries(SIGNALS)) {
  // Programs under test and the judge notice that we are gone; see the harness's reaper.
  process.on(signal, () => process.exit(code));
}

const [out, err] = [outputTo(process.stdout), outputTo(process.stderr)];
const code = await main(process.argv.slice(2), out, err).catch((error: unknown) => report(error, err));
// A stuck module never lets its thread end, so nothing waits for it; but what was written is written.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
