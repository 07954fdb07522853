import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LAB, TinyCourse } from '../verify/tiny-course.ts';
import { attemptEvidencePath, staleAttemptEvidence } from './evidence.ts';
import { recordAttempt } from './record-attempt.ts';

const run = promisify(execFile);
const HARNESS = ['checkpoint.ts', 'failure.ts', 'module.ts', 'target-under-test.ts', 'unavailable.ts'];
const ATTEMPT = `${LAB}/attempt/greeting.ts`;
const EVIDENCE = attemptEvidencePath('greeting');

let tiny: TinyCourse;
beforeEach(async () => {
  tiny = await TinyCourse.make();
  // The link leads to this repository: what it holds stands here as files of its own, so that they can be committed.
  await rm(join(tiny.root, 'checkpoints/harness'));
  await mkdir(join(tiny.root, 'checkpoints/harness'));
  for (const name of HARNESS) {
    await tiny.write(
      `checkpoints/harness/${name}`,
      await readFile(join(import.meta.dirname, '../harness', name), 'utf8'),
    );
  }
  await tiny.write('.gitignore', 'node_modules\n.cache\n');
  await git('init', '--quiet');
});
afterEach(() => tiny[Symbol.asyncDispose]());

const git = (...args: string[]) =>
  run('git', ['-c', 'user.name=Author', '-c', 'user.email=author@example.invalid', ...args], { cwd: tiny.root });

async function commit(): Promise<string> {
  await git('add', '--all');
  await git('-c', 'commit.gpgsign=false', 'commit', '--quiet', '--message', 'Everything');
  return (await git('rev-parse', 'HEAD')).stdout.trim();
}

const verdicts = (checkpoints: readonly { readonly id: string; readonly verdict: string }[]) =>
  checkpoints.map(({ id, verdict }) => [id, verdict]);

test('a committed attempt is recorded with its commit, whether or not it is finished', async () => {
  await tiny.write(ATTEMPT, 'export const greet = (name: string): string => "Welcome, ".concat(name);\n');
  const head = await commit();
  const evidence = await recordAttempt(tiny.placed, { root: tiny.root });
  expect(JSON.parse(await readFile(join(tiny.root, EVIDENCE), 'utf8'))).toEqual(evidence);
  expect(evidence).toMatchObject({
    lab: 'greeting',
    commit: head,
    verdict: 'failed',
    command: 'npm run record -- --attempt greeting',
  });
  expect(verdicts(evidence.checkpoints)).toEqual([
    ['greets', 'passed'],
    ['trims', 'failed'],
  ]);
  expect(JSON.stringify(evidence)).not.toContain(tiny.root);
});

test('an attempt that is not committed is refused, and one that is not there is told how to begin', async () => {
  await commit();
  await expect(recordAttempt(tiny.placed, { root: tiny.root })).rejects.toThrow('npm run lab start greeting');
  await tiny.write(ATTEMPT, 'export const greet = (name: string): string => "Welcome, ".concat(name.trim());\n');
  await expect(recordAttempt(tiny.placed, { root: tiny.root })).rejects.toThrow(`differ from it:\n  ${ATTEMPT}`);
});

test('a recorded attempt is stale once it changes, and not when the reference does', async () => {
  await tiny.write(ATTEMPT, 'export const greet = (name: string): string => "Welcome, ".concat(name.trim());\n');
  await commit();
  expect((await recordAttempt(tiny.placed, { root: tiny.root })).verdict).toBe('passed');
  await tiny.write(`${LAB}/solution/greeting.ts`, 'export {};\n');
  expect(await staleAttemptEvidence([tiny.placed], tiny.root)).toEqual([]);
  await tiny.write(ATTEMPT, 'export const greet = (): string => "Welcome";\n');
  expect(await staleAttemptEvidence([tiny.placed], tiny.root)).toEqual([
    {
      file: EVIDENCE,
      what: 'was recorded before its inputs changed',
      mend: 'npm run record -- --attempt greeting',
    },
  ]);
});

test('an attempt that nobody recorded is not asked for', async () => {
  await tiny.write(ATTEMPT, 'export {};\n');
  expect(await staleAttemptEvidence([tiny.placed], tiny.root)).toEqual([]);
});
