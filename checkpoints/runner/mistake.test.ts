import { expect, test } from 'vitest';
import { approvedMessage, formatMistake, MistakeFormatError, parseMistake, sameMessage } from './mistake.ts';

const text = `Checkpoint: half-close
Title: The default
Tempting: It works in every manual test,
  because nobody ends first.
Message:
  expected  65,536 bytes
  received  10 bytes, then your server closed the connection
  usually   the default

--- solution/server.ts
+++ mistake/server.ts
@@ -1,1 +1,1 @@
-a
+b
`;

test('a mistake is read, continuation lines included', () => {
  const mistake = parseMistake(text, 'mistakes/default-half-close.patch');
  expect(mistake.name).toBe('default-half-close');
  expect(mistake.checkpoint).toBe('half-close');
  expect(mistake.tempting).toBe('It works in every manual test, because nobody ends first.');
  expect(mistake.messages).toHaveLength(1);
  expect(mistake.messages[0]).toContain('received  10 bytes');
  expect(mistake.diff.startsWith('--- solution/server.ts')).toBe(true);
});

test('what is written is read again as it was', () => {
  const { name, ...mistake } = parseMistake(text, 'x.patch');
  expect(parseMistake(formatMistake(mistake), 'x.patch')).toEqual({ name, ...mistake });
});

test.each([
  ['no diff', 'Checkpoint: a\n', 'has no "--- solution/<file>" line'],
  ['an unknown field', `Sense: a\n${text}`, 'has an unknown field "Sense"'],
  ['a missing title', text.replace(/^Title.*\n/m, ''), 'has no Title'],
  ['a line that belongs nowhere', `hello\n${text}`, 'cannot read the line "hello"'],
])('%s is refused with how to mend it', (_, broken, what) => {
  expect(() => parseMistake(broken, 'x.patch')).toThrow(MistakeFormatError);
  expect(() => parseMistake(broken, 'x.patch')).toThrow(what);
  expect(() => parseMistake(broken, 'x.patch')).toThrow(/Mend: /);
});

test('numbers in what was received may differ, and nothing else may', () => {
  const message = (received: string, expected = '10 bytes') =>
    approvedMessage({ expected, received, usually: 'haste' });
  expect(sameMessage(message('1 byte, then the end'), message('65,536 bytes, then the end'))).toBe(true);
  expect(sameMessage(message('1 byte, then the end'), message('1 byte, then a reset'))).toBe(false);
  expect(sameMessage(message('1 byte', '10 bytes'), message('1 byte', '11 bytes'))).toBe(false);
});
