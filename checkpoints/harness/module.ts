import { inject } from 'vitest';
import { CheckpointFailure } from './failure.ts';

/** Set by a host that brings the module itself, such as a page in a browser. */
type ModuleHost = { loadModule(file: string): Promise<unknown> };

declare global {
  var labModuleHost: ModuleHost | undefined;
}

/**
 * Loads the module under test.
 *
 * @param file name of the module's file in the target's folder, for example `framing.ts`.
 * @throws CheckpointFailure of kind `start` when it cannot be loaded, with the error of the loader.
 */
export async function loadModule<T>(file: string): Promise<T> {
  try {
    if (globalThis.labModuleHost) return (await globalThis.labModuleHost.loadModule(file)) as T;
    const target = inject('target');
    if (target.kind !== 'module') throw new Error(`target ${target.name} is a program; only a module can be loaded`);
    // Node's own loader, by a URL of its own for every version: an edited file is loaded anew.
    return (await import(/* @vite-ignore */ `file://${encodeURI(target.folder)}/${file}?v=${target.version}`)) as T;
  } catch (error) {
    throw new CheckpointFailure(
      {
        expected: `a module ${file} that can be loaded`,
        received: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        usually: 'a syntax error, an import that does not exist, or code at the top level that throws',
      },
      'start',
    );
  }
}
