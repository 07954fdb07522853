import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../labs/course-schema.ts';
import { openHome, recordedHome } from './home.ts';
import { KITS, SERVICES } from './kits.ts';
import { openFolder, type Place } from './place.ts';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';
import { endServer } from './server-process.ts';

/** Says whose it is: the process that made it, which removes it again. */
const OWNER = 'owner.json';
const FOLDER = 'private';

/**
 * A folder for one server that belongs to one checkpoint. It is in the home, so that the server reaches it, and names its
 * owner, so that what a killed run leaves is known.
 */
export function openPrivateFolder(place: Place, service: Service): { readonly folder: string; readonly home: string } {
  const home = openHome(place);
  openFolder(home, FOLDER);
  const folder = openFolder(home, FOLDER, `${service}-${randomBytes(6).toString('hex')}`);
  writeFileSync(join(folder, OWNER), JSON.stringify(identityOf(process.pid)), { mode: 0o600 });
  return { folder, home };
}

/** Ends the servers, and removes the folders, of owners that are gone. @returns the folders that it removed. */
export async function removePrivateLeftovers(place: Place): Promise<string[]> {
  const removed: string[] = [];
  for (const home of new Set([place.folder, recordedHome(place)])) {
    const all = home === undefined ? '' : join(home, FOLDER);
    if (all === '' || !existsSync(all)) continue;
    for (const name of readdirSync(all)) {
      const folder = join(all, name);
      if (ownerRuns(folder)) continue;
      const service = SERVICES.find((each) => name.startsWith(`${each}-`));
      if (service) await endServer({ ...KITS[service], stopSignal: 'SIGKILL' }, folder);
      rmSync(folder, { recursive: true, force: true });
      removed.push(folder);
    }
  }
  return removed;
}

/** Whether a checkpoint of a run that goes on has a server of its own here. */
export function hasPrivateServers(place: Place): boolean {
  return [place.folder, recordedHome(place)].some((home) => {
    const all = home === undefined ? '' : join(home, FOLDER);
    return all !== '' && existsSync(all) && readdirSync(all).some((name) => ownerRuns(join(all, name)));
  });
}

function ownerRuns(folder: string): boolean {
  try {
    return isRunning(JSON.parse(readFileSync(join(folder, OWNER), 'utf8')) as ProcessIdentity);
  } catch {
    return false;
  }
}
