import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFolder, type Place } from './place.ts';
import { canReach, type RunUser } from './run-user.ts';
import { runTool } from './tool.ts';

const RECORD = 'home';
const PREFIX = 'lab-services-';
/** For tens of megabytes. */
const TOOL = { env: process.env, timeoutMs: 120_000 };

/**
 * The folder that holds what servers themselves use: data, and programs that they could not reach elsewhere. It is the
 * clone's own services folder, unless servers run as somebody who cannot get there (root's clone below /root): then one
 * below the system's folder for temporary files, which a record in the clone names and `closeHome` removes.
 */
export function openHome(place: Place): string {
  openFolder(place.folder);
  const known = recordedHome(place);
  if (known) return known;
  if (canReach(place.folder, place.user)) return place.folder;
  // Recorded before anything is put into it. Who loses the race for the record takes the winner's.
  const made = mkdtempSync(join(realpathSync(tmpdir()), PREFIX));
  try {
    writeFileSync(join(place.folder, RECORD), `${made}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return openHome(place);
  }
  return openFolder(made);
}

/** The home outside the clone, if there is one. */
export function recordedHome(place: Place): string | undefined {
  const file = join(place.folder, RECORD);
  if (!existsSync(file)) return undefined;
  const path = readFileSync(file, 'utf8').trim();
  // A record that somebody has written into must never make us remove anything else.
  if (path.includes(`/${PREFIX}`) && existsSync(path)) return path;
  rmSync(file, { force: true });
  return undefined;
}

/** Removes the home outside the clone, if there is one; the data of its services come back into the clone first. */
export async function closeHome(place: Place, services: readonly string[]): Promise<void> {
  const home = recordedHome(place);
  if (home) {
    for (const service of services) await moveFolder(join(home, service, 'data'), join(place.folder, service, 'data'));
    rmSync(home, { recursive: true, force: true });
  }
  rmSync(join(place.folder, RECORD), { force: true });
}

/** The data folder of a service, where its server can use it; with what an earlier home left of it. */
export async function openData(place: Place, home: string, service: string): Promise<string> {
  openFolder(home);
  openFolder(home, service);
  const data = join(home, service, 'data');
  if (home !== place.folder) await moveFolder(join(place.folder, service, 'data'), data);
  const isNew = !existsSync(data);
  openFolder(data);
  await chmod(data, 0o700);
  await giveTo(data, place.user, !isNew);
  return data;
}

/** Makes the folder, and with `deep` all that is in it, belong to the user. */
export async function giveTo(path: string, user: RunUser | undefined, deep = false): Promise<void> {
  if (!user) return;
  await runTool('chown', [...(deep ? ['-R'] : []), `${user.uid}:${user.gid}`, path], TOOL);
}

/** Copies whole, then lets go of the old one: a crash in between leaves the old one. */
async function moveFolder(from: string, to: string): Promise<void> {
  if (!existsSync(from) || existsSync(to)) return;
  const draft = `${to}.moving`;
  rmSync(draft, { recursive: true, force: true });
  await copyFolder(from, draft);
  await rename(draft, to);
  rmSync(from, { recursive: true, force: true });
}

/** A copy with the same owners, modes and links. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await runTool('cp', ['-R', '-p', '-P', from, to], TOOL);
}
