import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PoolOptions, PoolRunnerInitializer, PoolWorker, WorkerRequest } from 'vitest/node';

/**
 * Vitest's pool of threads, with the next thread always started ahead: loading Vitest into a thread takes longer than
 * most checkpoints do. For a runner that judges the same lab again and again, one run at a time.
 */
export class WarmThreads implements AsyncDisposable {
  #spare: Worker | undefined;
  #start: (() => Worker) | undefined;
  #disposed = false;

  /** For `pool` of a Vitest project. */
  readonly pool: PoolRunnerInitializer = {
    name: 'warm-threads',
    createPoolWorker: (options) => new WarmThread(options, this),
  };

  /** The thread that was started ahead, or a new one. */
  take(start: () => Worker): Worker {
    const worker = this.#spare ?? start();
    this.#spare = undefined;
    worker.ref();
    return worker;
  }

  /** What the next thread is started with. */
  remember(start: () => Worker): void {
    this.#start = start;
  }

  /** Starts the next thread, if there is time for it: loading it takes a core for a while. It keeps no process alive. */
  refill(): void {
    if (this.#disposed || this.#spare || !this.#start) return;
    const spare = this.#start();
    spare.unref();
    // A thread that cannot start is found out by the run that would have taken it.
    spare.once('error', () => {
      if (this.#spare === spare) this.#spare = undefined;
    });
    this.#spare = spare;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#spare?.terminate();
    this.#spare = undefined;
  }
}

class WarmThread implements PoolWorker {
  readonly name = 'threads';
  readonly #options: PoolOptions;
  readonly #threads: WarmThreads;
  #worker: Worker | undefined;

  constructor(options: PoolOptions, threads: WarmThreads) {
    this.#options = options;
    this.#threads = threads;
  }

  start(): Promise<void> {
    this.#worker ??= this.#threads.take(() => this.#startThread());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
    this.#threads.remember(() => this.#startThread());
  }

  on(event: string, callback: (...args: unknown[]) => void): void {
    this.#worker?.on(event, callback);
  }

  off(event: string, callback: (...args: unknown[]) => void): void {
    this.#worker?.off(event, callback);
  }

  send(message: WorkerRequest): void {
    this.#worker?.postMessage(message);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  #startThread(): Worker {
    const { distPath, env, execArgv } = this.#options;
    // As Vitest's own pool starts it; what it has to say comes by messages.
    return new Worker(join(distPath, 'workers/threads.js'), { env, execArgv, stdout: true, stderr: true });
  }
}
