import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil } from '../harness/deadline.ts';
import { AttemptWatcher } from './attempt-watcher.ts';

let above: string;
let attempt: string;
let saved: string[];
let watcher: AttemptWatcher;

beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'watcher-'));
  attempt = join(above, 'attempt');
  mkdirSync(attempt);
  writeFileSync(join(attempt, 'server.ts'), 'one');
  saved = [];
  watcher = new AttemptWatcher(attempt, (file) => saved.push(file));
});

afterEach(() => {
  watcher[Symbol.dispose]();
  rmSync(above, { recursive: true, force: true });
});

const savedOf = (file: string) =>
  pollUntil(
    () => saved,
    (names) => names.includes(file),
    { otherwise: (names) => new Error(`expected a save of ${file}; saw ${JSON.stringify(names)}`) },
  );

test('a file written in place', async () => {
  writeFileSync(join(attempt, 'server.ts'), 'two');
  await savedOf('server.ts');
});

test('a file replaced by renaming, twice, as editors do', async () => {
  for (const text of ['two', 'three']) {
    saved.length = 0;
    writeFileSync(join(attempt, '.server.ts.swp'), text);
    renameSync(join(attempt, '.server.ts.swp'), join(attempt, 'server.ts'));
    await savedOf('server.ts');
  }
});

test('a file in a folder made later, and a change in it', async () => {
  mkdirSync(join(attempt, 'inner'));
  writeFileSync(join(attempt, 'inner/frame.ts'), 'one');
  await savedOf('inner/frame.ts');
  saved.length = 0;
  writeFileSync(join(attempt, 'inner/frame.ts'), 'two!');
  await savedOf('inner/frame.ts');
});

test('a file that is removed', async () => {
  rmSync(join(attempt, 'server.ts'));
  await savedOf('server.ts');
});

test('the whole folder moved away and made anew', async () => {
  renameSync(attempt, join(above, 'old'));
  await savedOf('server.ts');
  saved.length = 0;
  mkdirSync(attempt);
  writeFileSync(join(attempt, 'server.ts'), 'new');
  await savedOf('server.ts');
  saved.length = 0;
  writeFileSync(join(attempt, 'server.ts'), 'newer');
  await savedOf('server.ts');
});

test('what tools make is no save, and neither is what stands beside the attempt', async () => {
  writeFileSync(join(above, 'progress.json'), '{}');
  writeFileSync(join(attempt, 'server.log'), 'log');
  mkdirSync(join(attempt, '__pycache__'));
  writeFileSync(join(attempt, '__pycache__/server.pyc'), 'made');
  writeFileSync(join(attempt, 'last.ts'), 'the marker that comes after all of them');
  await savedOf('last.ts');
  expect(new Set(saved)).toEqual(new Set(['last.ts']));
});
