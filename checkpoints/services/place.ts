import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../runner/repository.ts';
import { type RunUser, runUser } from './run-user.ts';

/** Where a clone's servers live, and as whom they run. */
export interface Place {
  /** `.cache/services` of the clone: records, logs, locks, and what can be made again. Ours alone. */
  readonly folder: string;
  /** Undefined: as we do. */
  readonly user: RunUser | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Of this clone, or below another folder. */
export function placeIn(folder: string = `${cacheFolder}/services`, env: Place['env'] = process.env): Place {
  return { folder, user: runUser(), env };
}

/** Makes the folder and those above it. Others may pass through it, to what is theirs in it, but see nothing. */
export function openFolder(...parts: readonly [string, ...string[]]): string {
  const path = join(...parts);
  mkdirSync(path, { recursive: true });
  // The mode of mkdir is cut by the umask, which may be somebody's 077.
  chmodSync(path, 0o711);
  return path;
}

/** The folder of a service in the clone. */
export function serviceFolder(place: Place, name: string): string {
  openFolder(place.folder);
  return openFolder(place.folder, name);
}

/**
 * The password of all of this clone's servers, so that other users of the machine, who can reach 127.0.0.1 as well,
 * cannot use them. Drawn once.
 */
export function passwordOf(place: Place): string {
  const file = join(openFolder(place.folder), 'password');
  for (;;) {
    if (existsSync(file)) {
      const text = readFileSync(file, 'utf8').trim();
      if (text.length >= 16) return text;
      // Another run writes it this very moment, or one died at it.
      rmSync(file, { force: true });
    }
    try {
      writeFileSync(file, `${randomBytes(18).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
