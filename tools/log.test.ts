import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addEntry, readEntry } from './log.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'log-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const args = ['Naïve “retries”: twice', '--phase', 'networking', '--kind', 'understood'];
const today = new Date(2026, 0, 9);

test('an entry gets the day, a slug of its title, and the front matter that the site reads', async () => {
  const path = await addEntry(readEntry(args), root, today);
  expect(path).toBe('site/src/content/log/2026-01-09-naive-retries-twice.mdx');
  expect(await readFile(join(root, path), 'utf8')).toMatch(
    /^---\ntitle: "Naïve “retries”: twice"\ndate: 2026-01-09\nphase: networking\nkind: understood\n---\n\n\S/,
  );
});

test('an entry that is there is not written over', async () => {
  const path = await addEntry(readEntry(args), root, today);
  await expect(addEntry({ ...readEntry(args), kind: 'built' }, root, today)).rejects.toThrow(
    `${path} is there already`,
  );
  expect(await readFile(join(root, path), 'utf8')).toContain('kind: understood');
});

test.each([
  [[], 'Give one title'],
  [['one', 'two'], 'Give one title'],
  [['…'], 'Give one title'],
  [['Title', '--phase', 'gardening', '--kind', 'built'], 'the phases are networking, foundations'],
  [['Title', '--phase', 'networking'], 'the kinds are studied, built'],
  [['Title', '--what'], "Unknown option '--what'"],
])('%j is refused with what there is', (given, message) => {
  expect(() => readEntry(given)).toThrow(message);
});
