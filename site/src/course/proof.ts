import type { BuiltLab } from '../../../labs/course-schema.ts';
import { type LabEvidence, type Lack, labEvidence, type Verdict } from './evidence.ts';

/** What recorded evidence says of one lab, counted. */
export interface LabProof {
  readonly evidence: LabEvidence;
  /** Solutions and variants, in the order recorded: these have to pass. */
  readonly judged: LabEvidence['targets'];
  readonly checkpointsPassed: number;
  readonly checkpoints: number;
  /** Of the solutions that passed all that could be judged where they were recorded. */
  readonly languages: readonly string[];
  readonly mistakesCaught: number;
  /** Neither caught nor missed: their checkpoint lacked something. */
  readonly mistakesNotChecked: number;
  readonly mistakes: number;
  /** The checkpoints that could not judge the reference solution, and why. */
  readonly checkpointsNotChecked: readonly ({ readonly id: string } & Lack)[];
  /** The targets of which nothing ran. */
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
      t.verdict !== 'failed' && t.checkpoints.length > 0 && LANGUAGE_OF[t.name] ? [LANGUAGE_OF[t.name] ?? ''] : [],
    ),
    mistakesCaught: evidence.mistakes.filter((mistake) => mistake.caught).length,
    mistakesNotChecked: evidence.mistakes.filter((mistake) => mistake.couldNotCheck !== undefined).length,
    mistakes: evidence.mistakes.length,
    checkpointsNotChecked: (reference?.checkpoints ?? []).flatMap(({ id, lack }) => (lack ? [{ id, ...lack }] : [])),
    notChecked: judged.flatMap((t) =>
      t.checkpoints.length === 0 ? [{ name: t.name, reason: t.reason ?? 'no reason recorded' }] : [],
    ),
  };
}

/** What a target's recorded run says of one checkpoint. */
export function verdictOf(
  target: Pick<LabEvidence['targets'][number], 'checkpoints'> | undefined,
  id: string,
): Verdict {
  return target?.checkpoints.find((checkpoint) => checkpoint.id === id)?.verdict ?? 'could not check';
}

/** ` in TypeScript and C#, 3 could not be checked`: what follows the count of checkpoints that passed. */
export function passedWhere({ languages, checkpointsNotChecked }: LabProof): string {
  const unchecked = checkpointsNotChecked.length > 0 ? `, ${checkpointsNotChecked.length} could not be checked` : '';
  return `${languages.length > 0 ? ` in ${new Intl.ListFormat('en-GB').format(languages)}` : ''}${unchecked}`;
}

/** `4 of 5 wrong solutions caught, 1 could not be checked`. */
export function caughtOf({ mistakesCaught, mistakes, mistakesNotChecked }: LabProof, noun: string): string {
  const unchecked = mistakesNotChecked > 0 ? `, ${mistakesNotChecked} could not be checked` : '';
  return `${mistakesCaught} of ${mistakes} ${noun} caught${unchecked}`;
}

/** A recorded date as a reader wants it, in UTC: `22 November 2026`. */
export function day(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(iso));
}
