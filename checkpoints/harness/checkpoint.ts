import { inject, test } from 'vitest';
import { CheckpointFailure } from './failure.ts';
import type { ServiceAddresses } from './service.ts';
import { targetUnderTest } from './target-under-test.ts';
import { lackToNote, Unavailable } from './unavailable.ts';

/** What is under test, as the runner hands it to the worker. Plain data: it crosses into a worker. */
export type InjectedTarget =
  | {
      readonly kind: 'program';
      readonly name: string;
      /** Started without a shell, or, as one string, by the shell. */
      readonly command: readonly string[] | string;
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      readonly services?: ServiceAddresses;
    }
  | {
      readonly kind: 'module';
      readonly name: string;
      /** Absolute path of the folder that holds the module. */
      readonly folder: string;
      /** Changes with every run, so that an edited module is loaded anew. */
      readonly version: string;
      readonly services?: ServiceAddresses;
    };

declare module 'vitest' {
  interface ProvidedContext {
    /** Ids of checkpoints that have been judged already, and are left out of this run. */
    except: readonly string[];
    /** Base of every random choice of this run; printed when a checkpoint fails. */
    seed: number;
  }
}

export interface CheckpointContext {
  readonly target: InjectedTarget;
  /** A whole number from 0 to 2³² − 1. A failure prints it; `LAB_SEED=<n>` repeats it. */
  readonly seed: number;
  /** Aborted when the checkpoint's time is up. */
  readonly signal: AbortSignal;
}

export interface CheckpointOptions {
  /** The whole checkpoint's time. Every step inside has a shorter deadline of its own. */
  readonly timeoutMs?: number;
  /** It starts what it judges, or waits for it: it may run beside its neighbours that say so, too. Default false. */
  readonly concurrent?: boolean;
}

/** Long, because a busy machine is no reason to fail; the steps inside have their own deadlines. */
const CHECKPOINT_TIMEOUT_MS = 60_000;

/**
 * Declares one checkpoint. The test is named `<id>: <sentence>`; `verify` holds both against the manifest.
 *
 * @param id as in the manifest.
 * @param sentence what the target does, as a whole sentence.
 * @param judge throws a `CheckpointFailure` (see `fail`, `check`) when it does not, and `Unavailable` when this machine
 *   lacks what it needs to tell.
 */
export function checkpoint(
  id: string,
  sentence: string,
  judge: (context: CheckpointContext) => Promise<void> | void,
  options: CheckpointOptions = {},
): void {
  const { timeoutMs: timeout = CHECKPOINT_TIMEOUT_MS, concurrent = false } = options;
  test(`${id}: ${sentence}`, { timeout, concurrent }, async ({ signal, skip }) => {
    if (inject('except').includes(id)) skip();
    const target = targetUnderTest();
    const seed = inject('seed');
    try {
      await judge({ target, seed, signal });
    } catch (error) {
      if (error instanceof Unavailable) skip(lackToNote(error.lack));
      throw withSeed(error, seed);
    }
  });
}

function withSeed(error: unknown, seed: number): unknown {
  if (!(error instanceof CheckpointFailure)) return error;
  const { kind, ...text } = error.report;
  return new CheckpointFailure({ ...text, details: [...(text.details ?? []), `seed ${seed}`] }, kind);
}
