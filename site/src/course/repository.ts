import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { profile } from '../../profile.ts';

/** Absolute path of a repository path such as `labs/course.ts`. */
export function onDisk(path: string): string {
  return `${__REPOSITORY__}${path}`;
}

/** The text of a repository file; undefined if there is none. */
export function readText(path: string): string | undefined {
  const file = onDisk(path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** The names in a repository folder, sorted; none if the folder is absent. */
export function listFolder(path: string): string[] {
  const folder = onDisk(path);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** The address of a file or folder on the repository's host; undefined while `profile.ts` names no host. */
export function repositoryLink(path: string): string | undefined {
  if (profile.repositoryUrl === '') return undefined;
  const kind = /\.[a-z0-9]+$/i.test(path) ? 'blob' : 'tree';
  return `${profile.repositoryUrl}/${kind}/${profile.branch}/${path}`;
}

/** The address of a commit on the repository's host; undefined while `profile.ts` names no host. */
export function commitLink(commit: string): string | undefined {
  return profile.repositoryUrl === '' ? undefined : `${profile.repositoryUrl}/commit/${commit}`;
}
