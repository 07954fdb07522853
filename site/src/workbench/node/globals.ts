import { NodeBuffer } from './buffer.ts';
import { Turns } from './turns.ts';

/**
 * The globals that code finds in Node and not in a browser, so that a module which uses one gets the verdict that the
 * command line gives. A worker cannot tell what the heap holds: it is noted who asks for that.
 */
export class NodeGlobals {
  /** Called when something asks for what only Node can measure. */
  onHeapAsked: () => void = () => {};
  /** Sends a signal to a program that the checkpoints have started. */
  onKill: (pid: number, signal: string) => void = () => {};

  install(): void {
    const heap = () => {
      this.onHeapAsked();
      return undefined;
    };
    const process = {
      env: {},
      argv: ['node'],
      platform: 'browser',
      version: '',
      versions: {},
      cwd: () => '/',
      nextTick: (work: (...given: unknown[]) => void, ...given: unknown[]) => queueMicrotask(() => work(...given)),
      hrtime: { bigint: () => BigInt(Math.round(performance.now() * 1e6)) },
      on: () => process,
      once: () => process,
      off: () => process,
      emitWarning: () => {},
      kill: (pid: number, signal: string) => this.onKill(pid, signal),
    };
    // As properties that are looked at, they are undefined: whoever measures finds nothing to measure with.
    for (const name of ['getBuiltinModule', 'memoryUsage']) Object.defineProperty(process, name, { get: heap });
    const globals: Record<string, unknown> = {
      process,
      Buffer: NodeBuffer,
      global: globalThis,
      setImmediate,
      clearImmediate,
    };
    for (const [name, value] of Object.entries(globals)) {
      // Deletable, as a checkpoint may look whether a module does without them.
      Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
    }
  }
}

/** Of the loop that the checkpoints run in. */
export const turns = new Turns();

export function setImmediate(work: (...given: unknown[]) => void, ...given: unknown[]): () => void {
  return turns.next(() => work(...given));
}

function clearImmediate(cancel: unknown): void {
  if (typeof cancel === 'function') cancel();
}
