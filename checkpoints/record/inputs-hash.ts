import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { testFile } from '../runner/test-file.ts';
import { filesBelow } from '../verify/source-files.ts';
import type { Experiment } from './experiments.ts';

/** The engine's code that decides a verdict; its own tests do not. */
const ENGINE = ['checkpoints/harness', 'checkpoints/runner'];

/**
 * The files that a lab's evidence depends on: the lab without the learner's attempt, its checkpoints, the harness and
 * the runner. Repository paths, sorted.
 */
export async function labInputs(placed: PlacedBuiltLab, root: string): Promise<string[]> {
  const test = testFile(placed);
  const lists = await Promise.all([
    filesBelow(root, placed.path),
    filesBelow(root, test.replace(/\.test\.ts$/, '')),
    engineFiles(root),
  ]);
  const isLearners = (file: string) => /^(attempt|progress)/.test(file.slice(placed.path.length + 1));
  const files = lists.flat().filter((file) => !(file.startsWith(`${placed.path}/`) && isLearners(file)));
  return [...files, ...(existsSync(join(root, test)) ? [test] : [])].sort();
}

/** The files that the record of a learner's attempt depends on: the attempt, its lab's checkpoints and the engine. */
export async function attemptInputs(placed: PlacedBuiltLab, root: string): Promise<string[]> {
  const inputs = await labInputs(placed, root);
  const judges = inputs.filter((file) => !file.startsWith(`${placed.path}/`));
  return [...(await filesBelow(root, `${placed.path}/attempt`)), ...judges].sort();
}

/** The files below folders of the repository, tests left out, sorted. A path of a file stands for itself. */
async function inputsBelow(root: string, paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    paths.map(async (path) => (/\.[a-z]+$/.test(path) ? [path] : await filesBelow(root, path))),
  );
  return lists
    .flat()
    .filter((file) => !file.endsWith('.test.ts'))
    .sort();
}

/** The files that an experiment's figures depend on. Repository paths, sorted. */
export async function experimentInputs({ inputs, drawing }: Experiment, root: string): Promise<string[]> {
  return (await inputsBelow(root, inputs)).filter((file) => !drawing.includes(file));
}

function engineFiles(root: string): Promise<string[]> {
  return inputsBelow(root, ENGINE);
}

/** SHA-256 over the names and bytes of files, as hex. */
export async function hashOf(root: string, files: readonly string[]): Promise<string> {
  const contents = await Promise.all(files.map((file) => readFile(join(root, file))));
  const hash = createHash('sha256');
  files.forEach((file, i) => {
    const content = contents[i] ?? Buffer.alloc(0);
    hash.update(`${file}\0${content.length}\0`).update(content);
  });
  return hash.digest('hex');
}
