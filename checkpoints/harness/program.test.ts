import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { InjectedTarget } from './checkpoint.ts';
import { pollUntil } from './deadline.ts';
import { CheckpointFailure } from './failure.ts';
import { spawnProgram, startProgram } from './program.ts';

/** A target whose program is the given JavaScript. */
function script(code: string): Extract<InjectedTarget, { kind: 'program' }> {
  return { kind: 'program', name: 'script', command: [process.execPath, '-e', code], cwd: '/', env: {} };
}

const SERVE = `require('node:net').createServer().listen(process.env.PORT, process.env.HOST, function () {
  console.log('READY ' + this.address().port) });`;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const gone = (pid: number) =>
  pollUntil(
    () => alive(pid),
    (isAlive) => !isAlive,
    { otherwise: () => new Error(`process ${pid} is still alive`) },
  );

async function failureOf(work: Promise<unknown>): Promise<CheckpointFailure> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CheckpointFailure)) throw new Error(`expected a CheckpointFailure, got ${String(error)}`);
  return error;
}

test('a program is started, asked for its port, and stopped', async () => {
  await using program = await startProgram({ target: script(SERVE) });
  expect(program.port).toBeGreaterThan(0);
  expect(await program.stop()).toEqual({ code: null, signal: 'SIGTERM' });
});

test('a program that ends before it is ready is a start failure with the end of its log', async () => {
  const failure = await failureOf(startProgram({ target: script(`console.error('no such table'); process.exit(3)`) }));
  expect(failure.report.kind).toBe('start');
  expect(failure.report.received).toBe('your program ended before it was ready');
  expect(failure.report.details?.join('\n')).toContain('no such table');
});

test('a command that does not exist is a start failure', async () => {
  const target: InjectedTarget = { ...script(''), command: ['/no/such/program'] };
  expect((await failureOf(startProgram({ target }))).report.kind).toBe('start');
});

test('a shell command and what it starts in turn are killed together', async () => {
  const target: InjectedTarget = {
    kind: 'program',
    name: 'command',
    command: `sleep 300 & echo "CHILD $!" >&2; '${process.execPath}' -e "${SERVE.replaceAll('\n', ' ')}"`,
    cwd: '/',
    env: {},
  };
  const program = await startProgram({ target });
  const child = Number(/CHILD (\d+)/.exec(program.stderr)?.[1]);
  expect(alive(child)).toBe(true);
  await program[Symbol.asyncDispose]();
  await gone(child);
});

test('a program that ignores SIGTERM is killed', async () => {
  await using program = await startProgram({ target: script(`process.on('SIGTERM', () => {}); ${SERVE}`) });
  expect((await program.stop()).signal).toBe('SIGKILL');
});

test('a program that logs without end does not fill our memory', async () => {
  await using program = spawnProgram({ target: script(`setInterval(() => console.error('x'.repeat(1e6)), 0)`) });
  await program.waitForOutput(
    (p) => p.stderr.length > 200_000,
    5_000,
    () => new Error('it logged nothing'),
  );
  expect(program.stderr.length).toBeLessThanOrEqual(256 * 1024);
});

test('a program does not outlive a run that is killed with SIGKILL', async () => {
  const runner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { spawn } from 'node:child_process';
       const { watchGroup } = await import(${JSON.stringify(new URL('./reaper.ts', import.meta.url).href)});
       const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6)'],
         { detached: true, stdio: 'ignore' });
       watchGroup(child.pid);
       console.log(child.pid);
       setInterval(() => {}, 1e6);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(runner.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(alive(pid)).toBe(true);
  runner.kill('SIGKILL');
  await gone(pid);
});
