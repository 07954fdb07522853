import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import { resolveTarget } from '../runner/target.ts';
import { attemptFolder } from './attempt.ts';
import { AttemptWatcher } from './attempt-watcher.ts';
import type { ExitCode } from './exit-code.ts';
import { Focus } from './focus.ts';
import { type ClientEnd, JudgeClient } from './judge-client.ts';
import { ModuleCopies } from './module-copy.ts';
import { Refusal } from './refusal.ts';
import { type Outcome, outcomeOf, outcomesOf } from './report.ts';

/** A run that is younger may still end sooner than a new judge could be started. */
const ABANDON_AFTER_MS = 700;

/** What somebody sees of a watch: a terminal draws text, a page of the workbook mode gets events. */
export interface WatchView {
  /** A run begins, because of `why`. */
  began(why: string): void;
  outcome(outcome: Outcome): void;
  /** The attempt cannot be made ready to run. */
  unchecked(reason: string, remedy: string): void;
  /** The checkpoints themselves broke. */
  broken(message: string): void;
  /**
   * The run is over.
   *
   * @param onlyRed the checkpoint that was red last was judged alone, and still is.
   */
  ended(outcomes: readonly Outcome[], onlyRed: string | undefined): void;
}

export type WatchEvent =
  | { readonly kind: 'save'; readonly file: string }
  | { readonly kind: 'again' }
  /** Something to do between two runs. */
  | { readonly kind: 'task'; readonly work: () => Promise<unknown> }
  | { readonly kind: 'end'; readonly code: ExitCode };

export interface WatchOptions {
  readonly placed: PlacedBuiltLab;
  readonly view: WatchView;
  /** Writes the verdicts of a run down. */
  readonly record: (outcomes: readonly Outcome[]) => void;
}

/** The loop of `watch`: waits for a save or something else to do, judges, tells its view. */
export class Watch implements Disposable {
  readonly #placed: PlacedBuiltLab;
  readonly #view: WatchView;
  readonly #record: (outcomes: readonly Outcome[]) => void;
  readonly #owned = new DisposableStack();
  readonly #judge: JudgeClient;
  readonly #copies: ModuleCopies;
  readonly #events: WatchEvent[] = [];
  #wake: () => void = () => {};
  #focus: Focus | undefined;
  #running: JudgeClient | Focus | undefined;
  #runningSince: number | undefined;
  #red: string | undefined;

  constructor({ placed, view, record }: WatchOptions) {
    this.#placed = placed;
    this.#view = view;
    this.#record = record;
    this.#judge = this.#owned.use(new JudgeClient({ lab: placed.lab.slug, stops: true, only: [] }));
    this.#copies = this.#owned.use(new ModuleCopies(placed.lab.slug));
    this.#owned.defer(() => this.#focus?.[Symbol.dispose]());
    this.#owned.use(new AttemptWatcher(attemptFolder(placed), (file) => this.receive({ kind: 'save', file })));
    // `process.exit` after a signal passes by every `using`.
    const onExit = () => this.#owned.dispose();
    process.once('exit', onExit);
    this.#owned.defer(() => process.off('exit', onExit));
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  /** The checkpoint that the last run left red. */
  get red(): string | undefined {
    return this.#red;
  }

  /** @param why the reason of the first run, which begins at once. */
  async run(why: string): Promise<ExitCode> {
    await this.#judgeOnce(why);
    for (;;) {
      const event = await this.#next();
      if (event.kind === 'save') await this.#judgeOnce(`${event.file} saved`);
      else if (event.kind === 'again') await this.#judgeOnce('once more');
      else if (event.kind === 'end') return event.code;
      else await event.work();
    }
  }

  receive(event: WatchEvent): void {
    const leaves = event.kind === 'end';
    if (leaves) this.#events.length = 0;
    // Of several saves during a run the last one stands for all.
    if (event.kind !== 'save' || !this.#events.some((waiting) => waiting.kind === 'save')) this.#events.push(event);
    this.#wake();
    if (this.#runningSince === undefined) return;
    const remainingMs = ABANDON_AFTER_MS - (performance.now() - this.#runningSince);
    if (leaves || (event.kind === 'save' && remainingMs <= 0)) this.#running?.abandon();
    else if (event.kind === 'save') this.#abandonIn(remainingMs, this.#runningSince);
  }

  #abandonIn(ms: number, run: number): void {
    setTimeout(() => {
      if (this.#runningSince === run) this.#running?.abandon();
    }, ms).unref();
  }

  async #next(): Promise<WatchEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event) return event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #judgeOnce(why: string): Promise<void> {
    this.#runningSince = performance.now();
    this.#red = undefined;
    const resolved = await resolveTarget(this.#placed, 'attempt');
    this.#view.began(why);
    if (!resolved.ok) {
      this.#runningSince = undefined;
      this.#view.unchecked(resolved.reason, resolved.remedy);
      return;
    }
    const target = this.#copies.refresh(resolved.target);
    const show = (result: CheckpointResult) => this.#view.outcome(outcomeOf(result));
    const focused = await this.#judgeFocus(target, show);
    const known = focused?.kind === 'complete' ? focused.results : [];
    const isOver = focused !== undefined && (known.length === 0 || known.some(({ verdict }) => verdict === 'failed'));
    const end = isOver ? focused : await this.#runSuite(target, show, known);
    this.#runningSince = undefined;
    if (end.kind === 'abandoned') return;
    if (end.kind === 'refused') throw new Refusal(end.message);
    if (end.kind === 'broken') {
      this.#view.broken(end.message);
      return;
    }
    const outcomes = outcomesOf(this.#placed.lab.checkpoints, end.results, true);
    this.#red = outcomes.find((outcome) => outcome.verdict === 'failed')?.id;
    this.#record(outcomes);
    this.#view.ended(outcomes, isOver ? this.#red : undefined);
    this.#focusOn(this.#red, target);
  }

  /** Judges the checkpoint that was red last, if its judge is ready. When it is green, the others have to say more. */
  async #judgeFocus(
    target: InjectedTarget,
    show: (result: CheckpointResult) => unknown,
  ): Promise<ClientEnd | undefined> {
    return this.#focus?.isWarm ? this.#runOn(this.#focus, (focus) => focus.run(target, show)) : undefined;
  }

  /** Judges the whole suite but for what is `known` already. */
  async #runSuite(
    target: InjectedTarget,
    show: (result: CheckpointResult) => unknown,
    known: readonly CheckpointResult[],
  ): Promise<ClientEnd> {
    const except = known.map(({ id }) => id);
    const end = await this.#runOn(this.#judge, (judge) => judge.run(target, show, except));
    return end.kind === 'complete' || end.kind === 'stuck' ? { ...end, results: [...known, ...end.results] } : end;
  }

  #runOn<J extends JudgeClient | Focus>(judge: J, run: (judge: J) => Promise<ClientEnd>): Promise<ClientEnd> {
    this.#running = judge;
    return run(judge);
  }

  #focusOn(id: string | undefined, target: InjectedTarget): void {
    if (id === undefined || id === this.#focus?.id) return;
    this.#focus?.[Symbol.dispose]();
    this.#focus = new Focus(this.#placed.lab.slug, id, target);
  }
}
