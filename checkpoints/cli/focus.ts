import type { InjectedTarget } from '../harness/checkpoint.ts';
import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import { type ClientEnd, JudgeClient } from './judge-client.ts';

/**
 * A judge for one checkpoint alone: the one that was red last. It is what the learner works on, so it answers first,
 * however many stand before it; the whole suite follows once it is green.
 */
export class Focus implements Disposable {
  readonly id: string;
  readonly #judge: JudgeClient;
  #isWarm = false;

  /** Starts its process and lets it judge `target` once, unseen: a first run takes far longer than those after it. */
  constructor(lab: string, id: string, target: InjectedTarget) {
    this.id = id;
    this.#judge = new JudgeClient({ lab, stops: true, only: [id] });
    void this.#judge
      .run(target, () => {})
      .then((end) => {
        this.#isWarm = end.kind === 'complete';
      });
  }

  /** Whether it answers sooner than the whole suite would. */
  get isWarm(): boolean {
    return this.#isWarm;
  }

  run(target: InjectedTarget, onResult: (result: CheckpointResult) => void): Promise<ClientEnd> {
    return this.#judge.run(target, onResult);
  }

  /** Ends the run under way. */
  abandon(): void {
    this.#judge.abandon();
  }

  [Symbol.dispose](): void {
    this.#judge[Symbol.dispose]();
  }
}
