import type { Checkpoint, PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import type { ResolvedTarget, TargetName } from '../runner/target.ts';
import { isStarted } from './attempt.ts';
import { awaitServices } from './await-services.ts';
import type { CommandArguments, CommandContext } from './command.ts';
import { isBegun } from './course-state.ts';
import { describeDefect, renderDefect } from './defect.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { type Selection, selectLab } from './find-lab.ts';
import { JudgeClient } from './judge-client.ts';
import type { Look } from './look.ts';
import { onwardAfter } from './onward.ts';
import { type OutcomeView, renderOutcome, renderUnchecked } from './outcome-view.ts';
import { withVerdicts } from './progress.ts';
import { updateProgress } from './progress-file.ts';
import { readingOf } from './reading.ts';
import { Refusal } from './refusal.ts';
import { countingLine, countOutcomes, exitCodeOf, type Outcome, outcomeOf, outcomesOf } from './report.ts';
import { closest } from './suggestion.ts';
import { today } from './timestamp.ts';
import { wrapText } from './wrap-text.ts';

export async function testLab(context: CommandContext, { positionals, flags }: CommandArguments): Promise<ExitCode> {
  const selection = selectLab(context.course, 'test', positionals);
  const { placed, named } = selection;
  const { slug } = placed.lab;
  const stops = flags.all !== true;
  const asked = named.length > 0 ? named : placed.lab.checkpoints;
  using judge = new JudgeClient({ lab: slug, stops, only: named.map(({ id }) => id) });
  const resolved = await targetOf(placed, flags, context);
  const isJson = flags.json === true;
  const what = describeTarget(slug, flags);
  const { out } = context;
  if (!resolved.ok) {
    const { reason, remedy } = resolved;
    const outcomes = asked.map(({ id, sentence }) => ({
      id,
      sentence,
      verdict: 'could not check' as const,
      reason,
      remedy,
    }));
    if (isJson) out.write(formatReport({ slug, target: targetName(flags), outcomes }));
    else out.write(renderUnchecked(what, reason, remedy, out.look));
    return exitCode.couldNotCheck;
  }

  const view = outcomeView(placed, context);
  if (!isJson) out.write(`${what}\n\n`);
  const inOrder = new InOrder(asked, stops, (result) => {
    if (!isJson) out.write(spaced(outcomeOf(result), view));
  });
  const end = await judge.run(resolved.target, (result) => inOrder.take(result));
  inOrder.flush();
  if (end.kind === 'abandoned') return exitCode.interrupted;
  if (end.kind === 'refused') throw new Refusal(end.message);
  if (end.kind === 'broken') {
    context.err.write(renderDefect(describeDefect(end.message), context.err.look));
    return exitCode.couldNotCheck;
  }
  const outcomes = outcomesOf(asked, end.results, stops || end.kind === 'stuck');
  if (isAttempt(flags)) recordVerdicts(context, placed, outcomes);
  if (isJson) out.write(formatReport({ slug, target: targetName(flags), seed: end.seed, outcomes }));
  else {
    for (const outcome of outcomes) {
      if (!end.results.some(({ id }) => id === outcome.id) && outcome.verdict !== 'not reached') {
        out.write(spaced(outcome, view));
      }
    }
    out.write(closing(selection, outcomes, flags, context));
  }
  return exitCodeOf(outcomes);
}

/**
 * Shows results in the order of the manifest, though checkpoints that run side by side end in any order. Where a run
 * stops at its first red one, that one comes last: it is what there is to read.
 */
class InOrder {
  readonly #left: string[];
  readonly #stops: boolean;
  readonly #waiting = new Map<string, CheckpointResult>();
  readonly #show: (result: CheckpointResult) => void;

  constructor(asked: readonly Checkpoint[], stops: boolean, show: (result: CheckpointResult) => void) {
    this.#left = asked.map(({ id }) => id);
    this.#stops = stops;
    this.#show = show;
  }

  take(result: CheckpointResult): void {
    this.#waiting.set(result.id, result);
    if (this.#stops && result.verdict === 'failed')
      this.#left.push(...this.#left.splice(this.#left.indexOf(result.id), 1));
    while (this.#left[0] !== undefined && this.#waiting.has(this.#left[0])) this.#showOne(this.#left[0]);
  }

  /** Shows what is left when some never came. */
  flush(): void {
    for (const id of [...this.#left]) this.#showOne(id);
  }

  #showOne(id: string): void {
    const result = this.#waiting.get(id);
    this.#left.splice(this.#left.indexOf(id), 1);
    if (result) this.#show(result);
  }
}

/** Writes the verdicts of a run into the lab's progress. Checkpoints that were not reached keep theirs. */
export function recordVerdicts(
  { err }: Pick<CommandContext, 'err'>,
  placed: PlacedBuiltLab,
  outcomes: readonly Outcome[],
): void {
  const judged = outcomes.flatMap(({ id, verdict }) => (verdict === 'not reached' ? [] : [{ id, verdict }]));
  if (judged.length > 0) updateProgress(placed, err, (progress) => withVerdicts(progress, judged, today()));
}

/** How the outcomes of a lab are drawn on standard output. */
export function outcomeView(placed: PlacedBuiltLab, { out }: CommandContext): OutcomeView {
  const { slug, checkpoints } = placed.lab;
  return {
    lab: slug,
    idWidth: Math.max(...checkpoints.map(({ id }) => id.length)),
    readingOf: (id) => {
      const checkpoint = checkpoints.find((entry) => entry.id === id);
      return checkpoint ? readingOf(placed, checkpoint) : `${placed.path}/brief.md`;
    },
    look: out.look,
  };
}

/** An outcome with the empty line before it that one of several lines needs. */
export function spaced(outcome: Outcome, view: OutcomeView): string {
  const text = renderOutcome(outcome, view);
  return outcome.verdict === 'passed' || outcome.verdict === 'not reached' ? text : `${text}\n`;
}

async function targetOf(
  placed: PlacedBuiltLab,
  flags: CommandArguments['flags'],
  { typedIn, err }: CommandContext,
): Promise<ResolvedTarget> {
  const { slug, kinds } = placed.lab;
  const { run, target } = flags;
  const { commandTarget, listTargets, resolveTarget } = await import('../runner/target.ts');
  if (typeof run === 'string') {
    if (target !== undefined) {
      throw new Refusal('--run and --target both say what to judge. Give one of them.', {
        next: [`npm run lab test ${slug} -- --run "${run}"`, `npm run lab test ${slug} -- --target ${target}`],
      });
    }
    if (!kinds.includes('program')) {
      throw new Refusal(`${slug} is a module: its checkpoints import your code, so there is no command to run.`, {
        more: [`Write it in ${placed.path}/attempt/.`],
        next: [`npm run lab test ${slug}`],
      });
    }
    await awaitServices(placed, err);
    return commandTarget(placed, run, typedIn);
  }
  if (typeof target !== 'string') {
    if (isStarted(placed)) await awaitServices(placed, err);
    return resolveTarget(placed, 'attempt');
  }
  const known: string[] = ['attempt', ...(await listTargets(placed))];
  if (!known.includes(target)) {
    const meant = closest(target, known);
    throw new Refusal(`${slug} has no target "${target}".${meant ? ` Did you mean ${meant}?` : ''}`, {
      more: [`Its targets: ${known.join(', ')}.`],
      ...(meant ? { next: [`npm run lab test ${slug} -- --target ${meant}`] } : {}),
    });
  }
  await awaitServices(placed, err);
  return resolveTarget(placed, target as TargetName);
}

function closing(
  { placed, named }: Selection,
  outcomes: readonly Outcome[],
  flags: CommandArguments['flags'],
  context: CommandContext,
): string {
  const { look } = context.out;
  const isRed = exitCodeOf(outcomes) === exitCode.red;
  const gap = isRed || countOutcomes(outcomes).couldNotCheck > 0 ? '' : '\n';
  const { course, err } = context;
  const begun = (lab: PlacedBuiltLab) => isBegun(lab, err);
  const onward = isAttempt(flags) ? onwardAfter({ course, placed, outcomes, named, look, isBegun: begun }) : '';
  return `${gap}${countingLine(outcomes)}\n${redOnes(outcomes, look)}${onward}`;
}

/** Several red ones once more, as the first of them may have left the screen. */
function redOnes(outcomes: readonly Outcome[], look: Look): string {
  const red = outcomes.filter(({ verdict }) => verdict === 'failed').map(({ id }) => id);
  return red.length < 2 ? '' : `${wrapText(`Red: ${red.join(', ')}.`, look.width).join('\n')}\n`;
}

interface Report {
  readonly slug: string;
  readonly target: string;
  readonly seed?: number;
  readonly outcomes: readonly Outcome[];
}

/** The document of `test --json`. */
function formatReport({ slug, target, seed, outcomes }: Report): string {
  const code = exitCodeOf(outcomes);
  const verdict = code === exitCode.green ? 'passed' : code === exitCode.red ? 'failed' : 'could not check';
  const document = {
    version: 1,
    lab: slug,
    target,
    ...(seed === undefined ? {} : { seed }),
    verdict,
    counts: countOutcomes(outcomes),
    checkpoints: outcomes,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function isAttempt({ target }: CommandArguments['flags']): boolean {
  return target === undefined || target === 'attempt';
}

function targetName({ run, target }: CommandArguments['flags']): string {
  return typeof run === 'string' ? 'command' : typeof target === 'string' ? target : 'attempt';
}

function describeTarget(slug: string, { run, target }: CommandArguments['flags']): string {
  if (typeof run === 'string') return `${slug}, ${run}`;
  return `${slug}, ${typeof target === 'string' && target !== 'attempt' ? target : 'your attempt'}`;
}
