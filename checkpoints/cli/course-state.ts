import type { Course, PlacedBuiltLab } from '../../labs/course-schema.ts';
import { allLabs } from '../../labs/course-schema.ts';
import type { Verdict } from '../runner/run-checkpoints.ts';
import { isStarted } from './attempt.ts';
import type { Output } from './command.ts';
import { checkpointProgress, type Progress } from './progress.ts';
import { loadProgress } from './progress-file.ts';

/** Where somebody stands in the course: plain data, as `--json` prints it and as every view draws it. */
export interface CourseState {
  readonly title: string;
  readonly phases: readonly PhaseState[];
}

export interface PhaseState {
  readonly number: number;
  readonly slug: string;
  readonly title: string;
  readonly labs: readonly LabState[];
}

export interface LabState {
  readonly slug: string;
  readonly title: string;
  readonly competency: string;
  readonly kinds: readonly string[];
  readonly state: 'planned' | 'not started' | 'started' | 'green';
  /** Empty for a planned lab. */
  readonly checkpoints: readonly CheckpointState[];
}

export interface CheckpointState {
  readonly id: string;
  readonly sentence: string;
  /** `not judged` before its first run. */
  readonly verdict: Verdict | 'not judged';
  readonly hintsShown: number;
  readonly firstGreen?: string;
}

/** Reads attempts and progress files of the whole course. Corrupt ones are reported on `err`. */
export function courseState(course: Course, err: Output): CourseState {
  const placed = allLabs(course);
  return {
    title: course.title,
    phases: course.phases.map((phase) => ({
      number: phase.number,
      slug: phase.slug,
      title: phase.title,
      labs: placed
        .filter((entry) => entry.phase === phase)
        .map((entry) => {
          const { lab } = entry;
          if (lab.status === 'built') return builtLabState(entry as PlacedBuiltLab, err);
          const { slug, title, competency, kinds } = lab;
          return { slug, title, competency, kinds, state: 'planned' as const, checkpoints: [] };
        }),
    })),
  };
}

function builtLabState(placed: PlacedBuiltLab, err: Output): LabState {
  return labState(placed, loadProgress(placed, err), isStarted(placed));
}

/** Whether there is an attempt at a lab, or one that stands elsewhere was judged by `--run`. */
export function isBegun(placed: PlacedBuiltLab, err: Output): boolean {
  return builtLabState(placed, err).state !== 'not started';
}

/** The state of one lab that stands. */
export function labState(placed: PlacedBuiltLab, progress: Progress, started: boolean): LabState {
  const { slug, title, competency, kinds } = placed.lab;
  const checkpoints = placed.lab.checkpoints.map(({ id, sentence }): CheckpointState => {
    const { verdict = 'not judged', hintsShown, firstGreen } = checkpointProgress(progress, id);
    return { id, sentence, verdict, hintsShown, ...(firstGreen ? { firstGreen } : {}) };
  });
  const judged = checkpoints.some((checkpoint) => checkpoint.verdict !== 'not judged');
  const green = checkpoints.every((checkpoint) => checkpoint.verdict === 'passed');
  // A program started by --run is judged without an attempt in this folder.
  const state = green ? 'green' : started || judged ? 'started' : 'not started';
  return { slug, title, competency, kinds, state, checkpoints };
}

/**
 * The checkpoint to work on: the first red one, else the first that was never judged, else the first that could not be
 * checked.
 */
export function nextCheckpoint(lab: LabState): CheckpointState | undefined {
  return (
    lab.checkpoints.find((checkpoint) => checkpoint.verdict === 'failed') ??
    lab.checkpoints.find((checkpoint) => checkpoint.verdict === 'not judged') ??
    lab.checkpoints.find((checkpoint) => checkpoint.verdict !== 'passed')
  );
}

export function greenCount(lab: LabState): number {
  return lab.checkpoints.filter((checkpoint) => checkpoint.verdict === 'passed').length;
}

/** `all 9 green`, `3 of 9 green, 1 red`, `7 of 9 green, 2 could not be checked`, `not started`, `planned`. */
export function labWords(lab: LabState): string {
  if (lab.state === 'planned' || lab.state === 'not started') return lab.state;
  const total = lab.checkpoints.length;
  if (lab.state === 'green') return total === 1 ? '1 of 1 green' : `all ${total} green`;
  const count = (verdict: CheckpointState['verdict']) =>
    lab.checkpoints.filter((checkpoint) => checkpoint.verdict === verdict).length;
  const green = `${greenCount(lab)} of ${total} green`;
  const red = count('failed');
  if (red > 0) return `${green}, ${red} red`;
  const amber = count('could not check');
  // Said where it is all that is left to be green: the signs show it in any case.
  return amber > 0 && greenCount(lab) + amber === total ? `${green}, ${amber} could not be checked` : green;
}
