import { course } from '../../../labs/course.ts';
import type { Phase } from '../../../labs/course-schema.ts';

/** One page of the course in the order in which it reads. */
export interface Stop {
  readonly path: string;
  readonly title: string;
  readonly kind: 'Start' | 'Chapter' | 'Lab' | 'Write-up' | 'Checkpoint';
  readonly planned: boolean;
}

/** Every page of the course in reading order: for each phase its chapter, labs, write-ups and checkpoint. */
export const readingOrder: readonly Stop[] = [
  { path: '/', title: 'The wire', kind: 'Start', planned: false },
  ...course.phases.flatMap(stopsOf),
];

function stopsOf(phase: Phase): Stop[] {
  const planned = phase.status === 'planned';
  return [
    { path: `/chapters/${phase.slug}/`, title: phase.title, kind: 'Chapter', planned },
    ...phase.labs.map(
      (lab): Stop => ({ path: `/labs/${lab.slug}/`, title: lab.title, kind: 'Lab', planned: lab.status === 'planned' }),
    ),
    ...phase.writeUps.map(
      (writeUp): Stop => ({
        path: `/write-ups/${writeUp.slug}/`,
        title: writeUp.question,
        kind: 'Write-up',
        planned: writeUp.status === 'planned',
      }),
    ),
    { path: `/checkpoints/${phase.slug}/`, title: `${phase.title}: the proof`, kind: 'Checkpoint', planned },
  ];
}

/** The stops before and after a page; none for a page that is not in the order. */
export function neighbours(path: string): { readonly previous?: Stop; readonly next?: Stop } {
  const at = readingOrder.findIndex((stop) => stop.path === path);
  if (at < 0) return {};
  const previous = readingOrder[at - 1];
  const next = readingOrder[at + 1];
  return { ...(previous && { previous }), ...(next && { next }) };
}
