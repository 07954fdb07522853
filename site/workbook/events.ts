/** What a run on this machine tells its page, one JSON document a line. */
import type { CheckpointResult } from '../src/scripts/result-list.ts';

export type RunEvent =
  /** A run begins: the one that was asked for, or the one that a save caused. */
  | { readonly kind: 'begun'; readonly why: string }
  /** Something that the lab needs is being waited for. */
  | { readonly kind: 'service'; readonly service: string; readonly text: string }
  /** A person has to allow something before the run goes on. */
  | { readonly kind: 'question'; readonly text: string }
  | { readonly kind: 'result'; readonly result: CheckpointResult }
  /** What the code under test wrote where the judge could see it. */
  | { readonly kind: 'log'; readonly text: string }
  /** Nothing could be judged, for one reason. */
  | { readonly kind: 'unchecked'; readonly reason: string; readonly remedy: string }
  /** A defect of the repository. */
  | { readonly kind: 'broken'; readonly text: string }
  | { readonly kind: 'ended'; readonly summary: string; readonly isGreen: boolean }
  | { readonly kind: 'diff'; readonly text: string }
  /** The server ended it before its time. */
  | { readonly kind: 'stopped'; readonly text: string };

/** Where somebody stands in a lab, as its page shows it. */
export interface Standing {
  readonly slug: string;
  readonly state: 'planned' | 'not started' | 'started' | 'green';
  /** `3 of 9 green, 1 red`. */
  readonly words: string;
  readonly checkpoints: readonly {
    readonly id: string;
    readonly verdict: 'passed' | 'failed' | 'could not check' | 'not judged';
  }[];
  /** Repository path of the attempt. */
  readonly attempt: string;
  /** The files of the attempt that can be opened, relative to it. */
  readonly files: readonly string[];
  /** What runs at this moment. */
  readonly running?: string;
}

/** One hint more, with those before it. */
export interface GivenHint {
  readonly checkpoint: string;
  readonly hints: readonly string[];
  readonly total: number;
  readonly isNew: boolean;
  readonly reading: { readonly href: string; readonly text: string };
}
