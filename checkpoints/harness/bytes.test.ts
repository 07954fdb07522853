import { expect, test } from 'vitest';
import { firstDifference, formatBytes, hex } from './bytes.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

test('the first difference is found, also where one side is shorter', () => {
  expect(firstDifference(bytes(1, 2, 3), bytes(1, 2, 3))).toBe(-1);
  expect(firstDifference(bytes(1, 2, 3), bytes(1, 9, 3))).toBe(1);
  expect(firstDifference(bytes(1, 2, 3), bytes(1, 2))).toBe(2);
  expect(firstDifference(bytes(), bytes(1))).toBe(0);
});

test('the caret stands under the first wrong byte', () => {
  expect(formatBytes(bytes(1, 2, 3), bytes(1, 9, 3), 1)).toEqual([
    'expected  01 02 03',
    'received  01 09 03',
    '             ^^ offset 1',
  ]);
});

test('far into the stream, only the neighbourhood is shown', () => {
  const expected = new Uint8Array(100);
  const received = expected.slice();
  received[50] = 0xff;
  const [first = '', second = '', caret = ''] = formatBytes(expected, received, 50);
  expect(first).toBe(`expected  … ${'00 '.repeat(16)}…`);
  expect(second.indexOf('ff')).toBe(caret.indexOf('^^'));
  expect(caret).toContain('offset 50');
});

test('long hexadecimal is cut and says how long it was', () => {
  expect(hex(bytes(0, 255))).toBe('00 ff');
  expect(hex(new Uint8Array(40), 2)).toBe('00 00 … (40 bytes)');
});
