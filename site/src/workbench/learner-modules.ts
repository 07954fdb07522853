import type { Files, SyntaxFault } from './protocol.ts';

/** Modules that a learner's file may import beside its own: `node:net`, where a lab needs it. */
export type Provided = Readonly<Record<string, unknown>>;

type Exports = Record<string, unknown>;
type Wrapper = (
  require: (specifier: string) => unknown,
  exports: Exports,
  module: { exports: Exports },
  meta: Readonly<Record<string, unknown>>,
) => unknown;

interface Script {
  readonly wrapper: Wrapper;
  /** The learner's own files that it imports, as it names them. */
  readonly imports: readonly string[];
}

interface Loaded {
  exports: Exports;
  error?: unknown;
  /** Of a module that awaits something at its top level. */
  settled?: Promise<void>;
}

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
  readonly #scripts = new Map<string, Script>();
  readonly #loaded = new Map<string, Loaded>();
  #main: string | undefined;
  readonly #provided: Provided;

  private constructor(provided: Provided) {
    this.#provided = provided;
  }

  /** @throws SyntaxTrouble with the first fault of the first script that has one. */
  static async from(scripts: Files, provided: Provided = {}): Promise<LearnerModules> {
    const modules = new LearnerModules(provided);
    for (const [file, code] of Object.entries(scripts)) modules.#scripts.set(file, await scriptOf(file, code));
    return modules;
  }

  /**
   * Loads a module when all that it imports has been loaded, what those await at their top level included.
   *
   * @param file name of a file, for example `framing.ts`.
   * @throws as `load`, and whatever the module awaits in vain.
   */
  async run(file: string): Promise<Exports> {
    this.#main ??= file;
    await this.#prepare(file, new Set());
    return this.load(file);
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
    const script = this.#scripts.get(file);
    if (!script) throw new Error(`Cannot find module '${file}'`);
    const module: Loaded = { exports: {} };
    // Kept before it has run: modules may import one another.
    this.#loaded.set(file, module);
    const fail = (error: unknown) => {
      module.error = withPlace(error, file);
      return module.error;
    };
    const meta = { url: `file:///${file}`, filename: `/${file}`, dirname: '/', main: file === this.#main };
    try {
      const result = script.wrapper((specifier) => this.#require(specifier, file), module.exports, module, meta);
      if (result instanceof Promise) {
        module.settled = result.catch((error: unknown) => {
          throw fail(error);
        });
        // Whoever runs the module hears of it.
        module.settled.catch(() => {});
      }
    } catch (error) {
      throw fail(error);
    }
    return module.exports;
  }

  async #prepare(file: string, seen: Set<string>): Promise<void> {
    if (seen.has(file)) return;
    seen.add(file);
    for (const specifier of this.#scripts.get(file)?.imports ?? []) await this.#prepare(pathOf(specifier, file), seen);
    this.load(file);
    await this.#loaded.get(file)?.settled;
  }

  #require(specifier: string, from: string): unknown {
    if (specifier.startsWith('.')) return this.load(pathOf(specifier, from));
    const name = Object.hasOwn(this.#provided, `node:${specifier}`) ? `node:${specifier}` : specifier;
    if (!Object.hasOwn(this.#provided, name)) {
      throw new Error(`Cannot find package '${specifier}' imported from ${from}`);
    }
    return this.#provided[name];
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

async function scriptOf(file: string, code: string): Promise<Script> {
  const text = code.replaceAll(/\bimport\.meta\b/g, '_meta');
  const sourceOf = (kind: string) => `(${kind} (require, exports, module, _meta) { ${text}\n})\n//# sourceURL=${file}`;
  const imports = [...text.matchAll(/\brequire\(['"](\.[^'"]+)['"]\)/g)].map(([, specifier = '']) => specifier);
  try {
    // Indirect, so that the learner's code sees globals alone; its first line is line 1.
    return { wrapper: evaluate(sourceOf('function')) as Wrapper, imports };
  } catch {
    // It may await something at its top level.
    const source = sourceOf('async function');
    try {
      return { wrapper: evaluate(source) as Wrapper, imports };
    } catch (error) {
      throw new SyntaxTrouble(await engineFault(file, source, error));
    }
  }
}

function pathOf(specifier: string, from: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
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
