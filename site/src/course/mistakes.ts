import { type Mistake, parseMistake } from '../../../checkpoints/runner/mistake.ts';
import type { BuiltLab, Checkpoint } from '../../../labs/course-schema.ts';
import { leafPath, leavesOf } from './leaves.ts';
import { listFolder, readText } from './repository.ts';

/** The wrong solutions of a lab, by file name. */
export function mistakesOf(labPath: string): Mistake[] {
  const folder = `${labPath}/mistakes`;
  return listFolder(folder)
    .filter((name) => name.endsWith('.patch'))
    .map((name) => parseMistake(readText(`${folder}/${name}`) ?? '', `${folder}/${name}`));
}

/** The anchor of a mistake in its lab's gallery, where the checkpoints' ids are anchors as well. */
export function mistakeAnchor(mistake: Pick<Mistake, 'name'>): string {
  return `mistake-${mistake.name}`;
}

/** The wrong solutions that one checkpoint catches. */
export interface Caught {
  readonly checkpoint: Checkpoint;
  readonly caught: readonly Mistake[];
}

/** Of patches, messages and reasons: about 20 KB as a compressed page. */
const MAX_CHARS = 41_000;

/** A lab's gallery of wrong solutions in the order of its checkpoints, page by page. Empty when there are none. */
export function galleryOf(lab: BuiltLab, labPath: string): Caught[][] {
  const mistakes = mistakesOf(labPath);
  const groups = lab.checkpoints
    .map((checkpoint) => ({ checkpoint, caught: mistakes.filter((mistake) => mistake.checkpoint === checkpoint.id) }))
    .filter(({ caught }) => caught.length > 0);
  if (groups.length === 0) return [];
  const charsOf = ({ caught }: Caught) =>
    caught.reduce(
      (sum, { diff, tempting, messages }) => sum + diff.length + tempting.length + messages.join().length,
      0,
    );
  return leavesOf(groups, charsOf, MAX_CHARS);
}

/** Where a mistake stands in its lab's gallery. */
export function mistakePath(lab: BuiltLab, labPath: string, mistake: Mistake): string {
  const leaf = galleryOf(lab, labPath).findIndex((groups) =>
    groups.some(({ checkpoint }) => checkpoint.id === mistake.checkpoint),
  );
  return `${leafPath(`/labs/${lab.slug}/mistakes/`, Math.max(0, leaf))}#${mistakeAnchor(mistake)}`;
}
