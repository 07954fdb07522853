import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { bootId, isRunning, type ProcessIdentity, startOfStat } from './process-identity.ts';
import type { RunUser } from './run-user.ts';

export interface DetachedOptions {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Takes both of its outputs: a pipe that nobody reads would freeze it one day. */
  readonly logFile: string;
  /** Takes its pid and start time. Written by the process itself, before it becomes what it is to be. */
  readonly recordFile: string;
  /** Default: who we are. */
  readonly user?: RunUser | undefined;
}

export interface Detached {
  /** Undefined: it could not be started at all. */
  readonly pid: number | undefined;
  /** Resolves when it has ended, as long as this process lives to see it. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly hasExited: () => boolean;
}

/**
 * The shell notes who it is and then turns into the server: same pid, same start time. So there is no moment at which
 * the launcher may be killed and leave a server that nobody knows.
 */
const NOTE_AND_BECOME = `
{ echo "$$"; cat "/proc/$$/stat" 2>/dev/null || LC_ALL=C ps -o lstart= -p "$$"; } >&3
exec 3>&-
exec "$@"
`;

/** The shell needs milliseconds; a record that stays empty is that of a process that never came to be. */
const NOTE_DEADLINE_MS = 1_000;
const POLL_MS = 10;

/** Starts a process that outlives this one, in a session of its own. */
export function startDetached({ command, cwd, env, logFile, recordFile, user }: DetachedOptions): Detached {
  const log = openSync(logFile, 'a', 0o600);
  const record = openSync(recordFile, 'w', 0o600);
  try {
    writeSync(record, `boot ${bootId()}\n`);
    const child = spawn('/bin/sh', ['-c', NOTE_AND_BECOME, 'sh', ...command], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', log, log, record],
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
    });
    child.unref();
    let ended = false;
    const exited: Detached['exited'] = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        ended = true;
        resolve({ code, signal });
      };
      child.once('exit', end);
      child.once('error', (error) => {
        if (child.pid === undefined) end(null, null);
        writeToLog(logFile, error.message);
      });
    });
    return { pid: child.pid, exited, hasExited: () => ended };
  } finally {
    closeSync(log);
    closeSync(record);
  }
}

/** Who a record names, whether that process still runs or not. Undefined: there is no record, or not a whole one. */
export function recordedProcess(recordFile: string): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(recordFile, 'utf8');
  } catch {
    return undefined;
  }
  const [bootLine = '', pidLine = '', startLine = ''] = text.split('\n');
  const pid = Number(pidLine);
  if (!bootLine.startsWith('boot ') || !Number.isInteger(pid) || pid <= 0 || startLine.trim() === '') return undefined;
  if (process.platform !== 'linux') return { pid, startedAt: startLine.trim().split(/\s+/).join(' ') };
  const start = startOfStat(startLine);
  return start === undefined ? undefined : { pid, startedAt: `${bootLine.slice('boot '.length)}:${start}` };
}

/**
 * As `recordedAndRunning`, for a process that may have been started this very moment: its record is open, and the pid
 * follows.
 */
export async function awaitRecorded(recordFile: string): Promise<ProcessIdentity | undefined> {
  const end = performance.now() + NOTE_DEADLINE_MS;
  while (existsSync(recordFile) && recordedProcess(recordFile) === undefined && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return recordedAndRunning(recordFile);
}

/** Who a record names, if that very process still runs. */
export function recordedAndRunning(recordFile: string): ProcessIdentity | undefined {
  const identity = recordedProcess(recordFile);
  return identity && isRunning(identity) ? identity : undefined;
}

export function forgetProcess(recordFile: string): void {
  rmSync(recordFile, { force: true });
}

function writeToLog(logFile: string, text: string): void {
  const log = openSync(logFile, 'a');
  writeSync(log, `${text}\n`);
  closeSync(log);
}
