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
  /** Counts runs and what ended them: a run whose turn has passed does not begin. */
  #turn = 0;
  /** Resolves when the judge can run again. */
  #tidied: Promise<void> = Promise.resolve();

  /** Starts its process and lets it judge `target` once, unseen: a first run takes far longer than those after it. */
  constructor(lab: string, id: string, target: InjectedTarget) {
    this.id = id;
    this.#judge = new JudgeClient({ lab, stops: true, only: [id] });
    void this.#judge
      .run(target, () => {})
      .then((end) => {
        this.#isWarm = end.kind === 'complete';
        this.prepare();
      });
  }

  /** Whether it answers sooner than the whole suite would. */
  get isWarm(): boolean {
    return this.#isWarm;
  }

  /** @returns the verdict as soon as it is known; the judge tidies up by itself. */
  async run(target: InjectedTarget): Promise<CheckpointResult | ClientEnd> {
    const turn = ++this.#turn;
    await this.#tidied;
    // Overtaken while the run before it was still being tidied up.
    if (turn !== this.#turn) return { kind: 'abandoned' };
    return new Promise((resolve) => {
      this.#tidied = this.#judge.run(target, resolve).then(resolve);
    });
  }

  /** Nobody waits for a while: the judge can get ready for the next run. */
  prepare(): void {
    void this.#tidied.then(() => this.#judge.prepare());
  }

  /** Ends the run under way. */
  abandon(): void {
    this.#turn += 1;
    this.#judge.abandon();
  }

  [Symbol.dispose](): void {
    this.#judge[Symbol.dispose]();
  }
}
