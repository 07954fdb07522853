import { afterEach, beforeEach, expect, test } from 'vitest';
import { TinyCourse } from '../verify/tiny-course.ts';
import { badgeSvg } from './badge.ts';
import { BADGE_FOLDER, badgesOf, drawBadges } from './badges.ts';
import { labEvidencePath } from './evidence.ts';

let tiny: TinyCourse;
beforeEach(async () => {
  tiny = await TinyCourse.make();
});
afterEach(() => tiny[Symbol.asyncDispose]());

const evidence = (verdict: string) =>
  JSON.stringify({
    targets: [
      { name: 'starter', checkpoints: [{ verdict: 'failed' }] },
      { name: 'solution', checkpoints: [{ verdict: 'passed' }, { verdict }] },
    ],
    mistakes: [{ caught: true }],
  });

test('badges count the solution and the mistakes of recorded runs, and the labs of the manifest', async () => {
  await tiny.write(labEvidencePath('greeting'), evidence('could not check'));
  expect((await badgesOf(tiny.course, tiny.root)).map(({ label, value, whole }) => [label, value, whole])).toEqual([
    ['labs', '1 of 6 stand', false],
    ['checkpoints', '1 of 2 passed', false],
    ['wrong solutions', '1 of 1 caught', true],
  ]);
});

test('a badge is stale once the evidence says something else, and drawing it mends that', async () => {
  const { course, root } = tiny;
  await tiny.write(labEvidencePath('greeting'), evidence('failed'));
  expect(await drawBadges(course, { root, check: true })).toHaveLength(3);
  await drawBadges(course, { root, check: false });
  expect(await drawBadges(course, { root, check: true })).toEqual([]);
  await tiny.write(labEvidencePath('greeting'), evidence('passed'));
  expect(await drawBadges(course, { root, check: true })).toEqual([`${BADGE_FOLDER}/checkpoints.svg`]);
});

test('a badge says in words what it shows', () => {
  const svg = badgeSvg({ name: 'labs', label: 'labs', value: '7 of 19 stand', whole: false });
  expect(svg).toContain('aria-label="labs: 7 of 19 stand"');
});
