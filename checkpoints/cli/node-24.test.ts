import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const guard = fileURLToPath(new URL('node-24.mjs', import.meta.url));

const run = (args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

test('an older Node is told in one line what is needed and how to get it', async () => {
  const pretend = "Object.defineProperty(process.versions, 'node', { value: '20.19.1' })";
  const { code, stdout, stderr } = await run([
    '--import',
    `data:text/javascript,${encodeURIComponent(pretend)}`,
    guard,
    'x.ts',
  ]);
  expect(stderr).toBe(
    'This needs Node 24 or newer; the node that ran is 20.19.1. Mend: run "npm ci" in the repository (it brings Node 24 with it) and use the npm scripts, or install it from https://nodejs.org.\n',
  );
  expect(code).toBe(1);
  expect(stdout).toBe('');
});

test('the entry is started with the arguments that follow it', async () => {
  const lab = fileURLToPath(new URL('lab.ts', import.meta.url));
  const { code, stdout, stderr } = await run([guard, lab, 'help', 'start']);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^npm run lab start <lab>\n/);
  expect(code).toBe(0);
});

test('without an entry it says so', async () => {
  expect(await run([guard])).toMatchObject({ code: 2, stderr: expect.stringContaining('expects the TypeScript file') });
});

test('every npm script starts something: the guard imports its entry, in which import.meta.main is false', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> };
  const entries = Object.values(scripts).flatMap((script) => /node-24\.mjs (\S+)/.exec(script)?.[1] ?? []);
  expect(entries.length).toBeGreaterThan(8);
  for (const entry of entries) {
    expect(readFileSync(`${root}/${entry}`, 'utf8'), entry).not.toContain('import.meta.main');
  }
});
