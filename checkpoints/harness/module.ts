import { CheckpointFailure, type FailureText } from './failure.ts';
import { targetUnderTest } from './target-under-test.ts';

/** Set by a host that brings the module itself, such as a page in a browser. */
type ModuleHost = { loadModule(file: string): Promise<unknown> };

declare global {
  var labModuleHost: ModuleHost | undefined;
}

/**
 * Loads the module under test.
 *
 * @param file name of the module's file in the target's folder, for example `framing.ts`.
 * @throws CheckpointFailure of kind `start` when it cannot be loaded, with the error of the loader.
 */
export async function loadModule<T>(file: string): Promise<T> {
  try {
    if (globalThis.labModuleHost) return (await globalThis.labModuleHost.loadModule(file)) as T;
    const target = targetUnderTest();
    if (target.kind !== 'module') throw new Error(`target ${target.name} is a program; only a module can be loaded`);
    // By a URL of its own for every version: an edited file is loaded anew.
    return (await import(/* @vite-ignore */ `file://${encodeURI(target.folder)}/${file}?v=${target.version}`)) as T;
  } catch (error) {
    throw new CheckpointFailure(
      {
        expected: `a module ${file} that can be loaded`,
        ...loaderError(error),
        usually: 'a syntax error, an import that does not exist, or code at the top level that throws',
      },
      'start',
    );
  }
}

/** `ESC [ … m` and its relatives (ECMA-48 §5.4): the colours that a loader gives its errors, terminal or not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
const ESCAPE_SEQUENCE = /\u001b\[[0-?]*[ -/]*[@-~]/g;
/** The version in a module's URL, before `:line:column` or at the end of a name. */
const VERSION = /\?v=[\w-]+/g;
/** `╭─[ path:line:column ]`: where the loader's picture of a syntax error begins. */
const PLACE = /╭─\[\s*(\S.*?:\d+:\d+)\s*\]/;

/** What a loader says: one line, with the place in the file where there is one, and the rest as details. */
function loaderError(error: unknown): Pick<FailureText, 'received' | 'details'> {
  if (!(error instanceof Error)) return { received: String(error) };
  const lines = error.message.replaceAll(ESCAPE_SEQUENCE, '').replaceAll(VERSION, '').trimEnd().split('\n');
  const text = lines.join('\n');
  const place = PLACE.exec(text)?.[1];
  const [first = '', ...rest] = lines;
  if (place === undefined) {
    return { received: `${error.name}: ${first}`, ...(rest.length > 0 ? { details: rest } : {}) };
  }
  const what = /^\[\w+\]\s*(.+)$/m.exec(text)?.[1] ?? first;
  const picture = lines.slice(lines.findIndex((line) => PLACE.test(line)) + 1).filter((line) => line.trim() !== '');
  return { received: `${place.replace(/^.*[/\\]/, '')}: ${what}`, details: picture };
}
