import { expect, test } from 'vitest';
import { headingOf } from './reading.ts';

const chapter = '# Title\n\n## Half-close\n\ntext\n\n### One loop, many `connections`\n';

test('a heading is found by its anchor', () => {
  expect(headingOf(chapter, 'half-close')).toBe('Half-close');
  expect(headingOf(chapter, 'one-loop-many-connections')).toBe('One loop, many connections');
});
test('an anchor without a heading is read as words', () => {
  expect(headingOf(chapter, 'slow-consumers')).toBe('Slow consumers');
});
