/** Opening a file in the editor that somebody has chosen for themselves. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';

/** A program and what stands before the file's name. */
export type EditorCommand = readonly [program: string, ...args: string[]];

/** They need a terminal of their own, and the server has none to give. */
const IN_TERMINAL = ['vi', 'vim', 'nvim', 'nano', 'pico', 'hx', 'helix', 'kak', 'micro', 'joe', 'ed', 'mcedit'];

/** What to say when there is none. */
export const NO_EDITOR =
  'No editor with a window of its own was found. Name yours when you start the server, for example: VISUAL=code npm start.';

/**
 * The editor to use: `VISUAL`, then `EDITOR`, then `code`. Those that run in a terminal are passed over.
 *
 * @param isProgram whether a program of that name can be started.
 */
export function findEditor(
  env: Readonly<Record<string, string | undefined>>,
  isProgram: (name: string) => boolean = (name) => isOnPath(name, env.PATH ?? ''),
): EditorCommand | undefined {
  for (const chosen of [env.VISUAL, env.EDITOR, 'code']) {
    const [program, ...args] = words(chosen ?? '');
    const needsTerminal = IN_TERMINAL.includes(basename(program ?? '')) || args.includes('-nw');
    if (program === undefined || needsTerminal || !isProgram(program)) continue;
    return [program, ...args];
  }
  return undefined;
}

/**
 * Opens a file, without a shell. The editor is its user's: it lives on when the server ends.
 *
 * @returns a sentence on why it could not be started; undefined once it has been.
 */
export function openInEditor([program, ...args]: EditorCommand, file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args, file], { detached: true, stdio: 'ignore' });
    child.once('spawn', () => resolve(undefined));
    child.once('error', (error) => resolve(`${program} could not be started: ${error.message}.`));
    child.unref();
  });
}

/** Splits a command as a shell would, with single and double quotes and nothing else. */
function words(command: string): string[] {
  return [...command.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double: string | undefined, single: string | undefined) => {
      return double ?? single ?? '';
    }),
  );
}

function isOnPath(name: string, path: string): boolean {
  const candidates = isAbsolute(name)
    ? [name]
    : path.split(delimiter).flatMap((folder) => (folder ? [join(folder, name)] : []));
  return candidates.some((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
