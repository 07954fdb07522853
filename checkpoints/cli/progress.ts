import type { Verdict } from '../runner/run-checkpoints.ts';

/**
 * How far somebody is in one lab. Kept as `progress.json` beside the attempt, small and in a fixed order, so that it
 * can be committed and its differences read.
 */
export interface Progress {
  readonly lab: string;
  /** The solution was asked for before everything was green; the next time it is shown. */
  readonly diffAsked: boolean;
  readonly checkpoints: ReadonlyMap<string, CheckpointProgress>;
}

export interface CheckpointProgress {
  /** The last one; absent until the first run, and after a reset. */
  readonly verdict?: Verdict;
  /** How many of its hints were shown. */
  readonly hintsShown: number;
  /** The day, `YYYY-MM-DD` in UTC, on which it first was green. */
  readonly firstGreen?: string;
}

const VERSION = 1;
const MAX_HINTS = 3;
const VERDICTS: readonly unknown[] = ['passed', 'failed', 'could not check'] satisfies Verdict[];
const UNTOUCHED: CheckpointProgress = { hintsShown: 0 };

export function emptyProgress(lab: string): Progress {
  return { lab, diffAsked: false, checkpoints: new Map() };
}

export function checkpointProgress(progress: Progress, id: string): CheckpointProgress {
  return progress.checkpoints.get(id) ?? UNTOUCHED;
}

/** The progress after a run. `day` is `YYYY-MM-DD`. */
export function withVerdicts(
  progress: Progress,
  results: readonly { readonly id: string; readonly verdict: Verdict }[],
  day: string,
): Progress {
  const checkpoints = new Map(progress.checkpoints);
  for (const { id, verdict } of results) {
    const before = checkpointProgress(progress, id);
    const firstGreen = before.firstGreen ?? (verdict === 'passed' ? day : undefined);
    checkpoints.set(id, { verdict, hintsShown: before.hintsShown, ...(firstGreen ? { firstGreen } : {}) });
  }
  return { ...progress, checkpoints };
}

export function withHintsShown(progress: Progress, id: string, hintsShown: number): Progress {
  const checkpoints = new Map(progress.checkpoints);
  checkpoints.set(id, { ...checkpointProgress(progress, id), hintsShown });
  return { ...progress, checkpoints };
}

/** The progress of a new attempt: hints and first green days stay, as they happened; verdicts go. */
export function withoutVerdicts(progress: Progress): Progress {
  const checkpoints = new Map(
    [...progress.checkpoints].map(([id, { hintsShown, firstGreen }]) => [
      id,
      { hintsShown, ...(firstGreen ? { firstGreen } : {}) },
    ]),
  );
  return { ...progress, diffAsked: false, checkpoints };
}

/** The progress of an attempt that came from elsewhere: its verdicts, and what happened here or there. */
export function withImported(here: Progress, there: Progress): Progress {
  const checkpoints = new Map<string, CheckpointProgress>();
  for (const id of new Set([...here.checkpoints.keys(), ...there.checkpoints.keys()])) {
    const [mine, theirs] = [checkpointProgress(here, id), checkpointProgress(there, id)];
    const [firstGreen] = [mine.firstGreen, theirs.firstGreen].filter((day) => day !== undefined).sort();
    checkpoints.set(id, {
      ...(theirs.verdict ? { verdict: theirs.verdict } : {}),
      hintsShown: Math.max(mine.hintsShown, theirs.hintsShown),
      ...(firstGreen ? { firstGreen } : {}),
    });
  }
  return { lab: here.lab, diffAsked: here.diffAsked || there.diffAsked, checkpoints };
}

/**
 * The text of the file. Checkpoints stand in the order of `ids`; those that the course no longer has follow, sorted.
 */
export function formatProgress(progress: Progress, ids: readonly string[]): string {
  const others = [...progress.checkpoints.keys()].filter((id) => !ids.includes(id)).sort();
  const checkpoints: Record<string, unknown> = {};
  for (const id of [...ids, ...others]) {
    const { verdict, hintsShown, firstGreen } = checkpointProgress(progress, id);
    if (verdict === undefined && hintsShown === 0 && firstGreen === undefined) continue;
    checkpoints[id] = {
      ...(verdict ? { verdict } : {}),
      ...(hintsShown > 0 ? { hintsShown } : {}),
      ...(firstGreen ? { firstGreen } : {}),
    };
  }
  const document = {
    version: VERSION,
    lab: progress.lab,
    ...(progress.diffAsked ? { diffAsked: true } : {}),
    checkpoints,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/**
 * Reads the text of a progress file.
 *
 * @throws ProgressCorrupt with the first thing in it that cannot be.
 */
export function parseProgress(text: string, lab: string): Progress {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ProgressCorrupt(`is no JSON (${(error as Error).message})`, { cause: error });
  }
  if (!isRecord(document)) throw new ProgressCorrupt('holds no object');
  if (document.version !== VERSION) {
    throw new ProgressCorrupt(`has version ${JSON.stringify(document.version)}; this command reads ${VERSION}`);
  }
  if (document.lab !== lab) {
    throw new ProgressCorrupt(`belongs to lab ${JSON.stringify(document.lab)}, not to "${lab}"`);
  }
  if (![undefined, true, false].includes(document.diffAsked as boolean | undefined)) {
    throw new ProgressCorrupt('has a "diffAsked" that is neither true nor false');
  }
  const entries = document.checkpoints;
  if (!isRecord(entries)) throw new ProgressCorrupt('has no object "checkpoints"');
  const checkpoints = new Map(Object.entries(entries).map(([id, entry]) => [id, parseCheckpoint(id, entry)]));
  return { lab, diffAsked: document.diffAsked === true, checkpoints };
}

export class ProgressCorrupt extends Error {
  readonly code = 'PROGRESS_CORRUPT';
}

function parseCheckpoint(id: string, entry: unknown): CheckpointProgress {
  if (!isRecord(entry)) throw new ProgressCorrupt(`has no object for checkpoint "${id}"`);
  const { verdict, hintsShown = 0, firstGreen } = entry;
  if (verdict !== undefined && !VERDICTS.includes(verdict)) {
    throw new ProgressCorrupt(`gives "${id}" the verdict ${JSON.stringify(verdict)}`);
  }
  if (typeof hintsShown !== 'number' || !Number.isInteger(hintsShown) || hintsShown < 0 || hintsShown > MAX_HINTS) {
    throw new ProgressCorrupt(`counts ${JSON.stringify(hintsShown)} hints for "${id}"`);
  }
  if (firstGreen !== undefined && (typeof firstGreen !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(firstGreen))) {
    throw new ProgressCorrupt(`dates the first green of "${id}" ${JSON.stringify(firstGreen)}`);
  }
  return { ...(verdict ? { verdict: verdict as Verdict } : {}), hintsShown, ...(firstGreen ? { firstGreen } : {}) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
