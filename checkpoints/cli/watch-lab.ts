import { relative } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import { repository } from '../runner/repository.ts';
import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import { resolveTarget } from '../runner/target.ts';
import { attemptFolder, isStarted } from './attempt.ts';
import { AttemptWatcher } from './attempt-watcher.ts';
import { awaitServices } from './await-services.ts';
import type { CommandArguments, CommandContext } from './command.ts';
import { isBegun } from './course-state.ts';
import { describeDefect, renderDefect } from './defect.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { selectLab } from './find-lab.ts';
import { Focus } from './focus.ts';
import { giveHint } from './give-hint.ts';
import { type ClientEnd, JudgeClient } from './judge-client.ts';
import { type Key, Keyboard } from './keyboard.ts';
import { paint } from './look.ts';
import { ModuleCopies } from './module-copy.ts';
import { onwardAfter } from './onward.ts';
import { renderUnchecked } from './outcome-view.ts';
import { Refusal } from './refusal.ts';
import { countingLine, countOutcomes, type Outcome, outcomeOf, outcomesOf } from './report.ts';
import { outcomeView, recordVerdicts, spaced } from './test-lab.ts';
import { clip } from './wrap-text.ts';

/** A run that is younger may still end sooner than a new judge could be started. */
const ABANDON_AFTER_MS = 700;
const CLEAR_SCREEN = '\x1b[2J\x1b[3J\x1b[H';

export async function watchLab(context: CommandContext, { positionals }: CommandArguments): Promise<ExitCode> {
  const { placed } = selectLab(context.course, 'watch', positionals);
  const { slug } = placed.lab;
  if (!isStarted(placed)) {
    throw new Refusal(`You have not started ${slug}, so there is nothing to watch.`, {
      next: [`npm run lab start ${slug}`],
    });
  }
  // Before the keyboard is ours: there may be a question to answer.
  await awaitServices(placed, context.err);
  using watch = new Watch(context, placed);
  // Awaited here: returned as it is, the promise would outlive what it uses.
  return await watch.run();
}

type WatchEvent = { readonly kind: 'save'; readonly file: string } | { readonly kind: 'key'; readonly key: Key };

/** The loop of `watch`: waits for a save or a key, judges, shows. */
class Watch implements Disposable {
  readonly #context: CommandContext;
  readonly #placed: PlacedBuiltLab;
  readonly #owned = new DisposableStack();
  readonly #judge: JudgeClient;
  readonly #copies: ModuleCopies;
  readonly #isInteractive: boolean;
  readonly #events: WatchEvent[] = [];
  #wake: () => void = () => {};
  #focus: Focus | undefined;
  #running: JudgeClient | Focus | undefined;
  #runningSince: number | undefined;
  #red: string | undefined;

  constructor(context: CommandContext, placed: PlacedBuiltLab) {
    this.#context = context;
    this.#placed = placed;
    this.#isInteractive = context.out.isTerminal && process.stdin.isTTY === true;
    this.#judge = this.#owned.use(new JudgeClient({ lab: placed.lab.slug, stops: true, only: [] }));
    this.#copies = this.#owned.use(new ModuleCopies(placed.lab.slug));
    this.#owned.defer(() => this.#focus?.[Symbol.dispose]());
    this.#owned.use(new AttemptWatcher(attemptFolder(placed), (file) => this.#receive({ kind: 'save', file })));
    if (this.#isInteractive) this.#owned.use(new Keyboard(process.stdin, (key) => this.#receive({ kind: 'key', key })));
    // `process.exit` after a signal passes by every `using`.
    const onExit = () => this.#owned.dispose();
    process.once('exit', onExit);
    this.#owned.defer(() => process.off('exit', onExit));
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  async run(): Promise<ExitCode> {
    await this.#judgeOnce(`watching ${relative(repository, attemptFolder(this.#placed))}/`);
    for (;;) {
      const event = await this.#next();
      if (event.kind === 'save') await this.#judgeOnce(`${event.file} saved`);
      else if (event.key === 'quit') return exitCode.green;
      else if (event.key === 'interrupt') return exitCode.interrupted;
      else if (event.key === 'again') await this.#judgeOnce('once more');
      else
        await giveHint(this.#context, {
          positionals: [this.#placed.lab.slug, ...(this.#red ? [this.#red] : [])],
          flags: {},
        });
    }
  }

  #receive(event: WatchEvent): void {
    const leaves = event.kind === 'key' && (event.key === 'quit' || event.key === 'interrupt');
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
    const { out, err } = this.#context;
    const { slug, checkpoints } = this.#placed.lab;
    this.#runningSince = performance.now();
    this.#red = undefined;
    const resolved = await resolveTarget(this.#placed, 'attempt');
    out.write(this.#heading(why));
    if (!resolved.ok) {
      this.#runningSince = undefined;
      out.write(renderUnchecked(`${slug}, your attempt`, resolved.reason, resolved.remedy, out.look));
      out.write(this.#keys());
      return;
    }
    const view = outcomeView(this.#placed, this.#context);
    const target = this.#copies.refresh(resolved.target);
    const show = (result: CheckpointResult) => out.write(spaced(outcomeOf(result), view));
    const focused = await this.#judgeFocus(target, show);
    const known = focused?.kind === 'complete' ? focused.results : [];
    const isOver = focused !== undefined && (known.length === 0 || known.some(({ verdict }) => verdict === 'failed'));
    const end = isOver ? focused : await this.#runSuite(target, show, known);
    this.#runningSince = undefined;
    if (end.kind === 'abandoned') return;
    if (end.kind === 'refused') throw new Refusal(end.message);
    if (end.kind === 'broken') {
      err.write(renderDefect(describeDefect(end.message), err.look));
      out.write(this.#keys());
      return;
    }
    const outcomes = outcomesOf(checkpoints, end.results, true);
    this.#red = outcomes.find((outcome) => outcome.verdict === 'failed')?.id;
    out.write(isOver ? this.#closingFocus() : this.#closing(outcomes));
    recordVerdicts(this.#context, this.#placed, outcomes);
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

  #heading(why: string): string {
    const { look } = this.#context.out;
    const time = new Date().toLocaleTimeString('en-GB');
    const line = paint(look, 'quiet', clip(`${time}  ${this.#placed.lab.slug}, ${why}`, look.width));
    return `${this.#isInteractive ? CLEAR_SCREEN : '\n'}${line}\n\n`;
  }

  #closingFocus(): string {
    return `${this.#red} is red; the others were not judged.\n${this.#keys()}`;
  }

  #closing(outcomes: readonly Outcome[]): string {
    const { course, out } = this.#context;
    const counts = countOutcomes(outcomes);
    const gap = counts.failed + counts.couldNotCheck > 0 ? '' : '\n';
    const isGreen = counts.passed === outcomes.length;
    const begun = (lab: PlacedBuiltLab) => isBegun(lab, this.#context.err);
    const onward = isGreen
      ? onwardAfter({ course, placed: this.#placed, outcomes, named: [], look: out.look, isBegun: begun })
      : '';
    return `${gap}${countingLine(outcomes)}\n${onward}${this.#keys()}`;
  }

  #keys(): string {
    if (!this.#isInteractive) return '';
    return `\n${paint(this.#context.out.look, 'quiet', 'Enter judges again · h hint · q quits')}\n`;
  }
}
