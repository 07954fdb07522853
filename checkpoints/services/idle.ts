import { closeSync, existsSync, openSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { awaitRecorded, recordedAndRunning, startDetached } from './detached-process.ts';
import { takeLock } from './folder-lock.ts';
import { openFolder, type Place } from './place.ts';

const STAMP = 'last-used';
const DEFAULT_IDLE_MIN = 30;
/** A process that uses the servers says so as long as it lives. */
const TOUCH_EVERY_MS = 60_000;

const kept = new Map<string, NodeJS.Timeout>();

/**
 * The shell of a minute's rest: a megabyte that sleeps until the servers may have been idle for long enough, and then
 * asks. `idle-stop.ts` stops them, or says for how many seconds to sleep on; it fails when there is nothing left to stop.
 */
const WATCH = `
seconds=$1
shift
while sleep "$seconds"; do
  seconds=$("$@") || exit 0
done
`;

/** For how long nobody has used the servers before they stop. */
export function idleLimitMs(place: Place): number {
  const minutes = Number(place.env.LAB_SERVICES_IDLE_MIN || DEFAULT_IDLE_MIN);
  if (Number.isFinite(minutes) && minutes > 0) return minutes * 60_000;
  throw new RangeError(
    `LAB_SERVICES_IDLE_MIN must be a number of minutes above 0; it is "${place.env.LAB_SERVICES_IDLE_MIN}"`,
  );
}

/** Notes that the servers are in use, now and as long as this process lives. */
export function touchStamp(place: Place): void {
  const file = join(openFolder(place.folder), STAMP);
  closeSync(openSync(file, 'a', 0o600));
  utimesSync(file, new Date(), new Date());
}

/** For how long nobody has used the servers. */
export function idleMs(place: Place): number {
  const file = join(place.folder, STAMP);
  return existsSync(file) ? Math.max(0, Date.now() - statSync(file).mtimeMs) : 0;
}

/** Keeps the servers from being stopped as idle while this process lives, and sees to it that they are stopped later. */
export async function keepInUse(place: Place): Promise<void> {
  touchStamp(place);
  if (!kept.has(place.folder)) kept.set(place.folder, setInterval(() => tryToTouch(place), TOUCH_EVERY_MS).unref());
  await startWatchdog(place);
}

export function watchdogRecord(place: Place): string {
  return join(place.folder, 'watchdog.process');
}

/** Starts the clone's watchdog, unless it watches. */
async function startWatchdog(place: Place): Promise<void> {
  if (recordedAndRunning(watchdogRecord(place))) return;
  using _ = await takeLock(join(place.folder, 'watchdog.lock'));
  if (recordedAndRunning(watchdogRecord(place))) return;
  const limitMs = idleLimitMs(place);
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const node = [process.execPath, here('../cli/node-24.mjs'), here('idle-stop.ts'), place.folder, String(limitMs)];
  startDetached({
    command: ['/bin/sh', '-c', WATCH, 'lab-services-watchdog', String(limitMs / 1_000), ...node],
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' },
    logFile: join(place.folder, 'watchdog.log'),
    recordFile: watchdogRecord(place),
  });
  await awaitRecorded(watchdogRecord(place));
}

function tryToTouch(place: Place): void {
  try {
    touchStamp(place);
  } catch {
    // The clone was removed meanwhile.
  }
}
