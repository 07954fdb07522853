import { CheckpointFailure } from '../../harness/failure.ts';

const NODE_GLOBALS = ['Buffer', 'process', 'require', 'global', 'setImmediate', 'clearImmediate'];

/**
 * Runs `work`, which must be synchronous, while the globals that a browser does not have are gone.
 *
 * @returns what it returns, or the failure that it ends with.
 */
export function withoutNodeGlobals<T>(work: () => T): T | CheckpointFailure {
  const taken = NODE_GLOBALS.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name] of taken) Reflect.deleteProperty(globalThis, name);
  try {
    return work();
  } catch (error) {
    if (error instanceof CheckpointFailure) return error;
    throw error;
  } finally {
    for (const [name, descriptor] of taken) if (descriptor) Object.defineProperty(globalThis, name, descriptor);
  }
}
