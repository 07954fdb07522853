import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check, fail } from '../../harness/failure.ts';
import { parseCompose, type Stack } from './compose.ts';
import { parseDockerfile, type Stage } from './dockerfile.ts';
import { type IsIgnored, ignoreRules } from './ignore-rules.ts';

/** The order in which Compose looks for its file. */
const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** The folder under test: where the program starts, and the build context of its image. */
export function folderOf({ target }: CheckpointContext): string {
  if (target.kind !== 'program') throw new Error(`target ${target.name} is no program`);
  return target.cwd;
}

/** The stages of the folder's Dockerfile; at least one. */
export function stagesOf(context: CheckpointContext): readonly [Stage, ...Stage[]] {
  const [first, ...rest] = parseDockerfile(textOf(context, 'Dockerfile'));
  check(first !== undefined, {
    expected: 'a Dockerfile with at least one FROM',
    received: 'none',
    usually: 'the file is empty, or its first instruction is misspelt',
  });
  return [first, ...rest];
}

/** The stage that is shipped. */
export function shippedStage(context: CheckpointContext): Stage {
  const stages = stagesOf(context);
  return stages.at(-1) ?? stages[0];
}

/** What stays out of the build context. BuildKit prefers `Dockerfile.dockerignore`. */
export function ignoredIn(context: CheckpointContext): IsIgnored {
  const folder = folderOf(context);
  const name = ['Dockerfile.dockerignore', '.dockerignore'].find((each) => existsSync(join(folder, each)));
  return ignoreRules(name === undefined ? '' : readFileSync(join(folder, name), 'utf8'));
}

/** The folder's files that may reach an image, by name; folders are left out. */
export function contextFiles(context: CheckpointContext): string[] {
  const ignored = ignoredIn(context);
  const entries = readdirSync(folderOf(context), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() && !ignored(entry.name) ? [entry.name] : []));
}

/** The Compose file as data, its variables not yet replaced. */
export function stackOf(context: CheckpointContext): Stack {
  const folder = folderOf(context);
  const name = COMPOSE_NAMES.find((each) => existsSync(join(folder, each))) ?? 'compose.yaml';
  return parseCompose(textOf(context, name), name);
}

/** Name of the Compose file. */
export function composeName(context: CheckpointContext): string {
  const folder = folderOf(context);
  return COMPOSE_NAMES.find((each) => existsSync(join(folder, each))) ?? 'compose.yaml';
}

function textOf(context: CheckpointContext, name: string): string {
  const file = join(folderOf(context), name);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  return fail({
    expected: `a file ${name} beside the program`,
    received: 'no such file',
    usually: 'it has another name, or lies in another folder than the one that is judged',
  });
}
