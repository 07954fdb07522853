import { expect, test } from 'vitest';
import { lookFor, paint } from './look.ts';

const terminal = { isTTY: true, columns: 100 };

test.each([
  ['a terminal', terminal, {}, true],
  ['a pipe', {}, {}, false],
  ['NO_COLOR', terminal, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
  ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
  ['FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, true],
  ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
  ['both', terminal, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
])('colour: %s', (_, stream, env, colour) => expect(lookFor(stream, env).colour).toBe(colour));

test.each([
  ['of the terminal', terminal, {}, 100],
  ['80 without one', {}, {}, 80],
  ['of COLUMNS in a pipe', {}, { COLUMNS: '60' }, 60],
  ['80 for a COLUMNS that is no number', {}, { COLUMNS: 'wide' }, 80],
  ['never under 32', { columns: 5 }, {}, 32],
  ['never over 110', { columns: 400 }, {}, 110],
])('width: %s', (_, stream, env, width) => expect(lookFor(stream, env).width).toBe(width));

test('paint', () => {
  expect(paint({ width: 80, colour: false }, 'red', 'x')).toBe('x');
  expect(paint({ width: 80, colour: true }, 'red', 'x')).toBe('\x1b[31mx\x1b[39m');
});
