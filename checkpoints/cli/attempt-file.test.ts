import { describe, expect, test } from 'vitest';
import {
  type AttemptFile,
  AttemptFileRefused,
  attemptFileName,
  formatAttemptFile,
  MAX_ATTEMPT_FILE_BYTES,
  parseAttemptFile,
} from './attempt-file.ts';
import { emptyProgress, withHintsShown, withVerdicts } from './progress.ts';

const progress = withHintsShown(
  withVerdicts(emptyProgress('sum'), [{ id: 'adds', verdict: 'passed' }], '2026-03-01'),
  'adds',
  1,
);
const attempt: AttemptFile = { lab: 'sum', files: { 'sum.ts': 'export {};\n', 'lib/add.ts': '// é☕\n' }, progress };
const text = formatAttemptFile(attempt, ['adds']);
const spoiled = (change: (document: Record<string, unknown>) => void): string => {
  const document = JSON.parse(text) as Record<string, unknown>;
  change(document);
  return JSON.stringify(document);
};
const named = (name: string) => spoiled((document) => (document.files = { [name]: '' }));

test('what is written is read again, files in order', () => {
  expect(parseAttemptFile(text)).toEqual(attempt);
  expect(Object.keys(parseAttemptFile(text).files)).toEqual(['lib/add.ts', 'sum.ts']);
  expect(attemptFileName('sum')).toBe('sum.attempt.json');
});

describe('refused', () => {
  test.each([
    ['{', 'is no JSON'],
    ['[]', 'is no exported attempt'],
    ['{"version":1}', 'is no exported attempt'],
    [spoiled((document) => (document.version = 2)), 'has version 2, and version 1 is what can be read here'],
    [spoiled((document) => (document.lab = '../sum')), 'names "../sum" as its lab'],
    [spoiled((document) => (document.lab = 7)), 'names 7 as its lab'],
    [spoiled((document) => (document.files = [])), 'has no object "files"'],
    [spoiled((document) => (document.files = {})), 'holds no files'],
    [spoiled((document) => (document.files = { 'sum.ts': 1 })), 'holds a file "sum.ts" that is no text'],
    [spoiled((document) => (document.files = { 'a.ts': '', 'A.ts': '' })), 'differ in capitals alone'],
    [
      spoiled((document) => (document.files = { 'a.ts': '', 'a.ts/b.ts': '' })),
      'holds "a.ts" as a file and as a folder',
    ],
    [spoiled((document) => delete document.progress), 'holds progress that holds no object'],
    [
      spoiled((document) => (document.progress = { version: 1, lab: 'other', checkpoints: {} })),
      'belongs to lab "other"',
    ],
    [
      spoiled(
        (document) => (document.files = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`f${i}`, '']))),
      ),
      'holds more than 200 files',
    ],
    [
      spoiled((document) => (document.files = { 'a.ts': 'x'.repeat(MAX_ATTEMPT_FILE_BYTES) })),
      'bytes, and 2,097,152 are',
    ],
  ])('%.60s', (bad, message) => {
    expect(() => parseAttemptFile(bad)).toThrow(AttemptFileRefused);
    expect(() => parseAttemptFile(bad)).toThrow(message);
  });
});

describe('names that lead elsewhere, or are not what they seem', () => {
  test.each([
    '../sum.ts',
    'lib/../../sum.ts',
    '/etc/passwd',
    'C:\\sum.ts',
    'C:sum.ts',
    '..\\sum.ts',
    './sum.ts',
    'lib//sum.ts',
    'sum.ts/',
    '',
    '.',
    '..',
    '.git/hooks/pre-commit',
    '.env',
    'a\u0000b',
    'a\nb',
    'a\u001b[31m',
    'a b',
    '-rf',
    'sum.ts.',
    'con',
    'NUL.ts',
    'lib/com1.txt',
    'node_modules/x.js',
    'x'.repeat(201),
  ])('%j', (name) => {
    expect(() => parseAttemptFile(named(name))).toThrow(AttemptFileRefused);
  });

  test.each([
    'sum.ts',
    'lib/add.ts',
    'src/a/b/c.ts',
    '.dockerignore',
    '.env.example',
    'Program.cs',
    'a+b@2.ts',
    '_x.py',
  ])('%j is one to keep', (name) => {
    expect(Object.keys(parseAttemptFile(named(name)).files)).toEqual([name]);
  });

  test('a file called __proto__ is a file', () => {
    const { files } = parseAttemptFile(text.replace('"lib/add.ts"', '"__proto__"'));
    expect(Object.keys(files)).toEqual(['__proto__', 'sum.ts']);
  });
});

test('what would be refused is not written', () => {
  expect(() => formatAttemptFile({ ...attempt, files: { '.secret': '' } }, [])).toThrow(AttemptFileRefused);
});
