import type { ParseArgsOptionsConfig } from 'node:util';
import type { Course } from '../../labs/course-schema.ts';
import type { ExitCode } from './exit-code.ts';
import type { Look } from './look.ts';

/** Where a command writes. */
export interface Output {
  readonly look: Look;
  /** A person may be looking: the screen may be cleared and keys may be read. */
  readonly isTerminal: boolean;
  write(text: string): void;
}

/** What a command knows of its surroundings. Nothing else of the process is read. */
export interface CommandContext {
  readonly course: Course;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the folder in which the command was typed. npm runs scripts elsewhere. */
  readonly typedIn: string;
  /** Results. */
  readonly out: Output;
  /** Warnings and refusals. */
  readonly err: Output;
}

export interface CommandArguments {
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
}

/** One flag of a command, as `node:util` parses it and as the help tells it. */
export type Flags = ParseArgsOptionsConfig;

/** One command, known without loading what it needs to run. */
export interface Command {
  readonly name: string;
  /** What follows `npm run lab `, for example `test <lab> [checkpoint…]`. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The rest of its help, in paragraphs. */
  readonly about: readonly string[];
  /** What each flag does: how it is written, and its meaning. */
  readonly flagMeanings: readonly (readonly [written: string, meaning: string])[];
  readonly flags: Flags;
  /** The most positionals that it takes; Infinity for a list. */
  readonly maxPositionals: number;
  load(): Promise<(context: CommandContext, given: CommandArguments) => Promise<ExitCode>>;
}
