import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LAB, patch, TinyCourse } from '../../verify/tiny-course.ts';
import { approveMistakes } from './approve-mistakes.ts';
import type { Desk } from './desk.ts';
import { editMistake } from './edit-mistake.ts';
import { rebaseMistakes } from './rebase-mistakes.ts';
import { saveMistake } from './save-mistake.ts';

const LAID_OUT = '.cache/mistakes-edit/greeting/shouts/greeting.ts';
const FIELDS = { checkpoint: 'greets', title: 'Shouts', tempting: 'It is friendlier.' };
const NO_TRIM = `${LAB}/mistakes/no-trim.patch`;

let tiny: TinyCourse;
let desk: Desk;
let said: string;
beforeEach(async () => {
  tiny = await TinyCourse.make();
  said = '';
  desk = {
    root: tiny.root,
    placed: tiny.placed,
    say: (text) => {
      said += `${text}\n`;
    },
  };
});
afterEach(() => tiny[Symbol.asyncDispose]());

const read = (path: string) => readFile(join(tiny.root, path), 'utf8');

test('a new mistake is laid out, saved, judged and approved', async () => {
  await editMistake(desk, 'shouts', false);
  expect(said).toContain('Change the files in .cache/mistakes-edit/greeting/shouts');
  await tiny.replace(LAID_OUT, 'Welcome', 'WELCOME');
  expect(await saveMistake(desk, 'shouts', FIELDS)).toBe(true);
  expect(said).toContain(
    'shouts: caught by greets; it names greets\n  expected  "Welcome, Ada"\n  received  WELCOME, Ada',
  );
  expect(await approveMistakes(desk, ['shouts'], false)).toBe(true);
  expect(await read(`${LAB}/mistakes/shouts.patch`)).toMatch(
    /^Checkpoint: greets\nTitle: Shouts\nTempting: It is friendlier.\nMessage:\n {2}expected {2}"Welcome, Ada"\n/,
  );
  expect(await tiny.faults()).toEqual([]);
});

test('saving again keeps the head, and a given field replaces its own', async () => {
  await editMistake(desk, 'no-trim', false);
  await tiny.replace('.cache/mistakes-edit/greeting/no-trim/greeting.ts', '{name}', '{name.trimStart()}');
  expect(await saveMistake(desk, 'no-trim', { title: 'Trims half' })).toBe(true);
  const text = await read(NO_TRIM);
  expect(text).toContain('Checkpoint: trims\nTitle: Trims half\n');
  expect(text).toContain('+  return `Welcome, ${'.concat('name.trimStart()}`;'));
  expect(said).toContain('differs from the approved message: read it, then npm run mistake approve greeting no-trim');
});

test('a mistake that its checkpoint does not catch is saved, said, and not approved', async () => {
  await editMistake(desk, 'shouts', false);
  await tiny.replace(LAID_OUT, 'Welcome', 'WELCOME');
  expect(await saveMistake(desk, 'shouts', { ...FIELDS, checkpoint: 'trims' })).toBe(false);
  expect(await approveMistakes(desk, ['shouts'], false)).toBe(false);
  expect(said).toContain('caught by greets; it names trims');
  expect(await read(`${LAB}/mistakes/shouts.patch`)).not.toContain('Message:');
});

test('a mistake that does not even load is not approved', async () => {
  await tiny.write(NO_TRIM, patch({ checkpoint: 'trims', from: 'export', to: 'throw 1;\nexport', messages: [] }));
  expect(await approveMistakes(desk, ['no-trim'], false)).toBe(false);
  expect(said).toContain('it fails by start, which teaches nothing');
});

test.each([
  ['a new mistake without a title', { ...FIELDS, title: undefined }, 'a new mistake needs -- --title "…"'],
  [
    'an unknown checkpoint',
    { ...FIELDS, checkpoint: 'half-close' },
    'greeting has no checkpoint "half-close"; it has greets, trims',
  ],
])('%s is refused', async (_, fields, message) => {
  await editMistake(desk, 'shouts', false);
  await tiny.replace(LAID_OUT, 'Welcome', 'WELCOME');
  await expect(saveMistake(desk, 'shouts', fields)).rejects.toThrow(message);
});

test('nothing changed, and a file added, are refused', async () => {
  await editMistake(desk, 'shouts', false);
  await expect(saveMistake(desk, 'shouts', FIELDS)).rejects.toThrow('is the same as the solution: change it first');
  await tiny.write('.cache/mistakes-edit/greeting/shouts/loud.ts', '');
  await expect(saveMistake(desk, 'shouts', FIELDS)).rejects.toThrow('loud.ts was added');
});

test('what is laid out is not overwritten unless asked', async () => {
  await editMistake(desk, 'shouts', false);
  await tiny.replace(LAID_OUT, 'Welcome', 'WELCOME');
  await editMistake(desk, 'shouts', false);
  expect(await read(LAID_OUT)).toContain('WELCOME');
  await editMistake(desk, 'shouts', true);
  expect(await read(LAID_OUT)).not.toContain('WELCOME');
});

test('after the solution changed, patches are carried over, and those that cannot be are named', async () => {
  await tiny.replace(`${LAB}/solution/greeting.ts`, '/** Greets', '/** Says who came. */\n\n/** Greets');
  await tiny.replace(`${LAB}/solution/greeting.ts`, 'by name.', 'by their name.');
  expect(await rebaseMistakes(desk)).toBe(true);
  expect(said).toContain('✓ no-name carried over\n✓ no-trim carried over');
  expect(await tiny.faults()).toEqual([]);
  const before = await read(NO_TRIM);
  await tiny.replace(`${LAB}/solution/greeting.ts`, 'name.trim()', 'name.trimStart().trimEnd()');
  expect(await rebaseMistakes(desk)).toBe(false);
  expect(said).toContain('✗ no-trim does not apply to greeting.ts: npm run mistake edit greeting no-trim -- --fresh');
  expect(await read(NO_TRIM)).toBe(before);
});
