import { expect, test } from 'vitest';
import { compile } from './compile.ts';
import { LearnerModules } from './learner-modules.ts';
import type { Files } from './protocol.ts';

async function modulesOf(files: Files, provided = {}): Promise<LearnerModules> {
  const compiled = compile(files);
  if (!compiled.ok) throw new Error(compiled.fault.message);
  return LearnerModules.from(compiled.modules, provided);
}

test('types go, lines stay, and a stack names them', async () => {
  const text =
    'interface Point {\n  readonly x: number;\n}\nexport function fail(point: Point): never {\n  throw new Error(String(point.x));\n}\n';
  const modules = await modulesOf({ 'framing.ts': text });
  const { fail } = modules.load('framing.ts') as { fail(point: object): never };
  try {
    fail({ x: 7 });
    expect.unreachable();
  } catch (error) {
    expect((error as Error).message).toBe('7');
    expect((error as Error).stack).toContain('framing.ts:5:');
  }
});

test('files import one another, in circles too, and each runs once', async () => {
  const modules = await modulesOf({
    'a.ts': "import { b } from './lib/b.ts';\nexport const log: string[] = [];\nexport const a = () => b();\n",
    'lib/b.ts': "import { log } from '../a.ts';\nexport const b = () => log.push('b');\n",
  });
  const { a, log } = modules.load('a.ts') as { a(): void; log: string[] };
  a();
  expect(log).toEqual(['b']);
  expect(modules.load('a.ts')).toBe(modules.load('./a.ts'.slice(2)));
});

test('what is not there is named', async () => {
  const modules = await modulesOf({
    'a.ts': "import { b } from './b.ts';\nexport const a = b;\n",
    'c.ts': "import fs from 'node:fs';\nexport const c = fs;\n",
  });
  expect(() => modules.load('a.ts')).toThrow("Cannot find module 'b.ts'");
  expect(() => modules.load('c.ts')).toThrow("Cannot find package 'node:fs' imported from c.ts");
  expect(() => modules.load('d.ts')).toThrow("Cannot find module 'd.ts'");
});

test('a module that throws while it is loaded does so each time, with its line', async () => {
  const modules = await modulesOf({ 'a.ts': "\n\nthrow new TypeError('no');\n" });
  expect(() => modules.load('a.ts')).toThrow(/^no\n.*a\.ts:3/);
  expect(() => modules.load('a.ts')).toThrow(/^no\n.*a\.ts:3/);
});

test('the first fault of a text has its line', () => {
  expect(compile({ 'a.ts': 'const a = 1;\nconst b = ;\n' })).toEqual({
    ok: false,
    fault: { file: 'a.ts', line: 2, message: 'Unexpected token' },
  });
  expect(compile({ 'notes.md': '# no code' })).toEqual({ ok: true, modules: {} });
});
