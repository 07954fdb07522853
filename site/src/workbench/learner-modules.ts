import type { Files, SyntaxFault } from './protocol.ts';

/** Modules that a learner's file may import beside its own: `node:net`, where a lab needs it. */
export type Provided = Readonly<Record<string, unknown>>;

type Exports = Record<string, unknown>;
type Wrapper = (require: (specifier: string) => unknown, exports: Exports, module: { exports: Exports }) => void;

/** Thrown for a script that the engine does not take. */
export class SyntaxTrouble extends Error {
  readonly code = 'SYNTAX_TROUBLE';
  readonly fault: SyntaxFault;

  constructor(fault: SyntaxFault) {
    super(`${fault.file}:${fault.line}: ${fault.message}`);
    this.name = 'SyntaxTrouble';
    this.fault = fault;
  }
}

/** The learner's compiled files as modules: each is evaluated when it is first asked for, and once. */
export class LearnerModules {
  readonly #wrappers = new Map<string, Wrapper>();
  readonly #loaded = new Map<string, { exports: Exports; error?: unknown }>();
  readonly #provided: Provided;

  private constructor(provided: Provided) {
    this.#provided = provided;
  }

  /** @throws SyntaxTrouble with the first fault of the first script that has one. */
  static async from(scripts: Files, provided: Provided = {}): Promise<LearnerModules> {
    const modules = new LearnerModules(provided);
    for (const [file, code] of Object.entries(scripts)) modules.#wrappers.set(file, await wrapperOf(file, code));
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
    const wrapper = this.#wrappers.get(file);
    if (!wrapper) throw new Error(`Cannot find module '${file}'`);
    const module: { exports: Exports; error?: unknown } = { exports: {} };
    // Kept before it has run: modules may import one another.
    this.#loaded.set(file, module);
    try {
      wrapper((specifier) => this.#require(specifier, file), module.exports, module);
    } catch (error) {
      module.error = withPlace(error, file);
      throw module.error;
    }
    return module.exports;
  }

  #require(specifier: string, from: string): unknown {
    if (specifier.startsWith('.')) return this.load(new URL(specifier, `file:///${from}`).pathname.slice(1));
    if (!Object.hasOwn(this.#provided, specifier)) {
      throw new Error(`Cannot find package '${specifier}' imported from ${from}`);
    }
    return this.#provided[specifier];
  }
}

/** A module that throws while it is evaluated is reported by its message alone, so the place goes into the message. */
function withPlace(error: unknown, file: string): unknown {
  if (!(error instanceof Error)) return error;
  const place = error.stack?.split('\n').find((line) => line.includes(`${file}:`));
  if (place !== undefined && !error.message.includes(place.trim())) error.message += `\n${place}`;
  return error;
}

// biome-ignore lint/security/noGlobalEval: to run what the learner writes is what this worker is for.
const evaluate = globalThis.eval;

async function wrapperOf(file: string, code: string): Promise<Wrapper> {
  const source = `(function (require, exports, module) { ${code}\n})\n//# sourceURL=${file}`;
  try {
    // Indirect, so that the learner's code sees globals alone; its first line is line 1.
    return evaluate(source) as Wrapper;
  } catch (error) {
    throw new SyntaxTrouble(await engineFault(file, source, error));
  }
}

/**
 * Where the engine sees a fault that the compiler let pass. `eval` throws without a place; the same text as a timer's
 * handler is compiled as a script, whose faults are reported with one. It is an expression, so nothing of it runs.
 */
function engineFault(file: string, source: string, error: unknown): Promise<SyntaxFault> {
  const message = error instanceof Error ? error.message : String(error);
  return new Promise((resolve) => {
    const done = (line: number) => {
      removeEventListener('error', onError);
      resolve({ file, line, message });
    };
    const onError = (event: ErrorEvent) => {
      event.preventDefault();
      done(event.lineno);
    };
    addEventListener('error', onError);
    setTimeout(source);
    setTimeout(() => done(0), 0);
  });
}
