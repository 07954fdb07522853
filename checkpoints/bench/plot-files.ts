import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../evidence/experiments');

/**
 * Reads an experiment's record and writes the plot that `draw` makes of it beside it, under the same name; with
 * `check`, writes nothing.
 *
 * @returns the plot's file name if it differed.
 */
export async function syncPlot<R>(name: string, draw: (record: R) => string, check: boolean): Promise<string[]> {
  const record = JSON.parse(await readFile(join(FOLDER, `${name}.json`), 'utf8')) as R;
  const file = join(FOLDER, `${name}.svg`);
  const svg = draw(record);
  if (svg === (await readFile(file, 'utf8').catch(() => undefined))) return [];
  if (!check) await writeFile(file, svg);
  return [`${name}.svg`];
}
