import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { identityOf, isRunning } from './process-identity.ts';

export interface LockOptions {
  /** How long to wait for the one who holds it. Default 120,000: it may be downloading. */
  readonly withinMs?: number;
  /** Called once, when there is somebody to wait for. */
  readonly onWait?: (holderPid: number) => void;
}

/** The lock was not to be had in time. */
export class LockedError extends Error {
  readonly code = 'LOCKED';
}

const WITHIN_MS = 120_000;
const POLL_MS = 25;
/** Who takes a lock over does so in microseconds; after that long they have died at it. */
const TAKE_OVER_MS = 10_000;

interface Holder {
  readonly pid: number;
  readonly startedAt: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/**
 * Takes the lock that `file` stands for: exclusive among all processes, and among all callers of one. It names its
 * holder by pid and start time, so that the lock of a process that died is taken over and not waited for.
 *
 * @throws LockedError
 */
export async function takeLock(file: string, options: LockOptions = {}): Promise<Disposable> {
  const self = identityOf(process.pid);
  const holder: Holder = { pid: process.pid, startedAt: self?.startedAt ?? '', token: randomBytes(8).toString('hex') };
  const draft = `${file}.${holder.token}`;
  const end = performance.now() + (options.withinMs ?? WITHIN_MS);
  let told = false;
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    for (;;) {
      // A link is made whole or not at all, and never over another file.
      if (linked(draft, file)) break;
      const other = readHolder(file);
      if (other && !isRunning(other)) takeOver(file, other);
      else {
        if (other && !told) options.onWait?.(other.pid);
        told ||= other !== undefined;
        if (performance.now() > end) throw new LockedError(lockedText(file, other, options.withinMs ?? WITHIN_MS));
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
  sweep(file);
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

/**
 * Removes the lock of a dead holder, once. Of several that saw it dead, one makes the link that is named after the dead;
 * only that one removes the lock. The dead cannot release it, so it still is theirs at that moment.
 */
function takeOver(file: string, dead: Holder): void {
  const claim = `${file}.dead-${dead.token}`;
  if (linked(file, claim) || ageMs(claim) > TAKE_OVER_MS) {
    if (readHolder(file)?.token === dead.token) rmSync(file, { force: true });
  }
}

/** Claims on the long dead, and drafts of those who died while they waited. */
function sweep(file: string): void {
  const folder = dirname(file);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(`${basename(file)}.`) || ageMs(path) < TAKE_OVER_MS) continue;
    const holder = readHolder(path);
    if (!holder || !isRunning(holder)) rmSync(path, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    // Released this very moment.
    return undefined;
  }
}

/** Since its last link was made. */
function ageMs(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? Date.now() - found.ctimeMs : 0;
}

function lockedText(file: string, holder: Holder | undefined, withinMs: number): string {
  const who = holder ? `process ${holder.pid}` : 'another process';
  return `${file} has been held by ${who} for ${Math.round(withinMs / 1000)} s`;
}
