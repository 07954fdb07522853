import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import type { RunEnd } from './judge.ts';

/** Asks for one run. */
export interface ToJudge {
  readonly lab: string;
  readonly target: InjectedTarget;
  /** Stop at the first red checkpoint. The first run decides for all. */
  readonly stops: boolean;
  /** Only these checkpoints. Empty: all. The first run decides for all. */
  readonly only: readonly string[];
  /** Not these, which have been judged already. */
  readonly except: readonly string[];
}

export type FromJudge =
  | { readonly kind: 'result'; readonly result: CheckpointResult }
  | { readonly kind: 'end'; readonly end: RunEnd };

/** `abandoned`: `abandon` was called, or the client was disposed. */
export type ClientEnd = RunEnd | { readonly kind: 'abandoned' };

interface Run {
  readonly onResult: (result: CheckpointResult) => void;
  readonly settle: (end: ClientEnd) => void;
}

/** Our end of a judge in a process of its own, kept warm between runs. */
export class JudgeClient implements Disposable {
  readonly #job: Omit<ToJudge, 'target' | 'except'>;
  #child: ChildProcess;
  #run: Run | undefined;
  #used = false;

  /** Starts the process at once: it loads while the target is made ready. */
  constructor(job: Omit<ToJudge, 'target' | 'except'>) {
    this.#job = job;
    this.#child = this.#start();
  }

  /** Judges `target` once. One run at a time. */
  async run(
    target: InjectedTarget,
    onResult: (result: CheckpointResult) => void,
    except: readonly string[] = [],
  ): Promise<ClientEnd> {
    this.#used = true;
    const ended = new Promise<ClientEnd>((settle) => {
      this.#run = { onResult, settle };
    });
    this.#child.send({ ...this.#job, target, except } satisfies ToJudge);
    const end = await ended;
    this.#run = undefined;
    if (end.kind === 'stuck' || end.kind === 'broken') this.#replace();
    return end;
  }

  /** Ends the run under way, which a later save has overtaken. */
  abandon(): void {
    const run = this.#run;
    this.#run = undefined;
    if (this.#used) this.#replace();
    run?.settle({ kind: 'abandoned' });
  }

  [Symbol.dispose](): void {
    const run = this.#run;
    this.#run = undefined;
    this.#child.removeAllListeners();
    this.#child.kill('SIGKILL');
    run?.settle({ kind: 'abandoned' });
  }

  #start(): ChildProcess {
    const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    const child = spawn(process.execPath, [here('node-24.mjs'), here('judge-process.ts')], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (message: FromJudge) => {
      if (child !== this.#child) return;
      if (message.kind === 'result') this.#run?.onResult(message.result);
      else this.#run?.settle(message.end);
    });
    child.on('exit', (code, signal) => {
      if (child !== this.#child) return;
      this.#run?.settle({
        kind: 'broken',
        message: `the judging process ended by itself (${signal ?? `exit ${code}`})`,
      });
    });
    child.on('error', (error) => this.#run?.settle({ kind: 'broken', message: error.message }));
    return child;
  }

  #replace(): void {
    const old = this.#child;
    this.#used = false;
    this.#child = this.#start();
    old.kill('SIGKILL');
  }
}
