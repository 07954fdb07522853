import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil } from '../harness/deadline.ts';
import { RIGHT_ECHO, TemporaryCourse, WRONG_ECHO, WRONG_SUM } from './temporary-course.ts';

let course: TemporaryCourse;
let child: ChildProcess;
let output = '';

beforeEach(() => {
  course = new TemporaryCourse();
});
afterEach(() => {
  child.kill('SIGKILL');
  course[Symbol.dispose]();
});

async function watch(lab: string): Promise<void> {
  await course.run(['start', lab]);
  output = '';
  child = course.start(['watch', lab]);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
}

/** Waits for `text`, and forgets the output so far. */
async function shown(text: string | RegExp): Promise<string> {
  await pollUntil(
    () => output,
    (all) => (typeof text === 'string' ? all.includes(text) : text.test(all)),
    { withinMs: 30_000, otherwise: (all) => new Error(`expected ${text} in:\n${all}`) },
  );
  const seen = output;
  output = '';
  return seen;
}

/** The last line of a red run, whether the red checkpoint was judged alone or in its turn. */
const RED = /^(\S+ is red; the others were not judged|\d green, 1 red(, \d not reached)?)\.$/m;

const save = (path: string, text: string) => writeFileSync(join(course.root, 'labs/1-first', path), text);

test('a program: red, green and red again, as it is saved', async () => {
  await watch('echo');
  expect(await shown('1 green, 1 red, 1 not reached.')).toContain('✗ twice');
  save('echo/attempt/server.ts', RIGHT_ECHO);
  expect(await shown('All 3 checkpoints are green.')).toContain('echo, server.ts saved');
  save('echo/attempt/server.ts', WRONG_ECHO);
  expect(await shown(RED)).toContain('✗ twice');
  await course.run(['reset', 'echo']);
  expect(await shown(RED)).toContain('✗ twice');
  save('echo/attempt/server.ts', 'this is no TypeScript {');
  expect(await shown(RED)).toContain('your program ended before it was ready');
  expect(output).not.toContain('\x1b[');
}, 120_000);

test('the checkpoint that was red last answers first, and another that breaks meanwhile is found once it is green', async () => {
  await watch('echo');
  await shown('1 green, 1 red, 1 not reached.');
  // Its own judge is made ready behind the scenes; until then it is judged in its turn.
  let seen = '';
  for (let i = 0; i < 20 && !seen.includes('twice is red; the others were not judged.'); i += 1) {
    save('echo/attempt/server.ts', `${WRONG_ECHO}// ${i}\n`);
    seen = await shown(RED);
  }
  expect(seen).toContain('✗ twice');
  expect(seen).toContain('twice is red; the others were not judged.');
  expect(seen).not.toContain('✓');
  save('echo/attempt/server.ts', RIGHT_ECHO.replace('process.exit(0)', 'process.exit(3)'));
  expect(await shown('2 green, 1 red.')).toContain('✗ stops');
  save('echo/attempt/server.ts', RIGHT_ECHO);
  await shown('All 3 checkpoints are green.');
}, 120_000);

test('a module: a file that the entry imports is loaded anew, and an endless loop ends at the next save', async () => {
  await watch('sum');
  expect(await shown('0 green, 1 red.')).toContain('received   0');
  save('sum/attempt/add.ts', WRONG_SUM['add.ts'].replace('a - b', 'a * b + 1'));
  expect(await shown(RED)).toContain('received   5');
  save('sum/attempt/add.ts', 'export const sum = () => { for (;;); };\n');
  await shown('add.ts saved');
  save('sum/attempt/add.ts', 'export const sum = (a, b) => a + b;\n');
  await shown('The checkpoint is green.');
}, 120_000);

test('Ctrl-C ends it with 130', async () => {
  await watch('echo');
  await shown('1 red');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  expect(await ended).toBe(130);
}, 60_000);
