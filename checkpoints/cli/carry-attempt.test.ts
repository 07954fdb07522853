import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAX_ATTEMPT_FILE_BYTES } from './attempt-file.ts';
import { RIGHT_ECHO, TemporaryCourse, WRONG_ECHO } from './temporary-course.ts';

/** `export` and `import`, as processes on a course of their own. */
let course: TemporaryCourse;

beforeEach(() => {
  course = new TemporaryCourse();
});
afterEach(() => course[Symbol.dispose]());

const lab = (...args: string[]) => course.run(args);
const inCourse = (path: string) => join(course.root, path);
const read = (path: string) => readFileSync(inCourse(path), 'utf8');
const attempt = 'labs/1-first/echo/attempt';

test('an attempt goes out as a file and comes back with its progress; the one that is there is kept', async () => {
  await lab('start', 'echo');
  course.write({
    [`${attempt}/server.ts`]: RIGHT_ECHO,
    [`${attempt}/lib/more.ts`]: '// more\n',
    [`${attempt}/.env`]: 'S=1',
  });
  await lab('test', 'echo', 'answers');
  const out = await lab('export', 'echo');
  expect(out).toMatchObject({ code: 0, stdout: expect.stringContaining('npm run lab import echo.attempt.json') });
  const document = JSON.parse(read('echo.attempt.json'));
  expect(document).toMatchObject({
    version: 1,
    lab: 'echo',
    progress: { checkpoints: { answers: { verdict: 'passed' } } },
  });
  expect(Object.keys(document.files)).toEqual(['lib/more.ts', 'server.ts']);

  const again = await lab('export', 'echo');
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('echo.attempt.json is there already') });
  expect((await lab('export', 'echo', 'mine.json')).code).toBe(0);
  expect(read('mine.json')).toBe(read('echo.attempt.json'));

  course.write({ [`${attempt}/server.ts`]: WRONG_ECHO });
  await lab('hint', 'echo', 'twice');
  const back = await lab('import', 'mine.json');
  expect(back).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Your old attempt is kept in') });
  expect(read(`${attempt}/server.ts`)).toBe(RIGHT_ECHO);
  expect(read(`${attempt}/lib/more.ts`)).toBe('// more\n');
  expect(existsSync(inCourse(`${attempt}/.env`))).toBe(false);
  const [kept = ''] = readdirSync(inCourse('labs/1-first/echo/.attempts')).filter((name) => name !== '.gitignore');
  expect(read(`labs/1-first/echo/.attempts/${kept}/server.ts`)).toBe(WRONG_ECHO);
  expect(read(`labs/1-first/echo/.attempts/${kept}/.env`)).toBe('S=1');
  expect(JSON.parse(read('labs/1-first/echo/progress.json')).checkpoints).toMatchObject({
    answers: { verdict: 'passed' },
    twice: { hintsShown: 1 },
  });
}, 60_000);

test('an import where nothing was started makes the attempt', async () => {
  course.write({ 'sum.json': fileOf({ 'sum.ts': 'export const sum = (a, b) => a + b;\n' }) });
  expect(await lab('import', 'sum.json')).toMatchObject({ code: 0, stdout: expect.not.stringContaining('kept') });
  expect((await lab('test', 'sum')).stdout).toContain('The checkpoint is green.');
});

test('a file that is refused changes nothing', async () => {
  await lab('start', 'sum');
  const before = read('labs/1-first/sum/attempt/sum.ts');
  course.write({
    'no.json': '{',
    'version.json': fileOf({ 'sum.ts': '' }).replace('"version":1', '"version":9'),
    'lab.json': fileOf({ 'sum.ts': '' }, 'product'),
    'out.json': fileOf({ '../../../../out.ts': 'escaped' }),
    'large.json': ' '.repeat(MAX_ATTEMPT_FILE_BYTES + 1),
  });
  mkdirSync(inCourse('folder.json'));
  for (const [file, message] of [
    ['no.json', 'no.json is no JSON. Nothing was changed.'],
    ['version.json', 'version.json has version 9'],
    ['lab.json', 'lab.json belongs to a lab "product", which this course does not have.'],
    ['out.json', 'a name may not lead out of its folder'],
    ['large.json', 'large.json has 2,097,153 bytes'],
    ['folder.json', 'folder.json is no file'],
    ['missing.json', 'There is no file missing.json.'],
  ] as const) {
    const { code, stdout, stderr } = await lab('import', file);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  }
  expect(read('labs/1-first/sum/attempt/sum.ts')).toBe(before);
  expect(readdirSync(inCourse('labs/1-first/sum')).sort()).toEqual(['attempt', 'starter']);
  expect(existsSync(inCourse('out.ts'))).toBe(false);
}, 60_000);

test('what cannot be exported is said, and no file is left', async () => {
  expect(await lab('export', 'sum')).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing to export') });
  await lab('start', 'sum');
  writeFileSync(inCourse('labs/1-first/sum/attempt/picture.png'), Buffer.from([0x89, 0x50, 0, 0]));
  const { code, stderr } = await lab('export', 'sum');
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain('would hold picture.png, which is no text');
  expect(code).toBe(2);
  expect(existsSync(inCourse('sum.attempt.json'))).toBe(false);
});

test('a link out of the attempt is not followed', async () => {
  await lab('start', 'sum');
  course.write({ 'secret.txt': 'secret' });
  symlinkSync(inCourse('secret.txt'), inCourse('labs/1-first/sum/attempt/link.txt'));
  await lab('export', 'sum');
  expect(read('sum.attempt.json')).not.toContain('secret');
});

function fileOf(files: Record<string, string>, name = 'sum'): string {
  const progress = { version: 1, lab: name, checkpoints: {} };
  return JSON.stringify({ format: 'senior-backend-prep attempt', version: 1, lab: name, files, progress });
}
