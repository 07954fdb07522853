import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LAB, TEST, TinyCourse, takeAwayTheEngine } from '../verify/tiny-course.ts';
import { labEvidencePath, staleExperimentEvidence, staleLabEvidence } from './evidence.ts';
import { EXPERIMENTS } from './experiments.ts';
import { hashOf, labInputs } from './inputs-hash.ts';
import { recordLab } from './record-lab.ts';

const run = promisify(execFile);

let tiny: TinyCourse;
beforeEach(async () => {
  tiny = await TinyCourse.make();
});
afterEach(() => tiny[Symbol.asyncDispose]());

/** Commits everything in the tiny course, with no settings of the machine's own. */
async function commit(): Promise<string> {
  const identity = ['-c', 'user.name=Author', '-c', 'user.email=author@example.invalid', '-c', 'commit.gpgsign=false'];
  const git = (...args: string[]) => run('git', [...identity, ...args], { cwd: tiny.root });
  // The links lead to this repository: what they hold stands here as files of its own.
  await rm(join(tiny.root, 'checkpoints/harness'));
  await mkdir(join(tiny.root, 'checkpoints/harness'));
  for (const name of ['checkpoint.ts', 'failure.ts', 'module.ts', 'target-under-test.ts', 'unavailable.ts']) {
    const text = await readFile(join(import.meta.dirname, '../harness', name), 'utf8');
    await tiny.write(`checkpoints/harness/${name}`, text);
  }
  await tiny.write('.gitignore', 'node_modules\n.cache\n');
  await git('init', '--quiet');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Everything');
  return (await git('rev-parse', 'HEAD')).stdout.trim();
}

const read = async () => JSON.parse(await readFile(join(tiny.root, labEvidencePath('greeting')), 'utf8'));
const hash = async () => hashOf(tiny.root, await labInputs(tiny.placed, tiny.root));

test('a recorded lab holds what ran, where it comes from, and nothing that names the machine', async () => {
  const head = await commit();
  const evidence = await recordLab(tiny.placed, { root: tiny.root });
  expect(await read()).toEqual(evidence);
  expect(Object.keys(evidence)).toEqual([
    'lab',
    'commit',
    'date',
    'machine',
    'tools',
    'command',
    'inputsHash',
    'suiteMs',
    'targets',
    'mistakes',
  ]);
  expect(evidence).toMatchObject({ lab: 'greeting', commit: head, command: 'npm run record -- --lab greeting' });
  expect(evidence.targets.map(({ name, verdict, checkpoints }) => [name, verdict, checkpoints.length])).toEqual([
    ['starter', 'failed', 2],
    ['solution', 'passed', 2],
    ['variants/replace', 'passed', 2],
  ]);
  expect(evidence.mistakes).toEqual([
    {
      name: 'no-name',
      title: 'A mistake',
      checkpoint: 'greets',
      alsoCaughtBy: [],
      caught: true,
      message: 'expected  "Welcome, Ada"\nreceived  Welcome, guest\nusually   the name is left out',
    },
    {
      name: 'no-trim',
      title: 'A mistake',
      checkpoint: 'trims',
      alsoCaughtBy: [],
      caught: true,
      message:
        'expected  no spaces around the name\nreceived  "Welcome,  Ada "\nusually   the name is used as it was typed',
    },
  ]);
  const text = JSON.stringify(evidence);
  expect(text).not.toContain(tiny.root);
  expect(text).not.toContain(hostname());
  expect(await staleLabEvidence([tiny.placed], tiny.root)).toEqual([]);
});

test('with each mistake at its own checkpoint, who else catches it is not said', async () => {
  await commit();
  const { command, mistakes, targets } = await recordLab(tiny.placed, { root: tiny.root, named: true });
  expect(command).toBe('npm run record -- --lab greeting --named');
  expect(mistakes.map(({ name, caught }) => [name, caught])).toEqual([
    ['no-name', true],
    ['no-trim', true],
  ]);
  expect(mistakes.every((mistake) => !('alsoCaughtBy' in mistake))).toBe(true);
  expect(targets.map(({ checkpoints }) => checkpoints.length)).toEqual([2, 2, 2]);
});

test('files that differ from the commit are refused, and marked when that is allowed', async () => {
  const head = await commit();
  await tiny.replace(TEST, "usually: 'the name is left out'", "usually: 'no name'");
  await tiny.write(`${LAB}/solution/new.ts`, 'export {};\n');
  await expect(recordLab(tiny.placed, { root: tiny.root })).rejects.toThrow(
    `these files differ from it:\n  ${TEST}\n  ${LAB}/solution/new.ts\nMend: commit them first`,
  );
  await rm(join(tiny.root, LAB, 'solution/new.ts'));
  expect((await recordLab(tiny.placed, { root: tiny.root, allowDirty: true })).commit).toBe(`${head}-dirty`);
});

test('what else changed in the tree is no hindrance', async () => {
  const head = await commit();
  await tiny.write('README.md', 'new\n');
  await tiny.write(`${LAB}/attempt/greeting.ts`, 'mine\n');
  expect((await recordLab(tiny.placed, { root: tiny.root })).commit).toBe(head);
});

