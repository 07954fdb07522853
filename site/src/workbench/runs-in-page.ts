import type { PlacedBuiltLab } from '../../../labs/course-schema.ts';

/** Whether a lab has a workbench: its checkpoints import the learner's module, and need nothing but it. */
export function runsInPage({ lab }: Pick<PlacedBuiltLab, 'lab'>): boolean {
  return lab.kinds.includes('module') && lab.services.length === 0;
}
