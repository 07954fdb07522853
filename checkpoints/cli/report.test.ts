import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../labs/course-schema.ts';
import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import { countingLine, exitCodeOf, outcomeOf, outcomesOf } from './report.ts';

const asked: Checkpoint[] = ['a', 'b', 'c'].map((id) => ({ id, sentence: `${id} holds`, read: 'x', hints: ['h'] }));
const failure = { kind: 'assertion', expected: 'x', received: 'y', usually: 'z' } as const;
const result = (id: string, verdict: 'passed' | 'failed'): CheckpointResult => ({
  id,
  sentence: `${id} holds`,
  verdict,
  durationMs: 1,
  ...(verdict === 'failed' ? { failure } : {}),
});

test('all green', () => {
  const outcomes = outcomesOf(
    asked,
    ['a', 'b', 'c'].map((id) => result(id, 'passed')),
    true,
  );
  expect(countingLine(outcomes)).toBe('All 3 checkpoints are green.');
  expect(exitCodeOf(outcomes)).toBe(0);
});

test('what follows a red one was not reached', () => {
  const outcomes = outcomesOf(asked, [result('a', 'passed'), result('b', 'failed')], true);
  expect(outcomes.map(({ verdict }) => verdict)).toEqual(['passed', 'failed', 'not reached']);
  expect(countingLine(outcomes)).toBe('1 green, 1 red, 1 not reached.');
  expect(exitCodeOf(outcomes)).toBe(1);
});

describe('never green by silence', () => {
  test('a checkpoint without a verdict could not be checked', () => {
    const outcomes = outcomesOf(asked, [result('a', 'passed'), result('b', 'passed')], true);
    expect(countingLine(outcomes)).toBe('2 green, 1 could not be checked.');
    expect(exitCodeOf(outcomes)).toBe(3);
  });
  test('nor is a run without any checkpoint', () => expect(exitCodeOf([])).toBe(3));
  test('a red one that did not stop the run explains no silence', () => {
    const outcomes = outcomesOf(asked, [result('a', 'failed'), result('b', 'passed')], false);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(['failed', 'passed', 'could not check']);
    expect(exitCodeOf(outcomes)).toBe(1);
  });
  test('a checkpoint that broke itself is amber, not red', () => {
    const crashed = outcomeOf({
      ...result('a', 'failed'),
      failure: { ...failure, kind: 'crash', received: 'x is not a function' },
    });
    expect(crashed).toMatchObject({
      verdict: 'could not check',
      reason: expect.stringContaining('x is not a function'),
    });
    expect(exitCodeOf([crashed])).toBe(3);
  });
});

test('a checkpoint that lacks something is amber, and says what and how to get it', () => {
  const lack = { missing: 'container-engine', reason: 'no engine answers', remedy: 'install Docker' };
  const lacking: CheckpointResult = { id: 'c', sentence: 'c holds', verdict: 'could not check', durationMs: 1, lack };
  const outcomes = outcomesOf(asked, [result('a', 'passed'), result('b', 'passed'), lacking], true);
  expect(outcomes[2]).toEqual({ id: 'c', sentence: 'c holds', verdict: 'could not check', ...lack });
  expect(countingLine(outcomes)).toBe('2 green, 1 could not be checked.');
  expect(exitCodeOf(outcomes)).toBe(3);
});

test('a red checkpoint is red whatever else could not be checked', () => {
  const lack = { missing: 'container-engine', reason: 'no engine answers', remedy: 'install Docker' };
  const lacking: CheckpointResult = { id: 'b', sentence: 'b holds', verdict: 'could not check', durationMs: 1, lack };
  const outcomes = outcomesOf(asked, [result('a', 'failed'), lacking, result('c', 'passed')], false);
  expect(countingLine(outcomes)).toBe('1 green, 1 red, 1 could not be checked.');
  expect(exitCodeOf(outcomes)).toBe(1);
});
