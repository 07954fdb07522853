import { describe, expect, test } from 'vitest';
import { clip, displayWidth, hang, pad, printable, wrapText } from './wrap-text.ts';

describe('wrapText', () => {
  test('breaks at spaces', () => expect(wrapText('one two three', 7)).toEqual(['one two', 'three']));
  test('breaks a word that is wider than the line', () =>
    expect(wrapText('a abcdefghij b', 4)).toEqual(['a', 'abcd', 'efgh', 'ij b']));
  test('keeps line breaks', () => expect(wrapText('one\ntwo', 80)).toEqual(['one', 'two']));
  test('counts wide characters twice', () => expect(wrapText('漢字 漢字', 4)).toEqual(['漢字', '漢字']));
  test('makes one empty line of an empty text', () => expect(wrapText('', 10)).toEqual(['']));
});

test('hang indents every line but the first', () => expect(hang('x  ', 'aa bb cc', 8)).toBe('x  aa bb\n   cc'));
test('displayWidth leaves colours out', () => expect(displayWidth('\x1b[31mred\x1b[39m')).toBe(3));
test('pad counts columns, not characters', () => expect(pad('漢', 4)).toBe('漢  '));
test('clip ends a cut line with an ellipsis', () => expect(clip('one two three', 8)).toBe('one two…'));
test('clip leaves a line that fits', () => expect(clip('one', 3)).toBe('one'));
test('printable removes colours and shows what a terminal would obey', () =>
  expect(printable('\x1b[31ma\x1b[0m\x07b\rc\td\n')).toBe('a\\x07b\\rc\td\n'));
