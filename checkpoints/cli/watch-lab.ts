import { relative } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { attemptFolder, isStarted } from './attempt.ts';
import { awaitServices } from './await-services.ts';
import type { CommandArguments, CommandContext } from './command.ts';
import { isBegun } from './course-state.ts';
import { describeDefect, renderDefect } from './defect.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { selectLab } from './find-lab.ts';
import { giveHint } from './give-hint.ts';
import { type Key, Keyboard } from './keyboard.ts';
import { paint } from './look.ts';
import { onwardAfter } from './onward.ts';
import { renderUnchecked } from './outcome-view.ts';
import { Refusal } from './refusal.ts';
import { countingLine, countOutcomes, type Outcome } from './report.ts';
import { outcomeView, recordVerdicts, spaced } from './test-lab.ts';
import { Watch, type WatchEvent, type WatchView } from './watch.ts';
import { clip } from './wrap-text.ts';

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
  const isInteractive = context.out.isTerminal && process.stdin.isTTY === true;
  using watch = new Watch({
    placed,
    view: new TextView(context, placed, isInteractive),
    record: (outcomes) => recordVerdicts(context, placed, outcomes),
  });
  const onKey = (key: Key) => watch.receive(eventOf(key, watch, context, slug));
  using keyboard = isInteractive ? new Keyboard(process.stdin, onKey) : undefined;
  // `process.exit` after a signal passes by every `using`.
  process.once('exit', () => keyboard?.[Symbol.dispose]());
  // Awaited here: returned as it is, the promise would outlive what it uses.
  return await watch.run(`watching ${relative(repository, attemptFolder(placed))}/`);
}

function eventOf(key: Key, watch: Watch, context: CommandContext, slug: string): WatchEvent {
  if (key === 'quit') return { kind: 'end', code: exitCode.green };
  if (key === 'interrupt') return { kind: 'end', code: exitCode.interrupted };
  if (key === 'again') return { kind: 'again' };
  const hint = () => giveHint(context, { positionals: [slug, ...(watch.red ? [watch.red] : [])], flags: {} });
  return { kind: 'task', work: hint };
}

/** A watch as a terminal shows it, or a pipe. */
class TextView implements WatchView {
  readonly #context: CommandContext;
  readonly #placed: PlacedBuiltLab;
  readonly #isInteractive: boolean;

  constructor(context: CommandContext, placed: PlacedBuiltLab, isInteractive: boolean) {
    this.#context = context;
    this.#placed = placed;
    this.#isInteractive = isInteractive;
  }

  began(why: string): void {
    const { out } = this.#context;
    const time = new Date().toLocaleTimeString('en-GB');
    const line = paint(out.look, 'quiet', clip(`${time}  ${this.#placed.lab.slug}, ${why}`, out.look.width));
    out.write(`${this.#isInteractive ? CLEAR_SCREEN : '\n'}${line}\n\n`);
  }

  outcome(outcome: Outcome): void {
    this.#context.out.write(spaced(outcome, outcomeView(this.#placed, this.#context)));
  }

  unchecked(reason: string, remedy: string): void {
    const { out } = this.#context;
    out.write(renderUnchecked(`${this.#placed.lab.slug}, your attempt`, reason, remedy, out.look));
    out.write(this.#keys());
  }

  broken(message: string): void {
    const { out, err } = this.#context;
    err.write(renderDefect(describeDefect(message), err.look));
    out.write(this.#keys());
  }

  ended(outcomes: readonly Outcome[], onlyRed: string | undefined): void {
    const closing =
      onlyRed === undefined ? this.#closing(outcomes) : `${onlyRed} is red; the others were not judged.\n`;
    this.#context.out.write(`${closing}${this.#keys()}`);
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
    return `${gap}${countingLine(outcomes)}\n${onward}`;
  }

  #keys(): string {
    if (!this.#isInteractive) return '';
    return `\n${paint(this.#context.out.look, 'quiet', 'Enter judges again · h hint · q quits')}\n`;
  }
}
