import { cpSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import { cacheFolder } from '../runner/repository.ts';
import { isWritten } from './attempt.ts';

/**
 * Copies of a module under watch, one for each save. Node keeps every module that it has loaded under its URL for the
 * life of a thread; the entry gets a new URL at each run, but the files it imports would stay as they were first seen.
 */
export class ModuleCopies implements Disposable {
  readonly #folder: string;
  #count = 0;

  constructor(lab: string) {
    this.#folder = join(cacheFolder, 'watch', `${lab}-${process.pid}`);
  }

  /** The target with a fresh copy of its folder; the copy before it is removed. A program is its own process: as it is. */
  refresh(target: InjectedTarget): InjectedTarget {
    if (target.kind !== 'module') return target;
    const previous = join(this.#folder, String(this.#count));
    this.#count += 1;
    const folder = join(this.#folder, String(this.#count));
    cpSync(target.folder, folder, { recursive: true, filter: (path) => isWritten(basename(path)) });
    rmSync(previous, { recursive: true, force: true });
    return { ...target, folder };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
