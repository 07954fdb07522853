import { expect, test } from 'vitest';
import { add, closingLine, NOTHING, tallyOfVitest } from './tally.ts';

test('tallies add up and close with one line', () => {
  const sum = add(add(NOTHING, { passed: 2, failed: 1, skipped: 0 }), { passed: 3, failed: 0, skipped: 4 });
  expect(closingLine(sum)).toBe('5 passed, 1 failed, 4 skipped');
});

const report = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0, numFailedTestSuites: 0 };

test('the counts of Vitest are taken as they are', () => {
  expect(tallyOfVitest(JSON.stringify(report))).toEqual({ passed: 3, failed: 0, skipped: 1 });
});

test('a test file that broke before its first test counts as failed', () => {
  expect(tallyOfVitest(JSON.stringify({ ...report, numFailedTestSuites: 1 })).failed).toBe(1);
});

test('a report without counts is refused', () => {
  expect(() => tallyOfVitest('{}')).toThrow('has no number');
});
