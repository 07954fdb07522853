import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log.ts';

const FIRST_BACKOFF_MS = 25;
const MAX_BACKOFF_MS = 2_000;
const READY_TIMEOUT_MS = 15_000;

export interface ProcessPlan {
  readonly name: string;
  /** The path of a file, and arguments, for Node. */
  readonly script: readonly [file: string, ...args: string[]];
  /** The environment, for the port that the process is to have; 0 the first time, then the one that it had. */
  readonly env: (port: number) => Readonly<Record<string, string>>;
}

/** A process could not begin to serve, and starting it again will not help. It has said why. */
export class StartFailed extends Error {
  readonly code = 'START_FAILED';
}

/** Keeps one process running until it is stopped: started again when it ends, later each time that it fails at once. */
export class Supervised {
  readonly name: string;
  readonly #plan: ProcessPlan;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #watching: Promise<void> = Promise.resolve();
  port = 0;

  constructor(plan: ProcessPlan, log: Log) {
    this.name = plan.name;
    this.#plan = plan;
    this.#log = log;
  }

  /** Resolves when the process serves. @throws StartFailed when it ends instead. */
  async start(): Promise<void> {
    const { ready, ended } = this.#spawn();
    if (!(await ready)) throw new StartFailed(`${this.name} did not start`);
    this.#watching = this.#watch(ended);
  }

  /** Lets it finish what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child?.stdin?.end();
    await this.#watching;
  }

  kill(): void {
    this.#stopping.abort();
    this.#child?.kill('SIGKILL');
  }

  // #region watch
  async #watch(firstEnd: Promise<number | null>): Promise<void> {
    const { signal } = this.#stopping;
    let ended = firstEnd;
    let backoffMs = FIRST_BACKOFF_MS;
    for (;;) {
      const code = await ended;
      if (signal.aborted) return;
      this.#log.warn({ process: this.name, code, backoffMs }, 'process-ended');
      await delay(backoffMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const next = this.#spawn();
      ended = next.ended;
      // A start that comes to nothing makes the next one wait longer; one that serves begins anew.
      backoffMs = (await next.ready) ? FIRST_BACKOFF_MS : Math.min(2 * backoffMs, MAX_BACKOFF_MS);
    }
  }
  // #endregion watch

  #spawn(): { readonly ready: Promise<boolean>; readonly ended: Promise<number | null> } {
    const [file, ...args] = this.#plan.script;
    const child = spawn(process.execPath, [file, ...args], {
      // Its logs go where ours go; its standard input is ours to end, and ends with us.
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...this.#plan.env(this.port) },
    });
    this.#child = child;
    child.stdin.on('error', () => {}); // it ended first
    const ended = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => resolve(code));
      child.once('error', () => resolve(null));
    });
    const lines = createInterface({ input: child.stdout });
    const served = new Promise<boolean>((resolve) => {
      lines.on('line', (line) => {
        const [, port] = /^READY (\d+)$/.exec(line) ?? [];
        if (port === undefined) return;
        this.port = Number(port);
        process.stdout.write(`SERVICE ${this.name} ${child.pid} ${port}\n`);
        resolve(true);
      });
      ended.then(() => resolve(false));
    });
    const late = setTimeout(() => child.kill('SIGKILL'), READY_TIMEOUT_MS);
    const ready = served.finally(() => clearTimeout(late));
    return { ready, ended };
  }
}
