import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * One process, and no other that is given the same number later: the kernel reuses pids, but never a pid together with
 * its start time.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** On Linux the boot's id and the start in clock ticks since boot (proc(5), field 22); elsewhere what `ps` prints. */
  readonly startedAt: string;
}

/** What became of a process that was to end. */
export type Ending = 'was gone' | 'ended' | 'killed' | 'still there';

export interface EndOptions {
  /** Default SIGTERM. */
  readonly signal?: NodeJS.Signals;
  /** How long it may take before SIGKILL follows. Default 5,000. */
  readonly graceMs?: number;
}

const GRACE_MS = 5_000;
/** A killed process is gone as soon as the kernel has taken it apart. */
const KILL_DEADLINE_MS = 5_000;
const POLL_MS = 10;
/** `ps` answers at once, or not at all. */
const PS_TIMEOUT_MS = 2_000;

let boot: string | undefined;

/** Changes with every start of the machine. Empty where the system has none. */
export function bootId(): string {
  boot ??= textOrNothing('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return boot;
}

/** The process that has this pid now. Undefined: none, or one that has ended and only waits for its parent. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') {
    const stat = textOrNothing(`/proc/${pid}/stat`);
    const start = stat === undefined ? undefined : startOfStat(stat);
    return start === undefined ? undefined : { pid, startedAt: `${bootId()}:${start}` };
  }
  try {
    const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, timeout: PS_TIMEOUT_MS } as const;
    const [state = '', ...start] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`], options)
      .trim()
      .split(/\s+/);
    return start.length === 0 || state.startsWith('Z') ? undefined : { pid, startedAt: start.join(' ') };
  } catch {
    // `ps` ends with 1 when there is no such process.
    return undefined;
  }
}

/** The start time in a line of /proc/<pid>/stat. Undefined for a zombie. */
export function startOfStat(stat: string): string | undefined {
  // The name, in parentheses, may hold spaces and parentheses of its own.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return identityOf(pid)?.startedAt === startedAt;
}

/** Sends a signal to exactly this process. False: it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Ends exactly this process: a signal, and SIGKILL when that is not obeyed in time. */
export async function endProcess(identity: ProcessIdentity, options: EndOptions = {}): Promise<Ending> {
  const { signal = 'SIGTERM', graceMs = GRACE_MS } = options;
  if (!signalProcess(identity, signal)) return 'was gone';
  if (await hasGone(identity, graceMs)) return signal === 'SIGKILL' ? 'killed' : 'ended';
  if (!signalProcess(identity, 'SIGKILL')) return 'ended';
  return (await hasGone(identity, KILL_DEADLINE_MS)) ? 'killed' : 'still there';
}

/** True as soon as the process is gone, false when it is still there after `withinMs`. */
export async function hasGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (isRunning(identity)) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

function textOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
