import type { Step } from './dockerfile.ts';

/** One simple command of a RUN, in words, with the variables that stand before it. */
export interface ShellCommand {
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
}

/** Package managers whose `install` brings packages of npm. */
const MANAGERS = ['npm', 'yarn', 'pnpm', 'corepack', 'bun'];
const INSTALLING = ['ci', 'clean-install', 'install-clean', 'install', 'i', 'add', 'update', 'install-test', 'it'];

/**
 * The simple commands of a RUN, in order: exec form, shell form and heredoc alike. Splits at `&&`, `||`, `;`, `|` and
 * line ends outside quotes, which is as much of a shell as Dockerfiles use.
 */
export function commandsOf({ text, variables }: Step): ShellCommand[] {
  const exec = execWords(text);
  if (exec) return [{ words: exec, variables }];
  const body = /^<<-?\s*["']?\w+["']?[^\n]*\n([\s\S]*)\n\s*\w+\s*$/.exec(text)?.[1] ?? text;
  return splitCommands(body).flatMap((words): ShellCommand[] => {
    const own = new Map(variables);
    let rest = words;
    for (let word = rest[0]; word !== undefined && /^[A-Za-z_]\w*=/.test(word); word = rest[0]) {
      own.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
      rest = rest.slice(1);
    }
    return rest.length === 0 ? [] : [{ words: rest, variables: own }];
  });
}

/** Whether a command installs packages of npm. */
export function installs({ words }: ShellCommand): boolean {
  const [file = '', ...rest] = words;
  const manager = file.replace(/^.*\//, '');
  if (!MANAGERS.includes(manager)) return false;
  const verb = rest.find((word) => !word.startsWith('-'));
  return verb === undefined ? manager === 'yarn' : INSTALLING.includes(verb);
}

function execWords(text: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) return undefined;
    return words as string[];
  } catch {
    return undefined;
  }
}

function splitCommands(text: string): string[][] {
  const commands: string[][] = [[]];
  // Quoted parts stay whole; a backslash at the end of a line joins it with the next.
  const tokens = text
    .replaceAll(/\\\n/g, ' ')
    .matchAll(/&&|\|\||[;|\n]|(?:"(?:\\.|[^"])*"|'[^']*'|\\.|[^\s;|&"'])+|&/g);
  for (const [token] of tokens) {
    if (/^(?:&&|\|\||[;|\n&])$/.test(token)) commands.push([]);
    else commands.at(-1)?.push(token.replaceAll(/["']/g, ''));
  }
  return commands.filter((words) => words.length > 0);
}
