import type { BuiltLab } from '../../../labs/course-schema.ts';
import { type LabEvidence, labEvidence, type Verdict } from './evidence.ts';

/** What recorded evidence says of one lab, counted. */
export interface LabProof {
  readonly evidence: LabEvidence;
  /** Solutions and variants, in the order recorded: these have to pass. */
  readonly judged: LabEvidence['targets'];
  readonly checkpointsPassed: number;
  readonly checkpoints: number;
  readonly languages: readonly string[];
  readonly mistakesCaught: number;
  readonly mistakes: number;
  readonly notChecked: readonly { readonly name: string; readonly reason: string }[];
}

const LANGUAGE_OF: Readonly<Record<string, string>> = {
  solution: 'TypeScript',
  'solution-python': 'Python',
  'solution-csharp': 'C#',
};

/** How a target is called on a page: `solution-csharp` is C#, `variants/streams` is “variant streams”. */
export function targetTitle(name: string): string {
  return LANGUAGE_OF[name] ?? name.replace(/^variants\/(.*)$/, 'variant $1');
}

/** Counts a lab's recorded run; undefined while nothing is recorded. */
export function proofOf(lab: BuiltLab): LabProof | undefined {
  const evidence = labEvidence(lab.slug);
  if (evidence === undefined) return undefined;
  const judged = evidence.targets.filter((target) => target.name !== 'starter');
  const reference = judged.find((target) => target.name === 'solution');
  return {
    evidence,
    judged,
    checkpointsPassed: lab.checkpoints.filter((c) => verdictOf(reference, c.id) === 'passed').length,
    checkpoints: lab.checkpoints.length,
    languages: judged.flatMap((t) =>
      t.verdict === 'passed' && LANGUAGE_OF[t.name] ? [LANGUAGE_OF[t.name] ?? ''] : [],
    ),
    mistakesCaught: evidence.mistakes.filter((mistake) => mistake.caught).length,
    mistakes: evidence.mistakes.length,
    notChecked: judged.flatMap((t) =>
      t.verdict === 'could not check' ? [{ name: t.name, reason: t.reason ?? 'no reason recorded' }] : [],
    ),
  };
}

/** What a target's recorded run says of one checkpoint. */
export function verdictOf(target: LabEvidence['targets'][number] | undefined, id: string): Verdict {
  if (target === undefined || target.verdict === 'could not check') return 'could not check';
  return target.checkpoints.find((checkpoint) => checkpoint.id === id)?.verdict ?? 'could not check';
}

/** A recorded date as a reader wants it, in UTC: `22 November 2026`. */
export function day(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(iso));
}