test('a lab that cannot be run becomes no evidence', async () => {
  await commit();
  await tiny.replace(`${LAB}/mistakes/no-trim.patch`, '-  return', '-  give');
  await expect(recordLab(tiny.placed, { root: tiny.root, allowDirty: true })).rejects.toThrow(
    /greeting cannot be recorded:\n.*no-trim\.patch: does not apply/,
  );
  expect((await staleLabEvidence([tiny.placed], tiny.root))[0]?.what).toBe('was never recorded');
});

test.each([
  ['the solution', `${LAB}/solution/greeting.ts`],
  ['a mistake', `${LAB}/mistakes/no-trim.patch`],
  ['the brief', `${LAB}/brief.md`],
  ['the checkpoints', TEST],
  ['their support', 'checkpoints/1-networking/greeting/guests.ts'],
  ['the runner', 'checkpoints/runner/target.ts'],
])('evidence is stale once %s changes', async (_, file) => {
  await tiny.write(labEvidencePath('greeting'), JSON.stringify({ inputsHash: await hash() }));
  expect(await staleLabEvidence([tiny.placed], tiny.root)).toEqual([]);
  const before = await readFile(join(tiny.root, file), 'utf8').catch(() => '');
  await tiny.write(file, `${before}\n`);
  expect(await staleLabEvidence([tiny.placed], tiny.root)).toEqual([
    {
      file: 'checkpoints/evidence/greeting.json',
      what: 'was recorded before its inputs changed',
      mend: 'npm run record -- --lab greeting',
    },
  ]);
});

test.each([
  ["a learner's attempt", `${LAB}/attempt/greeting.ts`],
  ['an attempt that was put aside', `${LAB}/attempt.2026-01-01/greeting.ts`],
  ['their progress', `${LAB}/progress.json`],
  ['a test of the engine itself', 'checkpoints/runner/target.test.ts'],
  ['a built file', `${LAB}/solution/obj/x.json`],
  ['another lab', 'labs/1-networking/farewell/lab.ts'],
])('the hash leaves out %s', async (_, file) => {
  const before = await hash();
  await tiny.write(file, 'x\n');
  expect(await hash()).toBe(before);
});

test('a file that was renamed, and bytes that moved from one to the next, change the hash', async () => {
  await tiny.write('a', '12');
  await tiny.write('b', '3');
  const before = await hashOf(tiny.root, ['a', 'b']);
  await tiny.write('a', '1');
  await tiny.write('b', '23');
  expect(await hashOf(tiny.root, ['a', 'b'])).not.toBe(before);
  await tiny.write('c', '23');
  expect(await hashOf(tiny.root, ['a', 'c'])).not.toBe(await hashOf(tiny.root, ['a', 'b']));
});

test('evidence that cannot be read is said to be so', async () => {
  await tiny.write(labEvidencePath('greeting'), '{ "inputsHash": ');
  expect((await staleLabEvidence([tiny.placed], tiny.root))[0]?.what).toBe('cannot be read');
});

test('an experiment is stale once what it measures changes, and not when its drawing does', async () => {
  const experiment = EXPERIMENTS['tcp-or-udp'];
  const [drawing] = experiment?.drawing ?? [];
  if (!experiment || !drawing) throw new Error('the experiment is gone');
  await tiny.write(experiment.module, 'export {};\n');
  await tiny.write(drawing, 'export {};\n');
  await tiny.write('checkpoints/bench/distribution.ts', 'export {};\n');
  expect((await staleExperimentEvidence(tiny.root)).map(({ what }) => what)).toEqual(['was never recorded']);
  const { experimentInputs } = await import('./inputs-hash.ts');
  const inputsHash = await hashOf(tiny.root, await experimentInputs(experiment, tiny.root));
  await tiny.write('checkpoints/evidence/experiments/tcp-or-udp.json', JSON.stringify({ inputsHash }));
  await tiny.write(drawing, '// Wider lines.\n');
  expect(await staleExperimentEvidence(tiny.root)).toEqual([]);
  await tiny.write('labs/1-networking/tcp-echo/solution/server.ts', '// Another server.\n');
  expect((await staleExperimentEvidence(tiny.root)).map(({ what }) => what)).toEqual([
    'was recorded before its inputs changed',
  ]);
});

test('what a checkpoint lacked is recorded with it, and its mistakes as not judged', async () => {
  await takeAwayTheEngine(tiny);
  await commit();
  const { targets, mistakes } = await recordLab(tiny.placed, { root: tiny.root });
  const lack = { missing: 'engine', reason: 'no engine answers', remedy: 'install one' };
  expect(targets.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['starter', 'failed'],
    ['solution', 'could not check'],
    ['variants/replace', 'could not check'],
  ]);
  expect(targets[1]?.checkpoints).toMatchObject([
    { id: 'greets', verdict: 'passed' },
    { id: 'trims', verdict: 'could not check', lack },
  ]);
  expect(mistakes).toMatchObject([
    { name: 'no-name', caught: true },
    { name: 'no-trim', caught: false, couldNotCheck: 'no engine answers', message: '' },
  ]);
});
