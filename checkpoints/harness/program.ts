import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { InjectedTarget } from './checkpoint.ts';
import { deadlineMs, within } from './deadline.ts';
import { CheckpointFailure } from './failure.ts';
import { releaseGroup, watchGroup } from './reaper.ts';
import { targetUnderTest } from './target-under-test.ts';

export interface ProgramOptions {
  /** Added to `HOST=127.0.0.1` and `PORT=0`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another target than the one under test. */
  readonly target?: InjectedTarget;
}

export interface ProgramExit {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Generous: a cold .NET runtime on a loaded machine needs seconds. */
const START_DEADLINE_MS = 20_000;
/** How long `stop` waits after SIGTERM before it kills. */
const STOP_DEADLINE_MS = 2_000;
/** Per stream. A program that logs without end must not fill our memory. */
const MAX_CAPTURED_CHARS = 256 * 1024;
const LOG_TAIL_LINES = 12;
/** Node keeps what it has compiled here, so that the next start of the same files takes less. Others ignore it. */
const COMPILE_CACHE = fileURLToPath(new URL('../../.cache/node-compile', import.meta.url));

/**
 * A running program under test. Created by `startProgram` (waits for the ready line) or `spawnProgram` (does not).
 * Disposal kills its whole process group; nothing outlives the checkpoint.
 */
export class Program implements AsyncDisposable {
  readonly host: string;
  /** The port of its ready line; 0 until then. */
  port = 0;
  /** Everything that it wrote on standard error so far, up to a bound. */
  stderr = '';
  stdout = '';
  /** Resolves when it has ended and its output is complete. Never rejects. */
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #ended = false;

  constructor(child: ChildProcess, host: string) {
    this.#child = child;
    this.host = host;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout = bounded(this.stdout + text);
      this.#notify();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = bounded(this.stderr + text);
      this.#notify();
    });
    const group = child.pid;
    if (group !== undefined) watchGroup(group);
    this.exited = new Promise((resolve) => {
      const end = (exit: ProgramExit) => {
        this.#ended = true;
        this.#killGroup();
        if (group !== undefined) releaseGroup(group);
        this.#notify();
        resolve(exit);
      };
      child.once('exit', () => this.#killGroup());
      child.once('close', (code, signal) => end({ code, signal }));
      child.once('error', (error) => {
        this.stderr = bounded(`${this.stderr}${error.message}\n`);
        if (child.pid === undefined) end({ code: null, signal: null });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends a signal to the program and to whatever it started. */
  kill(signal: NodeJS.Signals): void {
    if (this.#ended || this.#child.pid === undefined) return;
    try {
      process.kill(process.platform === 'win32' ? this.#child.pid : -this.#child.pid, signal);
    } catch {
      // It ended in this very moment.
    }
  }

  /** SIGTERM, then SIGKILL if that is not obeyed. */
  async stop(): Promise<ProgramExit> {
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), deadlineMs(STOP_DEADLINE_MS));
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** Resolves when `accept` holds for the output so far; rejects with `otherwise()` when it does not in time. */
  async waitForOutput(accept: (program: this) => boolean, withinMs: number, otherwise: () => Error): Promise<void> {
    let stopListening = () => {};
    const seen = new Promise<void>((resolve) => {
      const look = () => {
        if (accept(this) || this.#ended) resolve();
      };
      this.#listeners.add(look);
      stopListening = () => this.#listeners.delete(look);
      look();
    });
    try {
      await within(seen, deadlineMs(withinMs), otherwise);
      if (!accept(this)) throw otherwise();
    } finally {
      stopListening();
    }
  }

  /** The last lines of standard error, for the details of a failure. */
  logTail(): string[] {
    const lines = this.stderr.trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    return lines.length === 1 && lines[0] === ''
      ? []
      : ['the last lines of its standard error:', ...lines.map((l) => `  ${l}`)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.exited;
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #killGroup(): void {
    if (process.platform === 'win32' || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // Nothing of the group is left.
    }
  }
}

/** Starts the program under test without waiting for it to be ready. */
export function spawnProgram(options: ProgramOptions = {}): Program {
  const target = options.target ?? targetUnderTest();
  if (target.kind !== 'program') throw new Error(`target ${target.name} is a module; only a program can be started`);
  const host = options.env?.HOST ?? '127.0.0.1';
  const env = {
    ...process.env,
    HOST: host,
    PORT: '0',
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    ...target.env,
    ...options.env,
  };
  const settings = {
    cwd: target.cwd,
    env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
  };
  if (typeof target.command === 'string') {
    // A shell that does not replace itself by its last command (dash) would die of the SIGTERM that is meant for the
    // program, and its exit code would be lost. With a trap it waits, and ends with the code of the program; what it
    // starts gets the default action back (POSIX, "Signals and Error Handling" of the shell).
    const command = process.platform === 'win32' ? target.command : `trap : TERM INT\n${target.command}`;
    return new Program(spawn(command, { ...settings, shell: true }), host);
  }
  const [file, ...args] = target.command;
  if (file === undefined) throw new Error(`target ${target.name} has an empty command`);
  return new Program(spawn(file, args, settings), host);
}

/**
 * Starts the program under test and waits for `READY <port>` on its standard output.
 *
 * @throws CheckpointFailure of kind `start`, with the end of its log, when it ends or stays silent instead.
 */
export async function startProgram(options: ProgramOptions = {}): Promise<Program> {
  const program = spawnProgram(options);
  const readyLine = /^READY (\d{1,5})\r?$/m;
  try {
    await program.waitForOutput(
      (p) => readyLine.test(p.stdout),
      START_DEADLINE_MS,
      () =>
        new CheckpointFailure(
          {
            expected: 'the line "READY <port>" on standard output once the server can serve',
            received: program.ended
              ? 'your program ended before it was ready'
              : program.stdout === ''
                ? 'nothing on standard output'
                : `standard output ${JSON.stringify(program.stdout.slice(0, 200))}`,
            usually: program.ended
              ? 'it crashed while starting: its standard error below says why'
              : 'the line is printed by something else than the listening callback, or standard output is buffered: flush it',
            details: program.logTail(),
          },
          'start',
        ),
    );
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  program.port = Number(readyLine.exec(program.stdout)?.[1]);
  return program;
}

/** Waits for the program to end by itself. */
export async function exitOf(program: Program, withinMs: number, otherwise: () => Error): Promise<ProgramExit> {
  return within(program.exited, deadlineMs(withinMs), otherwise);
}

function bounded(text: string): string {
  return text.length <= MAX_CAPTURED_CHARS ? text : text.slice(text.length - MAX_CAPTURED_CHARS);
}
