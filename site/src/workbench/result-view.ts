import type { FailureReport } from '../../../checkpoints/harness/failure.ts';
import type { CheckpointResult, FailureText } from '../scripts/result-list.ts';
import type { LineNote } from './editor.ts';
import type { LabData } from './lab-data.ts';
import type { Files, PageResult } from './protocol.ts';

type Checkpoint = LabData['checkpoints'][number];

/** A result in the words of the command line, for the list of the page. */
export function shownResult(result: PageResult, { read }: Checkpoint): CheckpointResult {
  const { id, ms, verdict } = result;
  if (verdict === 'passed') return { id, verdict, ms };
  if (verdict === 'could not check') {
    const text = `Could not check here: ${result.reason}. In a clone: ${result.remedy}`;
    return { id, verdict, ms, failure: { text, ...(result.failure ? saidBy(result.failure) : {}) } };
  }
  const { failure } = result;
  if (failure.kind === 'crash') {
    const text = 'The checkpoint itself broke, which is a defect of this site. Please report it with the lines below.';
    return { id, verdict: 'could not check', ms, failure: { text, ...saidBy(failure) } };
  }
  // Code that never came as far as an answer is not what the chapter is about.
  return { id, verdict, ms, failure: { ...saidBy(failure), ...(failure.kind === 'start' ? {} : { read }) } };
}

/** Everything that a failure says, without what it says of this site's own code. */
function saidBy({ sent, expected, received, usually, details = [] }: FailureReport): FailureText {
  const own = withoutHarness(details).join('\n');
  return {
    ...(sent === undefined ? {} : { sent }),
    expected,
    received,
    usually,
    ...(own === '' ? {} : { details: own }),
  };
}

/** The learner's line that a failure names first. */
export function placeOf(failure: FailureReport, files: Files): LineNote | undefined {
  for (const text of [failure.received, ...(failure.details ?? [])]) {
    for (const [, file = '', line = ''] of text.matchAll(/([\w./@+-]+\.[mc]?[jt]s):(\d+)/g)) {
      if (Object.hasOwn(files, file)) return { file, line: Number(line), text: failure.received };
    }
  }
  return undefined;
}

/** Frames of a stack that are not the learner's have an address of this site. */
function withoutHarness(details: readonly string[]): string[] {
  return details.flatMap((detail) => detail.split('\n')).filter((line) => !/https?:\/\//.test(line));
}

/** What a checkpoint is told that was under way when the worker had to be ended. */
export function loopResult(id: string, seconds: number): PageResult {
  const failure: FailureReport = {
    kind: 'assertion',
    expected: 'an answer',
    received: `none for ${seconds} seconds, then it was ended`,
    usually:
      'a loop whose condition never changes. On a slow machine it may be patience that is missing: ?patience=3 in the address',
  };
  return { id, ms: seconds * 1_000, verdict: 'failed', failure };
}

/** The end of a run in a sentence or two. */
export function summaryOf({ slug, checkpoints }: LabData, results: ReadonlyMap<string, PageResult>): string {
  const count = (verdict: PageResult['verdict']) => [...results.values()].filter((r) => r.verdict === verdict).length;
  const [green, red, amber] = [count('passed'), count('failed'), count('could not check')];
  if (green === checkpoints.length) return `All ${green} checkpoints are green.`;
  const parts = [
    `${green} green`,
    ...(red > 0 ? [`${red} red`] : []),
    ...(amber > 0 ? [`${amber} could not be checked here`] : []),
  ];
  const notReached = checkpoints.length - results.size;
  if (notReached > 0) parts.push(`${notReached} not reached`);
  const sentence = `${parts.join(', ')}.`;
  if (green + amber < checkpoints.length) return sentence;
  return `${sentence} All that a page can judge is green; for the rest, export your text into a clone: npm run lab test ${slug}`;
}
