import { parseArgs } from 'node:util';
import type { Command, CommandArguments } from './command.ts';
import { Refusal } from './refusal.ts';
import { closest } from './suggestion.ts';

/**
 * Reads what follows a command's name.
 *
 * @throws Refusal that says what was not understood, with what was probably meant.
 */
export function readArguments(command: Command, argv: readonly string[]): CommandArguments {
  const flags = { ...command.flags, help: { type: 'boolean', short: 'h' } } as const;
  const usage = [`npm run lab ${command.usage}`];
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...argv], options: flags, allowPositionals: true, strict: true });
  } catch (error) {
    const typed = /'(--?[^' =]+)[^']*'/.exec((error as Error).message)?.[1] ?? '';
    const known = Object.keys(flags).map((name) => `--${name}`);
    if ((error as NodeJS.ErrnoException).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      const meant = closest(typed, known);
      const question = meant ? ` Did you mean ${meant}?` : '';
      throw new Refusal(`"${command.name}" has no flag ${typed}.${question}`, { next: usage, cause: error });
    }
    throw new Refusal(`${typed || 'A flag'} is not written as "${command.name}" needs it.`, {
      next: usage,
      cause: error,
    });
  }
  const { positionals, values } = parsed;
  if (positionals.length > command.maxPositionals) {
    const extra = positionals.slice(command.maxPositionals).map((word) => `"${word}"`);
    throw new Refusal(`"${command.name}" does not know what to do with ${extra.join(' ')}.`, { next: usage });
  }
  for (const name of ['run', 'target']) {
    if (typeof values[name] === 'string' && values[name].trim() === '') {
      throw new Refusal(`--${name} is empty.`, { next: usage });
    }
  }
  return { positionals, flags: values as CommandArguments['flags'] };
}

/**
 * Flags typed without two dashes before them never arrive: npm takes them for its own settings, and a test of
 * something else than was meant would follow. npm leaves a trace of them in the environment.
 *
 * @returns the flags of `command` that npm kept, for example `--run`.
 */
export function flagsKeptByNpm(command: Command, env: Readonly<Record<string, string | undefined>>): string[] {
  if (env.npm_lifecycle_event !== 'lab') return [];
  return Object.keys(command.flags)
    .filter((name) => {
      const value = env[`npm_config_${name}`];
      // npm's own settings of these names, kept in an .npmrc, hold other values than a flag leaves.
      return (
        value === 'true' || (name === 'target' && /^(attempt|starter|solution|mistakes|variants)/.test(value ?? ''))
      );
    })
    .map((name) => `--${name}`);
}
