import type { FailureReport } from '../../../checkpoints/harness/failure.ts';

/** What the page and the worker that judges say to one another. */

/** Texts by the name of their file. */
export type Files = Readonly<Record<string, string>>;

/** The network between the learner's program and its clients. */
export interface Wire {
  /** One way. */
  readonly latencyMs: number;
  /** Bytes are read in pieces of a seeded length up to this; 0: as they come. */
  readonly maxPieceBytes: number;
}

export interface RunRequest {
  readonly kind: 'run';
  /** The learner's files, compiled. */
  readonly modules: Files;
  /** The file that the checkpoints load or start. */
  readonly entry: string;
  readonly wire: Wire;
  /** Base of every random choice of this run. */
  readonly seed: number;
}

/** How one checkpoint came out. `could not check` says why, and how it can be checked. */
export type PageResult = { readonly id: string; readonly ms: number } & (
  | { readonly verdict: 'passed' }
  | { readonly verdict: 'failed'; readonly failure: FailureReport }
  | {
      readonly verdict: 'could not check';
      readonly reason: string;
      readonly remedy: string;
      /** What it saw all the same. */
      readonly failure?: FailureReport;
    }
);

/** A file that is no TypeScript. */
export interface SyntaxFault {
  readonly file: string;
  /** From 1; 0 when nobody says. */
  readonly line: number;
  readonly message: string;
}

export type WorkerMessage =
  /** Everything is loaded and collected; a request is judged at once. */
  | { readonly kind: 'ready' }
  /** Sent again and again while the worker's timers run: one that is silent is in an endless loop. */
  | { readonly kind: 'alive' }
  /** Nothing is judged then. */
  | { readonly kind: 'syntax'; readonly fault: SyntaxFault }
  | { readonly kind: 'started'; readonly id: string }
  | { readonly kind: 'result'; readonly result: PageResult }
  | { readonly kind: 'console'; readonly text: string }
  | { readonly kind: 'end' }
  /** The workbench itself broke: a defect of this repository. */
  | { readonly kind: 'broken'; readonly message: string };
