import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../labs/course-schema.ts';
import { removeVolume } from './compose.ts';
import { awaitRecorded, forgetProcess } from './detached-process.ts';
import { closeHome, recordedHome } from './home.ts';
import { watchdogRecord } from './idle.ts';
import { SERVICES } from './kits.ts';
import { lockService, ownIsUp, stopOwn } from './own-instance.ts';
import type { Place } from './place.ts';
import { hasPrivateServers, removePrivateLeftovers } from './private-folder.ts';
import { type Ending, endProcess } from './process-identity.ts';

/**
 * Stops the clone's own servers, and whatever a killed run has left of them. With the last of them go the watchdog and
 * the folder outside the clone, if there is one. Data stay.
 */
export async function stopServices(place: Place, names: readonly Service[]): Promise<Map<Service, Ending>> {
  const endings = await Promise.all(
    names.map(async (name) => {
      using _ = await lockService(place, name);
      return [name, await stopOwn(place, name)] as const;
    }),
  );
  await removePrivateLeftovers(place);
  if (await closeUnused(place)) {
    const watchdog = await awaitRecorded(watchdogRecord(place));
    if (watchdog) await endProcess(watchdog, { graceMs: 0 });
    forgetProcess(watchdogRecord(place));
  }
  return new Map(endings);
}

/** Removes the folder outside the clone, if there is one and nothing uses it. @returns whether nothing runs any more. */
export async function closeUnused(place: Place): Promise<boolean> {
  // All locks, always in this order: nobody starts anything meanwhile.
  using locks = new DisposableStack();
  for (const name of SERVICES) locks.use(await lockService(place, name));
  if (SERVICES.some((name) => ownIsUp(place, name)) || hasPrivateServers(place)) return false;
  await closeHome(place, SERVICES);
  return true;
}

/**
 * Removes the data of one service, which must have been stopped.
 *
 * @returns the folders, and the volume, that are gone.
 */
export async function removeData(place: Place, name: Service): Promise<string[]> {
  using _ = await lockService(place, name);
  const homes = [place.folder, recordedHome(place)].filter((home) => home !== undefined);
  const folders = homes.map((home) => join(home, name, 'data')).filter((data) => existsSync(data));
  for (const data of folders) rmSync(data, { recursive: true, force: true });
  const volume = await removeVolume(place, name);
  return volume === undefined ? folders : [...folders, `the volume ${volume}`];
}
