import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folder that holds a program: the first of the PATH, or else of `more`. */
export function onPath(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
  more: readonly string[] = [],
): string | undefined {
  const folders = [...(env.PATH ?? '').split(delimiter), ...more];
  return folders.find((folder) => folder.startsWith('/') && isExecutable(join(folder, program)));
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
