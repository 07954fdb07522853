import { join } from 'node:path';
import { checkDiagrams as staleDiagrams } from '../../diagrams/stamp.ts';
import { type PlacedBuiltLab, phaseFolder } from '../../labs/course-schema.ts';
import type { Fault } from './fault.ts';

/**
 * Every diagram has a drawing made from its source as it is now.
 *
 * @param labs only the diagrams of these. `undefined`: all that there are.
 */
export function checkDiagrams(root: string, labs: readonly PlacedBuiltLab[] | undefined): Fault[] {
  const wanted = labs?.flatMap(({ lab, phase }) =>
    lab.diagrams.map((diagram) => `${phaseFolder(phase)}/${diagram}.mmd`),
  );
  return staleDiagrams(join(root, 'diagrams'))
    .filter(({ file }) => wanted === undefined || wanted.includes(file))
    .map(({ file, what, mend }) => ({ proof: 6, file: `diagrams/${file}`, what, mend }));
}
