import { expect, test } from 'vitest';
import { renderHints } from './give-hint.ts';

const view = {
  lab: 'echo',
  checkpoint: {
    id: 'half-close',
    sentence: 'every byte comes back',
    read: 'half-close',
    hints: ['Look.', 'Look again.'],
  },
  reading: 'chapter 1, Half-close',
  look: { width: 60, colour: false },
};

test('the first hint of two', () => {
  expect(renderHints({ ...view, shown: 1, isNew: true })).toBe(`half-close   every byte comes back

  1 of 2  Look.

Ask again for the next one.
`);
});

test('the last hint says where to go from there', () => {
  expect(renderHints({ ...view, shown: 2, isNew: true })).toBe(`half-close   every byte comes back

  1 of 2  Look.
  2 of 2  Look again.

That was the last hint. Read chapter 1, Half-close.
To see the solution, ask twice:

  npm run lab diff echo
`);
});

test('asked again after the last one', () => {
  expect(renderHints({ ...view, shown: 2, isNew: false })).toContain('There are no more hints.');
});
