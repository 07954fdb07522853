import { describe, expect, test } from 'vitest';
import {
  emptyProgress,
  formatProgress,
  ProgressCorrupt,
  parseProgress,
  withHintsShown,
  withoutVerdicts,
  withVerdicts,
} from './progress.ts';

const ids = ['answers', 'half-close'];
const empty = emptyProgress('echo');

test('the file has a fixed order, whatever happened first', () => {
  const one = withHintsShown(
    withVerdicts(empty, [{ id: 'half-close', verdict: 'failed' }], '2026-03-01'),
    'answers',
    2,
  );
  const other = withVerdicts(
    withHintsShown(empty, 'answers', 2),
    [{ id: 'half-close', verdict: 'failed' }],
    '2026-03-01',
  );
  expect(formatProgress(one, ids)).toBe(formatProgress(other, ids));
  expect(formatProgress(one, ids)).toBe(
    `{
  "version": 1,
  "lab": "echo",
  "checkpoints": {
    "answers": {
      "hintsShown": 2
    },
    "half-close": {
      "verdict": "failed"
    }
  }
}
`,
  );
});

test('what was written is read back', () => {
  const progress = { ...withVerdicts(empty, [{ id: 'answers', verdict: 'passed' }], '2026-03-01'), diffAsked: true };
  expect(parseProgress(formatProgress(progress, ids), 'echo')).toEqual(progress);
});

test('the first green day stays when a checkpoint turns red and green again', () => {
  let progress = withVerdicts(empty, [{ id: 'answers', verdict: 'passed' }], '2026-03-01');
  progress = withVerdicts(progress, [{ id: 'answers', verdict: 'failed' }], '2026-03-02');
  progress = withVerdicts(progress, [{ id: 'answers', verdict: 'passed' }], '2026-03-03');
  expect(progress.checkpoints.get('answers')).toEqual({ verdict: 'passed', hintsShown: 0, firstGreen: '2026-03-01' });
});

test('a reset forgets verdicts and keeps history', () => {
  const judged = withHintsShown(
    withVerdicts(empty, [{ id: 'answers', verdict: 'passed' }], '2026-03-01'),
    'answers',
    1,
  );
  expect(withoutVerdicts({ ...judged, diffAsked: true })).toEqual({
    lab: 'echo',
    diffAsked: false,
    checkpoints: new Map([['answers', { hintsShown: 1, firstGreen: '2026-03-01' }]]),
  });
});

test('a checkpoint that the course no longer has is kept, at the end', () => {
  const progress = withVerdicts(
    empty,
    [
      { id: 'gone', verdict: 'passed' },
      { id: 'answers', verdict: 'failed' },
    ],
    '2026-03-01',
  );
  expect(Object.keys(JSON.parse(formatProgress(progress, ids)).checkpoints)).toEqual(['answers', 'gone']);
});

describe('what cannot be progress is refused with its reason', () => {
  test.each([
    ['{', /^is no JSON/],
    ['<<<<<<< HEAD', /^is no JSON/],
    ['[]', /^holds no object/],
    ['{"version":2}', /^has version 2; this command reads 1/],
    ['{"version":1,"lab":"chat"}', /^belongs to lab "chat", not to "echo"/],
    ['{"version":1,"lab":"echo"}', /^has no object "checkpoints"/],
    ['{"version":1,"lab":"echo","diffAsked":1,"checkpoints":{}}', /"diffAsked"/],
    ['{"version":1,"lab":"echo","checkpoints":{"a":1}}', /no object for checkpoint "a"/],
    ['{"version":1,"lab":"echo","checkpoints":{"a":{"verdict":"green"}}}', /gives "a" the verdict "green"/],
    ['{"version":1,"lab":"echo","checkpoints":{"a":{"hintsShown":-1}}}', /counts -1 hints/],
    ['{"version":1,"lab":"echo","checkpoints":{"a":{"firstGreen":"monday"}}}', /first green of "a" "monday"/],
  ])('%s', (text, reason) => {
    expect(() => parseProgress(text, 'echo')).toThrow(ProgressCorrupt);
    expect(() => parseProgress(text, 'echo')).toThrow(reason);
  });
});
