import type { RunRequest, WorkerMessage } from './protocol.ts';

/** A worker that gives no sign of life for so long is in a loop. */
const SILENCE_MS = 5_000;
/** After a sleep of the machine, what came meanwhile is heard first. */
const GRACE_MS = 300;

export interface RunWatcher {
  onMessage(message: WorkerMessage): void;
  /** The worker has been ended, as nothing was heard of it for so long. */
  onSilence(silenceMs: number): void;
}

export interface Run {
  /** Ends it without a word to the watcher. */
  cancel(): void;
}

/**
 * Runs checkpoints in workers, one for each run, so that nothing which a run leaves behind reaches the next. The next
 * worker is started ahead: loading Vitest takes longer than most checkpoints do.
 */
export class Judge {
  readonly #lab: string;
  readonly #patience: number;
  readonly #silenceMs: number;
  #spare: Worker | undefined;

  /** @param patience how many times as long a worker may be silent, for a slow machine. Default 1. */
  constructor(lab: string, patience = 1) {
    this.#lab = lab;
    this.#patience = patience;
    this.#silenceMs = SILENCE_MS * patience;
  }

  /** Starts the worker of the next run, if there is none yet. */
  prepare(): void {
    this.#spare ??= this.#start();
  }

  run(request: Omit<RunRequest, 'kind'>, watcher: RunWatcher): Run {
    const worker = this.#spare ?? this.#start();
    this.#spare = undefined;
    let timer: ReturnType<typeof setTimeout>;
    const end = () => {
      clearTimeout(timer);
      worker.onmessage = null;
      worker.onerror = null;
      worker.terminate();
    };
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = setTimeout(() => {
          end();
          this.prepare();
          watcher.onSilence(this.#silenceMs);
        }, GRACE_MS);
      }, this.#silenceMs - GRACE_MS);
    };
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      // Loading may take long, and is no loop.
      if (data.kind !== 'ready') listen();
      if (data.kind === 'end' || data.kind === 'syntax' || data.kind === 'broken') {
        end();
        this.prepare();
      }
      watcher.onMessage(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end();
      watcher.onMessage({ kind: 'broken', message: event.message || 'the worker could not be loaded' });
    };
    worker.postMessage({ kind: 'run', ...request } satisfies RunRequest);
    return { cancel: end };
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      type: 'module',
      name: `${this.#lab} ${this.#patience}`,
    });
    // A spare that breaks while nobody listens is found out by trying once more when it is wanted.
    const drop = () => {
      if (this.#spare === worker) this.#spare = undefined;
    };
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (data.kind === 'broken') drop();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      drop();
    };
    return worker;
  }
}
