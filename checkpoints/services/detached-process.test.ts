import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awaitRecorded, recordedAndRunning, recordedProcess, startDetached } from './detached-process.ts';
import { endProcess, identityOf, isRunning } from './process-identity.ts';

let folder: string;
let recordFile: string;
let logFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'detached-'));
  recordFile = join(folder, 'server.process');
  logFile = join(folder, 'server.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

function start(...command: [string, ...string[]]) {
  return startDetached({ command, cwd: '/', env: { PATH: process.env.PATH ?? '' }, logFile, recordFile });
}

test('the record names the very process that the program runs in', async () => {
  const { pid } = start('sleep', '60');
  const recorded = await awaitRecorded(recordFile);
  expect(recorded).toEqual(identityOf(pid ?? 0));
  expect(recorded && (await endProcess(recorded))).toBe('ended');
  expect(recordedAndRunning(recordFile)).toBeUndefined();
  expect(recorded && (await endProcess(recorded))).toBe('was gone');
});

test('a process that ignores SIGTERM is killed', async () => {
  start('sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1; done');
  const recorded = await awaitRecorded(recordFile);
  while (!readFileSync(logFile, 'utf8').includes('ready')) await new Promise((resolve) => setImmediate(resolve));
  expect(recorded && (await endProcess(recorded, { graceMs: 100 }))).toBe('killed');
});

test('a frozen process is killed', async () => {
  start('sleep', '60');
  const recorded = await awaitRecorded(recordFile);
  if (!recorded) throw new Error('sleep did not start');
  process.kill(recorded.pid, 'SIGSTOP');
  // Of two signals that wait together, SIGTERM would come first.
  const state = () => execFileSync('ps', ['-o', 'stat=', '-p', `${recorded.pid}`], { encoding: 'utf8' });
  while (!state().startsWith('T')) await new Promise((resolve) => setImmediate(resolve));
  expect(await endProcess(recorded, { graceMs: 50 })).toBe('killed');
});

test('a pid that was given to another process is left alone', async () => {
  const stranger = spawn('sleep', ['60']);
  const reused = { pid: stranger.pid ?? 0, startedAt: 'an hour earlier' };
  expect(isRunning(reused)).toBe(false);
  expect(await endProcess(reused)).toBe('was gone');
  expect(stranger.exitCode).toBe(null);
  expect(identityOf(stranger.pid ?? 0)).toBeDefined();
  stranger.kill();
  await once(stranger, 'exit');
});

test.each(['', 'boot x\n', 'boot x\n12', 'boot x\n-4\nfoo', 'nonsense'])('half a record, %j, names nobody', (text) => {
  writeFileSync(recordFile, text);
  expect(recordedProcess(recordFile)).toBeUndefined();
});

test('a program that does not exist has ended, and its log says why', async () => {
  const detached = start('/nowhere/server');
  expect((await detached.exited).code).toBe(127);
  expect(readFileSync(logFile, 'utf8')).toContain('/nowhere/server');
});
