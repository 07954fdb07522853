/**
 * One run for a page, in a process of its own: `run-process.ts test|test-all|watch|diff <lab>`. It says on standard
 * output what happens, as `RunEvent`s. It lives no longer than whoever holds the other end of its standard input.
 */
import type { Output } from '../../checkpoints/cli/command.ts';
import { describeDefect } from '../../checkpoints/cli/defect.ts';
import { JudgeClient } from '../../checkpoints/cli/judge-client.ts';
import { readingAt } from '../../checkpoints/cli/reading.ts';
import { Refusal } from '../../checkpoints/cli/refusal.ts';
import { countingLine, countOutcomes, type Outcome, outcomeOf, outcomesOf } from '../../checkpoints/cli/report.ts';
import { compareWithSolution, renderDiff } from '../../checkpoints/cli/show-diff.ts';
import { recordVerdicts } from '../../checkpoints/cli/test-lab.ts';
import { Watch, type WatchView } from '../../checkpoints/cli/watch.ts';
import { printable } from '../../checkpoints/cli/wrap-text.ts';
import type { FailureReport } from '../../checkpoints/harness/failure.ts';
import { resolveTarget } from '../../checkpoints/runner/target.ts';
import { course } from '../../labs/course.ts';
import { builtLabs, type PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { CheckpointResult, FailureText } from '../src/scripts/result-list.ts';
import type { RunEvent } from './events.ts';

const RESTART = 'set that right where the server was started, and start it again';
const LOOK = { width: 100, colour: false, isEndless: true } as const;
const err: Output = { look: LOOK, isTerminal: false, write: (text) => void process.stderr.write(text) };

function say(event: RunEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** A run as events. */
class EventView implements WatchView {
  readonly #placed: PlacedBuiltLab;
  #told = new Set<string>();

  constructor(placed: PlacedBuiltLab) {
    this.#placed = placed;
  }

  began(why: string): void {
    this.#told = new Set();
    say({ kind: 'begun', why });
  }

  outcome(outcome: Outcome): void {
    if (outcome.verdict === 'not reached') return;
    this.#told.add(outcome.id);
    say({ kind: 'result', result: resultOf(this.#placed, outcome) });
  }

  unchecked(reason: string, remedy: string): void {
    say({ kind: 'unchecked', reason: printable(reason), remedy: printable(remedy) });
  }

  broken(message: string): void {
    const { what, lines } = describeDefect(message);
    say({ kind: 'broken', text: printable([what, ...lines].join('\n')) });
  }

  ended(outcomes: readonly Outcome[], onlyRed: string | undefined): void {
    for (const outcome of outcomes) if (!this.#told.has(outcome.id)) this.outcome(outcome);
    const isGreen = countOutcomes(outcomes).passed === outcomes.length;
    const summary =
      onlyRed === undefined ? countingLine(outcomes) : `${onlyRed} is still red; the others were not judged.`;
    say({ kind: 'ended', summary, isGreen });
  }
}

function resultOf(placed: PlacedBuiltLab, outcome: Exclude<Outcome, { verdict: 'not reached' }>): CheckpointResult {
  const { id, verdict } = outcome;
  if (verdict === 'passed') return { id, verdict, ms: outcome.durationMs };
  if (verdict === 'failed') {
    return { id, verdict, ms: outcome.durationMs, failure: failureText(placed, id, outcome.failure) };
  }
  const details = printable((outcome.details ?? []).join('\n'));
  const text = printable(`${outcome.reason}. To mend it: ${outcome.remedy}`);
  return { id, verdict, failure: { text: text.charAt(0).toUpperCase() + text.slice(1), details } };
}

function failureText(placed: PlacedBuiltLab, id: string, failure: FailureReport): FailureText {
  const { kind, sent, expected, received, usually, details = [] } = failure;
  const facts = {
    ...(sent === undefined ? {} : { sent: printable(sent) }),
    expected: printable(expected),
    received: printable(received),
    usually: printable(usually),
    ...(details.length > 0 ? { details: printable(details.join('\n')) } : {}),
  };
  const checkpoint = placed.lab.checkpoints.find((entry) => entry.id === id);
  // A program that never got ready has not come as far as the chapter.
  if (kind === 'start' || !checkpoint) return facts;
  const { text, path = '#contract' } = readingAt(placed, checkpoint);
  return { ...facts, read: { href: path, text } };
}

/**
 * Finds or starts what the lab needs; what would have to be fetched is asked about on the page.
 *
 * @returns false when it is not to be had, which the view has been told.
 */
async function haveServices({ lab }: PlacedBuiltLab, view: EventView): Promise<boolean> {
  if (lab.services.length === 0) return true;
  const { ensureServices } = await import('../../checkpoints/services/ensure-services.ts');
  const ensured = await ensureServices(lab.services, {
    onProgress: (service, text) => say({ kind: 'service', service, text }),
    consent: ask,
  });
  if (!ensured.ok) view.unchecked(ensured.reason, ensured.remedy);
  return ensured.ok;
}

/** The first answer holds for the whole run, whatever it is that asks and for however many services. */
let answered: Promise<boolean> | undefined;

function ask(question: string): Promise<boolean> {
  answered ??= new Promise((resolve) => {
    process.stdin.setEncoding('utf8').once('data', (text) => resolve(String(text).trim() === 'yes'));
    say({ kind: 'question', text: question });
  });
  return answered;
}

async function test(placed: PlacedBuiltLab, stops: boolean): Promise<void> {
  const { slug, checkpoints } = placed.lab;
  const view = new EventView(placed);
  using judge = new JudgeClient({ lab: slug, stops, only: [] });
  view.began('one run');
  if (!(await haveServices(placed, view))) return;
  const resolved = await resolveTarget(placed, 'attempt');
  if (!resolved.ok) {
    view.unchecked(resolved.reason, resolved.remedy);
    return;
  }
  const end = await judge.run(resolved.target, (result) => view.outcome(outcomeOf(result)));
  if (end.kind === 'refused') throw new Refusal(end.message);
  if (end.kind === 'broken') view.broken(end.message);
  if (end.kind !== 'complete' && end.kind !== 'stuck') return;
  const outcomes = outcomesOf(checkpoints, end.results, stops || end.kind === 'stuck');
  recordVerdicts({ err }, placed, outcomes);
  view.ended(outcomes, undefined);
}

async function watch(placed: PlacedBuiltLab): Promise<void> {
  const view = new EventView(placed);
  if (!(await haveServices(placed, view))) return;
  using watching = new Watch({
    placed,
    view,
    record: (outcomes) => recordVerdicts({ err }, placed, outcomes),
  });
  await watching.run(`watching ${placed.path}/attempt/`);
}

async function main(operation: string | undefined, slug: string | undefined): Promise<void> {
  const placed = builtLabs(course).find(({ lab }) => lab.slug === slug);
  if (!placed) throw new Error(`there is no lab ${slug}`);
  if (operation === 'test') await test(placed, true);
  else if (operation === 'test-all') await test(placed, false);
  else if (operation === 'watch') await watch(placed);
  else if (operation === 'diff')
    say({ kind: 'diff', text: renderDiff({ ...compareWithSolution(placed), look: LOOK }) });
  else throw new Error(`there is no operation ${operation}`);
}

process.stdin.on('end', () => process.exit(0)).resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(0));
// Nobody listens any more.
process.stdout.on('error', () => process.exit(0));

try {
  await main(process.argv[2], process.argv[3]);
} catch (error) {
  const { message, stack = message } = error as Error;
  // What is refused here comes from the environment: a LAB_SEED that is none.
  if (error instanceof Refusal) say({ kind: 'unchecked', reason: printable(message), remedy: RESTART });
  else say({ kind: 'broken', text: printable(stack) });
}
// A stuck module never lets its thread end, so nothing waits for it; but what was written is written.
process.stdout.write('', () => process.exit(0));
