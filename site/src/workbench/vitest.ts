/**
 * What `vitest` is in a worker: Vitest's own, of which a bundler keeps what the checkpoints use. Only `inject` is taken
 * from here, as its place in Vitest brings the assertions and the fake timers with it: 50 KB more to load.
 */
export * from 'vitest';

/** The value that was provided under a key, as in Vitest. */
export function inject(key: string): unknown {
  return workerState().providedContext[key];
}

/** The part of Vitest's worker state that is used here. */
export interface WorkerState {
  readonly providedContext: Record<string, unknown>;
  readonly config: object;
  readonly ctx: { readonly pool: string; readonly concurrencyId: number; readonly workerId: number };
}

export function workerState(): WorkerState {
  return (globalThis as unknown as { __vitest_worker__: WorkerState }).__vitest_worker__;
}
