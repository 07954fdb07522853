import type { EventLoop } from './event-loop.ts';
import { EventEmitter } from './events.ts';
import { formatted, stackOf } from './inspect.ts';
import { Writable } from './stream.ts';

export interface ProgramSurroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly pid: number;
  write(to: 'stdout' | 'stderr', text: string): void;
  /** The program has ended. Nothing of it is heard from then on. */
  ended(exit: { readonly code: number | null; readonly signal: string | null }): void;
}

/** Thrown to leave code that has called `process.exit`. */
class Exited extends Error {
  override readonly name = 'Exited';
}

const STARTED_AT = performance.now();
/** A terminal's Ctrl-C, a supervisor's stop, and what else ends a program that does not listen for it. */
const DEADLY = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/** The `process` of one program, which is the whole of its worker. */
export class NodeProcess extends EventEmitter {
  readonly env: Record<string, string>;
  readonly argv: string[];
  readonly argv0 = 'node';
  readonly execPath = 'node';
  readonly execArgv: string[] = [];
  readonly pid: number;
  readonly ppid = 1;
  readonly title = 'node';
  readonly platform = 'linux';
  readonly arch = 'wasm';
  readonly version = 'v24.0.0';
  readonly versions = { node: '24.0.0' };
  readonly release = { name: 'node' };
  readonly stdout: Writable;
  readonly stderr: Writable;
  exitCode: number | string | undefined;
  #isOver = false;
  readonly #around: ProgramSurroundings;

  constructor(around: ProgramSurroundings) {
    super();
    this.#around = around;
    this.env = { ...around.env };
    this.argv = [...around.argv];
    this.pid = around.pid;
    this.stdout = this.#output('stdout');
    this.stderr = this.#output('stderr');
  }

  cwd = (): string => '/';
  uptime = (): number => (performance.now() - STARTED_AT) / 1_000;
  nextTick = (work: (...given: unknown[]) => void, ...given: unknown[]): void => {
    queueMicrotask(() => this.run(() => work(...given)));
  };
  hrtime = Object.assign(
    (before: readonly [number, number] = [0, 0]): [number, number] => {
      const [seconds, rest] = [Math.trunc(performance.now() / 1_000), Math.round((performance.now() % 1_000) * 1e6)];
      return rest < before[1]
        ? [seconds - before[0] - 1, rest - before[1] + 1e9]
        : [seconds - before[0], rest - before[1]];
    },
    { bigint: () => BigInt(Math.round(performance.now() * 1e6)) },
  );
  emitWarning = (warning: unknown): void => {
    this.#around.write('stderr', `(node:${this.pid}) ${String(warning)}\n`);
  };
  memoryUsage = (): Record<string, number> => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 });
  kill = (pid: number, signal = 'SIGTERM'): boolean => {
    if (pid === this.pid) this.signalled(signal);
    return true;
  };
  abort = (): never => this.#leave({ code: null, signal: 'SIGABRT' });
  exit = (code: number | string | undefined = this.exitCode): never => {
    if (code !== undefined) this.exitCode = code;
    if (!this.#isOver) this.emit('exit', Number(this.exitCode ?? 0));
    return this.#leave({ code: Number(this.exitCode ?? 0), signal: null });
  };

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs a callback of the program. What it throws ends the program, unless it listens for that. */
  run(work: () => void): void {
    if (this.#isOver) return;
    try {
      work();
    } catch (error) {
      this.crash(error, 'uncaughtException');
    }
  }

  crash(error: unknown, origin: 'uncaughtException' | 'unhandledRejection'): void {
    if (this.#isOver || error instanceof Exited) return;
    if (origin === 'unhandledRejection' && this.listenerCount(origin) > 0) {
      this.run(() => this.emit(origin, error));
      return;
    }
    if (this.listenerCount('uncaughtException') > 0) {
      try {
        this.emit('uncaughtException', error, origin);
        return;
      } catch (next) {
        if (next instanceof Exited) return;
      }
    }
    const said = error instanceof Error ? ownStackOf(error) : `Uncaught ${formatted([error])}`;
    this.#around.write('stderr', `${said}\n\nNode.js, as the page has it\n`);
    try {
      this.exit(1);
    } catch {
      // It has ended.
    }
  }

  /** A signal has come. */
  signalled(signal: string): void {
    if (this.listenerCount(signal) > 0) this.run(() => this.emit(signal, signal, 15));
    else if (DEADLY.includes(signal)) this.#over({ code: null, signal });
  }

  /** Nothing is left that could call back: it has ended, unless a listener of `beforeExit` starts something. */
  idle(loop: EventLoop, isStillLoading: boolean): void {
    this.run(() => this.emit('beforeExit', Number(this.exitCode ?? 0)));
    if (!loop.isIdle) return;
    // 13: an `await` at the top level that nothing will ever settle.
    this.run(() => this.exit(isStillLoading ? 13 : this.exitCode));
  }

  #leave(exit: { readonly code: number | null; readonly signal: string | null }): never {
    this.#over(exit);
    throw new Exited();
  }

  #over(exit: { readonly code: number | null; readonly signal: string | null }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#around.ended(exit);
  }

  #output(to: 'stdout' | 'stderr'): Writable {
    const output = new Writable({
      autoDestroy: false,
      write: (chunk, _encoding, done) => {
        if (!this.#isOver) this.#around.write(to, chunk.toString());
        done();
      },
    });
    return Object.assign(output, { isTTY: false, fd: to === 'stdout' ? 1 : 2 });
  }
}

/** A `console` whose lines go where a program's go. */
export function consoleOf({ stdout, stderr }: NodeProcess): Partial<Console> {
  const to =
    (stream: Writable) =>
    (...given: unknown[]) =>
      void stream.write(`${formatted(given)}\n`);
  const [out, err] = [to(stdout), to(stderr)];
  return { log: out, info: out, debug: out, dir: out, table: out, error: err, warn: err, trace: err };
}

/** Without the lines of this site's own code. */
function ownStackOf(error: Error): string {
  const lines = stackOf(error).split('\n');
  return lines.filter((line) => !/https?:\/\//.test(line)).join('\n');
}
