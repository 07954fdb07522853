import { transform } from 'sucrase';
import type { Files, SyntaxFault } from './protocol.ts';

export type Compiled =
  | { readonly ok: true; readonly modules: Files }
  | { readonly ok: false; readonly fault: SyntaxFault };

/**
 * Makes scripts of TypeScript files: types are taken out and imports become calls, line by line, so that a stack names
 * the learner's own lines. Types are not checked, as they are not on the command line.
 */
export function compile(files: Files): Compiled {
  const modules: Record<string, string> = {};
  for (const [file, text] of Object.entries(files)) {
    if (!/\.[mc]?[jt]s$/.test(file)) continue;
    try {
      modules[file] = transform(text, {
        filePath: file,
        transforms: ['typescript', 'imports'],
        disableESTransforms: true,
      }).code;
    } catch (error) {
      return { ok: false, fault: faultOf(file, error) };
    }
  }
  return { ok: true, modules };
}

/** Sucrase begins its message with the name of the file, and ends it with `(line:column)`. */
function faultOf(file: string, error: unknown): SyntaxFault {
  const { message, loc } = error as Error & { loc?: { line: number } };
  const [, said = message] = /^(?:Error transforming [^:]+: )?(.*?)(?: \(\d+:\d+\))?$/s.exec(message) ?? [];
  return { file, line: loc?.line ?? 0, message: said };
}
