import { inject } from 'vitest';
import type { InjectedTarget } from './checkpoint.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where one worker judges one target. */
    target: InjectedTarget;
    /** Where workers judge several targets, each one after the other. */
    targets?: readonly InjectedTarget[];
  }
}

let chosen: InjectedTarget | undefined;

/** What is under test. */
export function targetUnderTest(): InjectedTarget {
  return chosen ?? inject('target');
}

/** Called before the checkpoints that judge it are loaded, in a worker that judges several. */
export function chooseTarget(index: number): void {
  chosen = inject('targets')?.[index];
  if (!chosen) throw new Error(`no target ${index} was provided`);
}
