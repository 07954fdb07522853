import { type PlacedLab, phaseFolder } from '../../labs/course-schema.ts';

/** Path of a lab's test file, relative to the repository. */
export function testFile(placed: Pick<PlacedLab, 'lab' | 'phase'>): string {
  return `checkpoints/${phaseFolder(placed.phase)}/${placed.lab.slug}.test.ts`;
}
