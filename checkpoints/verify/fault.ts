/** The six proofs of `npm run verify`, by number. */
export const PROOFS = {
  1: 'manifest, tests, TODOs, hints, anchors and files agree',
  2: 'starters type-check, start, and fail by assertion, exactly as listed',
  3: 'solutions pass in every language',
  4: 'mistakes are caught by their checkpoint, with the approved message',
  5: 'right solutions of another shape pass',
  6: 'quoted regions exist; diagrams and evidence are current',
} as const;

export type Proof = keyof typeof PROOFS;

/** One thing that keeps the course from being proved. */
export interface Fault {
  readonly proof: Proof;
  /** Slug of the lab that it concerns. Absent: the course as a whole. */
  readonly lab?: string;
  /** Repository path of the file to change, with `:line` where one is known. */
  readonly file: string;
  readonly what: string;
  readonly mend: string;
  /** The failing checkpoint's report, a compiler's message: whatever helps. */
  readonly details?: readonly string[];
}

/** What this machine cannot judge. Never counted as passed. */
export type CouldNotCheck = (CouldNotCheckTarget | CouldNotCheckCheckpoint) & {
  readonly lab: string;
  /** Name to give to `--allow-missing`. */
  readonly missing: string;
  readonly reason: string;
  readonly remedy: string;
};

/** A whole target: nothing of it ran. */
export interface CouldNotCheckTarget {
  readonly target: string;
}

/** One checkpoint, on targets whose other checkpoints did run. */
export interface CouldNotCheckCheckpoint {
  readonly checkpoint: string;
  /** Those that it would have judged, in the order of a report. */
  readonly targets: readonly string[];
}

/** Something to know that does not make the proof fail. */
export interface Warning {
  readonly file: string;
  readonly what: string;
  readonly mend: string;
}
