import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { course } from '../../labs/course.ts';
import { builtLabs } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { checkImports, importsOf } from './imports.ts';

const LABS = builtLabs(course).map(({ lab }) => lab);

test('this repository keeps to the rules of what imports what', async () => {
  expect(await checkImports(repository, LABS)).toEqual([]);
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'imports-'));
});
afterEach(() => rm(root, { recursive: true }));

async function faultOf(file: string, specifier: string): Promise<string | undefined> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), `import { x } from '${specifier}';\nexport { x };\n`);
  const faults = await checkImports(root, LABS);
  for (const fault of faults) expect(fault).toMatchObject({ file, what: `imports ${specifier}` });
  return faults[0]?.mend.split(':')[0];
}

const SOLUTION = 'labs/1-networking/tcp-echo/solution/server.ts';
const MODULE_TEST = 'checkpoints/1-networking/framing.test.ts';
const PROGRAM_TEST = 'checkpoints/1-networking/tcp-echo.test.ts';
const PROGRAM_SUPPORT = 'checkpoints/1-networking/tcp-echo/flood.ts';

test.each([
  ['a lab, another lab', SOLUTION, '../../chat/solution/room.ts', 'a lab stands by itself'],
  ['a lab, the checkpoints', SOLUTION, '../../../../checkpoints/harness/bytes.ts', 'a lab stands by itself'],
  ['a lab, the site', SOLUTION, '../../../../site/profile.ts', 'a lab stands by itself'],
  ['a lab, the manifest', SOLUTION, '../../../course.ts', 'a lab stands by itself'],
  ['a lab, a package', SOLUTION, 'express', 'a lab stands by itself'],
  ['the manifest, the checkpoints', 'labs/course.ts', '../checkpoints/runner/target.ts', 'the manifest is plain data'],
  ['the manifest, a package', 'labs/course-schema.ts', 'zod', 'the manifest is plain data'],
  [
    'checkpoints of a program, its code',
    PROGRAM_TEST,
    '../../labs/1-networking/tcp-echo/solution/server.ts',
    'checkpoints of a program start it and speak its protocol; they import none of its code',
  ],
  [
    'their support, its code',
    PROGRAM_SUPPORT,
    '../../../labs/1-networking/tcp-echo/solution/server.ts',
    'checkpoints of a program start it and speak its protocol; they import none of its code',
  ],
  [
    'checkpoints of a module, Node',
    MODULE_TEST,
    'node:fs',
    'these checkpoints judge what loadModule gives them, in a browser too',
  ],
  [
    'checkpoints of a module, its code',
    MODULE_TEST,
    '../../labs/1-networking/framing/solution/framing.ts',
    'these checkpoints judge what loadModule gives them, in a browser too',
  ],
  [
    'the harness, a lab',
    'checkpoints/harness/bytes.ts',
    '../../labs/course.ts',
    'the harness serves every lab and knows none',
  ],
  [
    'the engine, the site',
    'checkpoints/verify/verify.ts',
    '../../site/src/course/region.ts',
    'the site shows what the engine does, never the other way round',
  ],
])('%s: found', async (_, file, specifier, mend) => {
  expect(await faultOf(file, specifier)).toBe(mend);
});

test.each([
  [SOLUTION, './connection.ts'],
  [SOLUTION, 'node:net'],
  ['labs/1-networking/tcp-echo/lab.ts', '../../course-schema.ts'],
  ['checkpoints/1-networking/tcp-echo/stop.ts', '../../../labs/course-schema.ts'],
  [PROGRAM_TEST, 'node:net'],
  [PROGRAM_TEST, '../harness/program.ts'],
  [PROGRAM_TEST, './tcp-echo/flood.ts'],
  [MODULE_TEST, 'fast-check'],
  ['labs/1-networking/tcp-echo/attempt/server.ts', 'express'],
])('%s may import %s', async (file, specifier) => {
  expect(await faultOf(file, specifier)).toBeUndefined();
});

test('checkpoints of a module may import the types of its solution, and only those', async () => {
  const specifier = '../../labs/1-networking/framing/solution/framing.ts';
  await mkdir(dirname(join(root, MODULE_TEST)), { recursive: true });
  await writeFile(join(root, MODULE_TEST), `export type F = typeof import('${specifier}');\n`);
  expect(await checkImports(root, LABS)).toEqual([]);
  await writeFile(join(root, MODULE_TEST), `export const f = await import('${specifier}');\n`);
  expect(await checkImports(root, LABS)).toHaveLength(1);
});

test('imports of every form are seen', () => {
  const text = `import a from './a.ts';
import type { B } from './b.ts';
import './c.ts';
export * from '../d.ts';
const e = await import('./e.ts');
type F = typeof import('./f.ts');
const notOne = "import f from './g.ts'";`;
  expect(importsOf('x/y/z.ts', text).map(({ path }) => path)).toEqual([
    'x/y/a.ts',
    'x/y/b.ts',
    'x/y/c.ts',
    'x/d.ts',
    'x/y/e.ts',
    'x/y/f.ts',
  ]);
  expect(importsOf('x/y/z.ts', text).map(({ typeOnly }) => typeOnly)).toEqual([false, true, false, false, false, true]);
});
