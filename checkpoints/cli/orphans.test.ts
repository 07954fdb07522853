import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil } from '../harness/deadline.ts';
import { TemporaryCourse } from './temporary-course.ts';

/** Ends on no signal that can be ignored, starts a child like itself, and never gets ready. */
const STUBBORN = `import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
appendFileSync(process.env.PIDS, process.pid + '\\n');
if (process.argv[2] !== 'child') spawn(process.execPath, [process.argv[1], 'child'], { stdio: 'ignore' });
setInterval(() => {}, 1_000);
`;

let course: TemporaryCourse;
let child: ChildProcess;

beforeEach(() => {
  course = new TemporaryCourse();
  course.write({ 'labs/1-first/echo/attempt/server.ts': STUBBORN });
});
afterEach(() => {
  child.kill('SIGKILL');
  course[Symbol.dispose]();
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie answers too, until whoever inherited it takes notice.
    return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
  } catch {
    return false;
  }
};

/** Starts a command, and waits for the program under test and its child. */
async function programsOf(command: string): Promise<number[]> {
  const file = join(course.root, 'pids');
  child = course.start([command, 'echo'], { env: { PIDS: file } });
  child.stdout?.resume();
  child.stderr?.resume();
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : []);
  return pollUntil(read, (pids) => pids.length === 2, {
    withinMs: 30_000,
    otherwise: (pids) => new Error(`expected two processes; saw ${pids.length}`),
  });
}

const gone = (pids: number[]) =>
  pollUntil(
    () => pids.filter(isAlive),
    (alive) => alive.length === 0,
    { withinMs: 10_000, otherwise: (alive) => new Error(`still alive: ${alive.join(', ')}`) },
  );

test.skipIf(process.platform === 'win32').each([
  ['test', 'SIGINT', 130],
  ['test', 'SIGTERM', 143],
  ['test', 'SIGKILL', null],
  ['watch', 'SIGINT', 130],
  ['watch', 'SIGKILL', null],
] as const)(
  '%s ended by %s leaves nothing behind',
  async (command, signal, code) => {
    const pids = await programsOf(command);
    expect(pids.every(isAlive)).toBe(true);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    expect(await ended).toBe(code);
    await gone(pids);
  },
  60_000,
);
