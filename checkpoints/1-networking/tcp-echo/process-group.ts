import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { CheckpointFailure } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';

const run = promisify(execFile);
const PS_TIMEOUT_MS = 5_000;

/** What a program and everything that it started hold at this moment. A shell around the program counts too. */
export interface Holdings {
  readonly residentBytes: number;
  /** Open descriptors; `undefined` on systems without `/proc`. */
  readonly descriptors: number | undefined;
}

/** @throws CheckpointFailure when this system tells neither by `/proc` nor by `ps`: a check that cannot look never passes. */
export async function holdingsOf(program: Program): Promise<Holdings> {
  const holdings = process.platform === 'linux' ? await fromProc(program.pid) : await fromPs(program.pid);
  if (holdings) return holdings;
  throw new CheckpointFailure({
    expected: 'to read how much memory your program holds',
    received: `no answer on this system (${process.platform}) for process group ${program.pid}`,
    usually: 'neither /proc nor ps is there: run this checkpoint on Linux or macOS, or in a container',
  });
}

async function fromProc(group: number): Promise<Holdings | undefined> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  let residentBytes = 0;
  let descriptors = 0;
  let found = false;
  for (const pid of processes) {
    try {
      // The name in parentheses may hold spaces; state, parent and process group follow it (proc_pid_stat(5)).
      const [, , groupField] = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
      if (Number(groupField) !== group) continue;
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      residentBytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
      descriptors += (await readdir(`/proc/${pid}/fd`)).length;
      found = true;
    } catch {
      // It ended while we looked.
    }
  }
  return found ? { residentBytes, descriptors } : undefined;
}

async function fromPs(group: number): Promise<Holdings | undefined> {
  try {
    const { stdout } = await run('ps', ['-A', '-o', 'pgid=,rss='], { timeout: PS_TIMEOUT_MS });
    const rows = stdout
      .trim()
      .split('\n')
      .map((row) => row.trim().split(/\s+/).map(Number))
      .filter(([pgid]) => pgid === group);
    if (rows.length === 0) return undefined;
    return { residentBytes: rows.reduce((sum, [, rss = 0]) => sum + rss * 1024, 0), descriptors: undefined };
  } catch {
    return undefined;
  }
}

/** `12.3 MB`: millions of bytes, one decimal. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
