import { transform } from 'sucrase';
import type { Files, SyntaxFault } from './protocol.ts';

/** Modules that a learner's file may import beside its own: `node:net`, where a lab needs it. */
export type Provided = Readonly<Record<string, unknown>>;

type Exports = Record<string, unknown>;
type Wrapper = (require: (specifier: string) => unknown, exports: Exports, module: { exports: Exports }) => void;

/** Thrown for a file that cannot be compiled. */
export class SyntaxTrouble extends Error {
  readonly code = 'SYNTAX_TROUBLE';
  readonly fault: SyntaxFault;

  constructor(fault: SyntaxFault) {
    super(`${fault.file}:${fault.line}: ${fault.message}`);
    this.name = 'SyntaxTrouble';
    this.fault = fault;
  }
}

/**
 * The learner's files as modules. Types are taken out and imports become calls, line by line, so that a stack names the
 * learner's own lines; each file is evaluated when it is first asked for, and once.
 */
export class LearnerModules {
  readonly #compiled = new Map<string, Wrapper>();
  readonly #loaded = new Map<string, { exports: Exports; error?: unknown }>();
  readonly #provided: Provided;

  private constructor(provided: Provided) {
    this.#provided = provided;
  }

  /** @throws SyntaxTrouble with the first fault of the first file that has one. */
  static async compile(files: Files, provided: Provided = {}): Promise<LearnerModules> {
    const modules = new LearnerModules(provided);
    for (const [file, text] of Object.entries(files)) modules.#compiled.set(file, await compileFile(file, text));
    return modules;
  }

  /**
   * @param file name of a file, for example `framing.ts`.
   * @throws whatever the module throws while it is evaluated, at each call the same.
   */
  load(file: string): Exports {
    const before = this.#loaded.get(file);
    if (before) {
      if ('error' in before) throw before.error;
      return before.exports;
    }
    const wrapper = this.#compiled.get(file);
    if (!wrapper) throw new Error(`Cannot find module '${file}'`);
    const module: { exports: Exports; error?: unknown } = { exports: {} };
    // Kept before it has run: modules may import one another.
    this.#loaded.set(file, module);
    try {
      wrapper((specifier) => this.#require(specifier, file), module.exports, module);
    } catch (error) {
      module.error = error;
      throw error;
    }
    return module.exports;
  }

  #require(specifier: string, from: string): unknown {
    if (specifier.startsWith('.')) return this.load(new URL(specifier, `file:///${from}`).pathname.slice(1));
    const provided = this.#provided[specifier];
    if (provided === undefined) throw new Error(`Cannot find package '${specifier}' imported from ${from}`);
    return provided;
  }
}

async function compileFile(file: string, text: string): Promise<Wrapper> {
  let code: string;
  try {
    ({ code } = transform(text, {
      filePath: file,
      transforms: ['typescript', 'imports'],
      disableESTransforms: true,
      preserveDynamicImport: true,
    }));
  } catch (error) {
    throw new SyntaxTrouble(faultOf(file, error));
  }
  const source = `(function (require, exports, module) { ${code}\n})\n//# sourceURL=${file}`;
  try {
    // Indirect, so that the learner's code sees globals alone, and its first line is line 1.
    // biome-ignore lint/security/noGlobalEval: running what the learner writes is what this worker is for.
    return (0, eval)(source) as Wrapper;
  } catch (error) {
    throw new SyntaxTrouble(await engineFault(file, source, error));
  }
}

/** Sucrase ends its message with `(line:column)`, and begins it with the name of the file. */
function faultOf(file: string, error: unknown): SyntaxFault {
  const { message, loc } = error as Error & { loc?: { line: number; column: number } };
  const [, said = message] = /^(?:Error transforming [^:]+: )?(.*?)(?: \(\d+:\d+\))?$/s.exec(message) ?? [];
  return { file, line: loc?.line ?? 0, column: loc?.column ?? 0, message: said };
}

/**
 * Where the engine sees a fault that Sucrase let pass. `eval` throws without a place; the same text as a timer's handler
 * is compiled as a script, whose faults are reported with one. It is an expression, so nothing of it runs.
 */
function engineFault(file: string, source: string, error: unknown): Promise<SyntaxFault> {
  const message = error instanceof Error ? error.message : String(error);
  return new Promise((resolve) => {
    const scope = globalThis as unknown as EventTarget;
    const done = (line: number, column: number) => {
      scope.removeEventListener('error', onError);
      resolve({ file, line, column, message });
    };
    const onError = (event: Event) => {
      event.preventDefault();
      const { lineno, colno } = event as ErrorEvent;
      done(lineno, colno);
    };
    scope.addEventListener('error', onError);
    // biome-ignore lint/security/noGlobalEval: the same text as above, and it is only compiled.
    (setTimeout as unknown as (handler: string) => void)(source);
    setTimeout(() => done(0, 0), 0);
  });
}
