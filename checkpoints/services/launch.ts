import type { Service } from '../../labs/course-schema.ts';
import { startWithCompose } from './compose.ts';
import { type Consent, DebianError, extractDebian } from './debian-packages.ts';
import { EXAMPLES, shakeHands } from './handshake.ts';
import { openHome } from './home.ts';
import { idleLimitMs } from './idle.ts';
import { KITS, VARIABLES } from './kits.ts';
import { findOwn, lockService, noteOwn, startOwn } from './own-instance.ts';
import { type Place, serviceFolder } from './place.ts';
import { remedyFor } from './remedies.ts';
import { ServerStartError } from './server-process.ts';
import { ToolError } from './tool.ts';

/** Where a service is, or why it is not to be had here and how to get it. */
export type Launched =
  | { readonly ok: true; readonly url: string; readonly own: boolean }
  | { readonly ok: false; readonly reason: string; readonly remedy: string };

export interface LaunchOptions {
  /** Told what is being waited for. */
  readonly onProgress?: (text: string) => void;
  readonly consent: Consent;
}

/** Errors of the file system that a person can do something about. */
const FOLDER_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'make it yours',
  EPERM: 'make it yours',
  EROFS: 'make it writable',
  ENOSPC: 'free some space',
  EDQUOT: 'free some space',
  EFBIG: 'free some space',
  ENOENT: 'make it',
  ENOTDIR: 'remove what stands in its place',
  EEXIST: 'remove what stands in its place',
};

/**
 * Finds a service, or starts it: the address in the environment, a server on the usual port where that is asked for, the
 * clone's own server, Docker Compose, programs of this machine, Debian packages. Never rejects for what a machine lacks.
 */
export async function launch(place: Place, service: Service, options: LaunchOptions): Promise<Launched> {
  const given = place.env[VARIABLES[service]];
  if (given) return useGiven(service, given);
  if (place.env.LAB_REUSE === '1' && (await shakeHands(service, EXAMPLES[service])).ok) {
    return { ok: true, url: EXAMPLES[service], own: false };
  }
  try {
    idleLimitMs(place);
    const wait = (pid: number) => options.onProgress?.(`waiting for process ${pid}, which is starting or stopping it`);
    using _ = await lockService(place, service, wait);
    return await launchOwn(place, service, options);
  } catch (error) {
    return refusalOf(error, place, service);
  }
}

async function useGiven(service: Service, url: string): Promise<Launched> {
  const hands = await shakeHands(service, url);
  if (hands.ok) return { ok: true, url, own: false };
  return {
    ok: false,
    reason: `${VARIABLES[service]} names a server that cannot be used: ${hands.reason}`,
    remedy: `start that server, or: unset ${VARIABLES[service]}, and one is started for you`,
  };
}

async function launchOwn(place: Place, service: Service, options: LaunchOptions): Promise<Launched> {
  const known = await findOwn(place, service);
  if (known) return { ok: true, url: known.url, own: true };
  const { onProgress = () => {}, consent } = options;
  const composed = await startWithCompose(place, service, onProgress);
  if (composed) {
    const folder = serviceFolder(place, service);
    await noteOwn(folder, { service, source: 'compose', url: composed.url, from: 'docker-compose.yml' });
    return { ok: true, url: composed.url, own: true };
  }
  const kit = KITS[service];
  const home = openHome(place);
  const programs =
    (await kit.locate(place, home)) ??
    ((await extractDebian(kit, place, consent, onProgress)) ? await kit.locate(place, home) : undefined);
  if (!programs) return { ok: false, reason: `${service} is not on this machine`, remedy: remedyFor(service) };
  onProgress(`starting ${programs.from}`);
  const started = await startOwn(place, service, programs, home);
  return { ok: true, url: started.url, own: true };
}

function refusalOf(error: unknown, place: Place, service: Service): Launched {
  const { code = '', message, path } = error as NodeJS.ErrnoException;
  if (error instanceof RangeError) return { ok: false, reason: message, remedy: 'unset LAB_SERVICES_IDLE_MIN' };
  if (error instanceof DebianError) return { ok: false, reason: message, remedy: remedyFor(service) };
  if (error instanceof ServerStartError) {
    return { ok: false, reason: message, remedy: `npm run services -- logs ${service} shows the whole of its log` };
  }
  if (error instanceof ToolError) {
    const remedy = `free some space where ${place.folder} is, and try again; npm run services -- reset ${service} starts afresh`;
    return { ok: false, reason: `${service} could not be made ready: ${message}`, remedy };
  }
  if (code === 'LOCKED') return { ok: false, reason: message, remedy: 'end that process, and try again' };
  const mend = FOLDER_ERRORS[code];
  if (mend === undefined) throw error;
  const where = path ?? place.folder;
  return {
    ok: false,
    reason: `${service} needs to write below ${place.folder}: ${message}`,
    remedy: `${mend}: ${where}`,
  };
}
