import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from '../../harness/deadline.ts';
import { releaseGroup, watchGroup } from '../../harness/reaper.ts';
import type { Env } from './queues.ts';

export interface WorkerEvent {
  readonly event: 'got' | 'done';
  readonly id: string;
  readonly atMs: number;
}

const WORKER = join(import.meta.dirname, 'worker.ts');
const EVENT_WITHIN_MS = 60_000;

/** A worker in a process of its own, and all that it has told. Disposal kills it. */
export class WorkerProcess implements AsyncDisposable {
  readonly events: WorkerEvent[] = [];
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  readonly #listeners = new Set<() => void>();
  #ready = false;

  /** Does not wait until it is ready. */
  constructor(env: Env) {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    // What a client's own library warns of is no figure.
    const whole = { ...process.env, NODE_NO_WARNINGS: '1', ...env };
    this.#child = spawn(process.execPath, [WORKER], { env: whole, detached: true, stdio: [...stdio] });
    const { pid, stdout } = this.#child;
    if (pid === undefined || stdout === null) throw new Error('the worker could not be started');
    watchGroup(pid);
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', () => {
        releaseGroup(pid);
        resolve();
      });
    });
    createInterface({ input: stdout }).on('line', (line) => {
      const told = JSON.parse(line) as WorkerEvent | { readonly event: 'ready' };
      if (told.event === 'ready') this.#ready = true;
      else this.events.push(told);
      for (const listener of this.#listeners) listener();
    });
  }

  ready(): Promise<void> {
    return this.#until(() => this.#ready, 'is not ready');
  }

  /** Resolves when it has told this of so many ids. */
  async count(event: WorkerEvent['event'], ids: number): Promise<void> {
    await this.#until(() => this.ids(event).size >= ids, `has told "${event}" of fewer than ${ids}`);
  }

  ids(event: WorkerEvent['event']): Set<string> {
    return new Set(this.events.filter((each) => each.event === event).map(({ id }) => id));
  }

  signal(name: 'SIGKILL' | 'SIGSTOP'): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  async #until(holds: () => boolean, otherwise: string): Promise<void> {
    let look = () => {};
    const held = new Promise<void>((resolve) => {
      look = () => {
        if (holds()) resolve();
      };
      this.#listeners.add(look);
      look();
    });
    try {
      await within(held, EVENT_WITHIN_MS, () => new Error(`a worker ${otherwise} within ${EVENT_WITHIN_MS} ms`));
    } finally {
      this.#listeners.delete(look);
    }
  }
}
