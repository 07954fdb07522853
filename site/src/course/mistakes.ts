import { type Mistake, parseMistake } from '../../../checkpoints/runner/mistake.ts';
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
