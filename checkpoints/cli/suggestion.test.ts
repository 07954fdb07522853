import { expect, test } from 'vitest';
import { closest, editDistance } from './suggestion.ts';

const labs = ['tcp-echo', 'udp-echo', 'framing', 'chat'];

test('editDistance counts a swap of neighbours as one edit', () => expect(editDistance('hcat', 'chat')).toBe(1));
test('editDistance counts insertions, deletions and substitutions', () => {
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});
test.each([
  ['tcp-ecko', 'tcp-echo'],
  ['TCP-ECHO', 'tcp-echo'],
  ['tcpecho', 'tcp-echo'],
  ['udp', 'udp-echo'],
  ['fram', 'framing'],
])('closest finds %s', (typed, meant) => expect(closest(typed, labs)).toBe(meant));
test.each(['kubernetes', 'x', ''])('closest guesses nothing for "%s"', (typed) =>
  expect(closest(typed, labs)).toBeUndefined(),
);
