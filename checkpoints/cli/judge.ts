import type { Checkpoint, PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import { deadlineMs } from '../harness/deadline.ts';
import { type CheckpointResult, CheckpointRunner, CheckpointsBroken } from '../runner/run-checkpoints.ts';

/** How a run ended. */
export type RunEnd =
  | { readonly kind: 'complete'; readonly results: readonly CheckpointResult[]; readonly seed: number }
  /** The code under test kept the thread for itself. The last result says so; this judge cannot run again. */
  | { readonly kind: 'stuck'; readonly results: readonly CheckpointResult[]; readonly seed: number }
  /** The checkpoints themselves broke: a defect of the repository. This judge cannot run again. */
  | { readonly kind: 'broken'; readonly message: string }
  /** The environment asks for what cannot be: a `LAB_SEED` that is no seed. */
  | { readonly kind: 'refused'; readonly message: string };

export interface JudgeOptions {
  /** Stop at the first red checkpoint. */
  readonly stops: boolean;
  /** Only these. Empty: all. */
  readonly only: readonly string[];
  readonly onResult: (result: CheckpointResult) => void;
}

/**
 * A module runs in the judge's own thread, where an endless loop silences everything. No checkpoint of a module needs
 * a tenth of this. Programs have processes of their own and deadlines in the checkpoints.
 */
const MODULE_SILENCE_MS = 15_000;

/** Judges one lab, again and again, in this process. */
export class Judge {
  readonly #runner: CheckpointRunner;
  readonly #asked: readonly Checkpoint[];
  readonly #inbox: Inbox;
  readonly #stops: boolean;
  #target: InjectedTarget;

  private constructor(
    runner: CheckpointRunner,
    asked: readonly Checkpoint[],
    inbox: Inbox,
    options: { readonly stops: boolean; readonly target: InjectedTarget },
  ) {
    this.#runner = runner;
    this.#asked = asked;
    this.#inbox = inbox;
    this.#stops = options.stops;
    this.#target = options.target;
  }

  /** @throws RangeError when `LAB_SEED` is no seed. */
  static async open(placed: PlacedBuiltLab, target: InjectedTarget, options: JudgeOptions): Promise<Judge> {
    const { only, stops, onResult } = options;
    const inbox = new Inbox(onResult, stops);
    const job = { placed, target, ...(only.length > 0 ? { only } : {}) };
    const runner = await CheckpointRunner.open([job], {
      bail: stops,
      pool: 'warm-threads',
      onCheckpoint: (_job, result) => inbox.take(result),
      onConsole: (text) => process.stderr.write(text),
    });
    const asked = placed.lab.checkpoints.filter(({ id }) => only.length === 0 || only.includes(id));
    return new Judge(runner, asked, inbox, { stops, target });
  }

  /**
   * Judges `target`, which may be another one than the last time.
   *
   * @param except ids of checkpoints that need not be judged this time.
   */
  async run(target: InjectedTarget, except: readonly string[] = []): Promise<RunEnd> {
    if (target !== this.#target) this.#runner.provideAgain(() => target);
    this.#target = target;
    this.#inbox.begin();
    const { seed } = this.#runner;
    try {
      const silence = target.kind === 'module' ? this.#inbox.silence(deadlineMs(MODULE_SILENCE_MS)) : undefined;
      const ended = await Promise.race([this.#judgeAll(except), ...(silence ? [silence] : [])]);
      if (ended !== 'silent') return { kind: 'complete', results: this.#inbox.results, seed };
      const stuck = stuckResult(this.#asked, this.#inbox.results);
      if (stuck) this.#inbox.take(stuck);
      return { kind: 'stuck', results: this.#inbox.results, seed };
    } catch (error) {
      if (error instanceof CheckpointsBroken) return { kind: 'broken', message: error.message };
      throw error;
    } finally {
      this.#inbox.end();
      this.#runner.prepare();
    }
  }

  async #judgeAll(except: readonly string[]): Promise<void> {
    this.#runner.leaveOut(except);
    await this.#runner.run();
    for (const id of this.#lost(except)) {
      this.#runner.prepare();
      this.#runner.leaveOut(this.#asked.flatMap((other) => (other.id === id ? [] : [other.id])));
      await this.#runner.run();
    }
  }

  /**
   * Checkpoints that have no result though no red one explains it. Where several that run side by side turn red in the
   * same moment, each makes Vitest stop the others, and it tells of none.
   */
  *#lost(except: readonly string[]): Generator<string> {
    if (!this.#stops) return;
    for (const { id } of this.#asked) {
      const { results } = this.#inbox;
      if (results.some(({ verdict }) => verdict === 'failed')) return;
      if (!except.includes(id) && !results.some((result) => result.id === id)) yield id;
    }
  }
}

/** Collects the results of a run and notices when none come. */
class Inbox {
  results: CheckpointResult[] = [];
  readonly #onResult: (result: CheckpointResult) => void;
  readonly #stops: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(onResult: (result: CheckpointResult) => void, stops: boolean) {
    this.#onResult = onResult;
    this.#stops = stops;
  }

  begin(): void {
    this.results = [];
  }

  take(result: CheckpointResult): void {
    this.#timer?.refresh();
    if (this.results.some((known) => known.id === result.id)) return;
    // Those that ran beside the first red one end after it. To somebody who stops there they were not reached.
    if (this.#stops && this.results.some(({ verdict }) => verdict === 'failed')) return;
    this.results.push(result);
    this.#onResult(result);
  }

  silence(limitMs: number): Promise<'silent'> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(() => resolve('silent'), limitMs);
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** The checkpoint that never answered: the first that was asked for and has no result. */
function stuckResult(asked: readonly Checkpoint[], results: readonly CheckpointResult[]): CheckpointResult | undefined {
  const checkpoint = asked.find(({ id }) => !results.some((result) => result.id === id));
  if (!checkpoint) return undefined;
  return {
    id: checkpoint.id,
    sentence: checkpoint.sentence,
    verdict: 'failed',
    durationMs: MODULE_SILENCE_MS,
    failure: {
      kind: 'assertion',
      expected: 'an answer',
      received: `none within ${MODULE_SILENCE_MS / 1000} seconds, while your code kept the thread busy`,
      usually: 'an endless loop: a step that consumes nothing, so that its condition never changes',
    },
  };
}
