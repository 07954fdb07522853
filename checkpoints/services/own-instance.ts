import { join } from 'node:path';
import type { Service } from '../../labs/course-schema.ts';
import { hasContainer, stopCompose } from './compose.ts';
import { takeLock } from './folder-lock.ts';
import { freePort } from './free-port.ts';
import { shakeHands } from './handshake.ts';
import { openData } from './home.ts';
import { type InstanceRecord, readRecord, removeRecord, writeRecord } from './instance-record.ts';
import { KITS } from './kits.ts';
import { type Place, passwordOf, serviceFolder } from './place.ts';
import type { Ending } from './process-identity.ts';
import type { Programs } from './server-kit.ts';
import { endServer, hasProcesses, retryTakenPorts, runningServer, startServer } from './server-process.ts';

/** The clone's lock on a service: whoever starts, stops or removes it holds it. */
export function lockService(place: Place, service: Service, onWait?: (pid: number) => void): Promise<Disposable> {
  return takeLock(join(serviceFolder(place, service), 'lock'), onWait ? { onWait } : {});
}

/**
 * The record of the clone's own server, if it answers. One that runs and does not answer, or whose launcher was killed
 * before it could note it, is ended. Call it under the lock.
 */
export async function findOwn(place: Place, service: Service): Promise<InstanceRecord | undefined> {
  const folder = serviceFolder(place, service);
  const record = readRecord(folder);
  const runs = record?.source === 'compose' || runningServer(folder) !== undefined;
  if (record && runs && (await shakeHands(service, record.url)).ok) return record;
  await endServer(KITS[service], folder);
  // A container that does not answer is left to Compose, which starts it anew where that is needed.
  removeRecord(folder);
  return undefined;
}

/**
 * Starts a server on the clone's data, on a free port. Call it under the lock.
 *
 * @throws ServerStartError; then none of its processes is left.
 */
export async function startOwn(
  place: Place,
  service: Service,
  programs: Programs,
  home: string,
  ports: () => Promise<number> = freePort,
): Promise<InstanceRecord> {
  const kit = KITS[service];
  const folder = serviceFolder(place, service);
  const data = await openData(place, home, service);
  return retryTakenPorts(async () => {
    const berth = { folder, data, user: place.user, port: await ports(), password: passwordOf(place) };
    await kit.prepare(berth, programs, place, home);
    const url = await startServer(kit, berth, programs);
    return noteOwn(folder, { service, source: 'native', url, from: programs.from });
  });
}

/** Notes a server that answers. */
export async function noteOwn(
  folder: string,
  { service, source, url, from }: Pick<InstanceRecord, 'service' | 'source' | 'url' | 'from'>,
): Promise<InstanceRecord> {
  const hands = await shakeHands(service, url);
  const serverVersion = hands.ok ? hands.version : '?';
  const since = new Date().toISOString();
  const record: InstanceRecord = { version: 1, service, source, url, from, serverVersion, since };
  writeRecord(folder, record);
  return record;
}

/** Stops the clone's own server, however far its start had come. Call it under the lock. */
export async function stopOwn(place: Place, service: Service): Promise<Ending> {
  const folder = serviceFolder(place, service);
  let ending: Ending = 'was gone';
  if (hasContainer(place, service)) ending = (await stopCompose(place, service)) ? 'ended' : 'still there';
  else ending = await endServer(KITS[service], folder);
  if (ending !== 'still there') {
    removeRecord(folder);
  }
  return ending;
}

/** Whether anything of the clone's own server runs, however far its start had come. */
export function ownIsUp(place: Place, service: Service): boolean {
  const folder = join(place.folder, service);
  return hasContainer(place, service) || hasProcesses(folder);
}

/** The record of a server that runs, without a word to it. */
export function ownSeemsUp(place: Place, service: Service): InstanceRecord | undefined {
  const folder = join(place.folder, service);
  const record = readRecord(folder);
  return record && (record.source === 'compose' || runningServer(folder)) ? record : undefined;
}
