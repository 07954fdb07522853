import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POLL_MS = 200;

/** What a process holds. */
export interface Footprint {
  readonly rssBytes: number;
  readonly descriptors: number;
}

/** On Linux from /proc, elsewhere (macOS) from ps and lsof. */
export async function footprintOf(pid: number): Promise<Footprint> {
  if (process.platform === 'linux') {
    const [status, descriptors] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readdir(`/proc/${pid}/fd`),
    ]);
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`/proc/${pid}/status names no VmRSS: has the process ended?`);
    return { rssBytes: Number(kilobytes) * 1024, descriptors: descriptors.length };
  }
  const [rss, files] = await Promise.all([
    run('ps', ['-o', 'rss=', '-p', String(pid)]),
    run('lsof', ['-n', '-P', '-p', String(pid)]),
  ]);
  const numbered = files.stdout.split('\n').filter((line) => /^\S+\s+\d+\s+\S+\s+\d+[a-z]?\s/i.test(line));
  return { rssBytes: Number(rss.stdout.trim()) * 1024, descriptors: numbered.length };
}

/**
 * Looks again and again until `accept` holds or the deadline is over.
 * @returns the last footprint, accepted or not.
 */
export async function pollFootprint(
  pid: number,
  accept: (footprint: Footprint) => boolean,
  withinMs: number,
): Promise<Footprint> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const footprint = await footprintOf(pid);
    if (accept(footprint) || performance.now() >= deadline) return footprint;
    await wait(POLL_MS);
  }
}

/**
 * Waits until the memory of a process has stood still, within 1 %, for a second: collectors give back late.
 * @returns the footprint then, or at the deadline.
 */
export function settledFootprint(pid: number, withinMs: number): Promise<Footprint> {
  const seen: Footprint[] = [];
  return pollFootprint(
    pid,
    (footprint) => {
      seen.push(footprint);
      const lately = seen.slice(-(1000 / POLL_MS)).map(({ rssBytes }) => rssBytes);
      return lately.length === 1000 / POLL_MS && Math.max(...lately) <= 1.01 * Math.min(...lately);
    },
    withinMs,
  );
}
