import type { PlacedBuiltLab } from '../../../labs/course-schema.ts';

/**
 * Labs whose checkpoints start a program and speak to it over TCP alone: the page starts it in a worker, with a network
 * in memory. By checkpoint, what only a machine can measure.
 */
const PROGRAMS_IN_PAGE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  chat: { 'long-line': 'a page cannot measure the memory of a program' },
};

/** What of a lab's checkpoints a page cannot measure, by their ids; undefined for a lab that runs no program there. */
export function beyondThePage(slug: string): Readonly<Record<string, string>> | undefined {
  return Object.hasOwn(PROGRAMS_IN_PAGE, slug) ? PROGRAMS_IN_PAGE[slug] : undefined;
}

/** Whether a lab has a workbench: its checkpoints need the learner's module and nothing else, or the page's network. */
export function runsInPage({ lab }: Pick<PlacedBuiltLab, 'lab'>): boolean {
  return (lab.kinds.includes('module') || beyondThePage(lab.slug) !== undefined) && lab.services.length === 0;
}
