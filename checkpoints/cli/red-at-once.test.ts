import { afterEach, beforeEach, expect, test } from 'vitest';
import { TemporaryCourse } from './temporary-course.ts';

/** Three checkpoints that run beside one another and fail in the same moment, as a server that does not start makes them. */
const FAIL_AT_ONCE = `
import { checkpoint } from '../harness/checkpoint.ts';
import { fail } from '../harness/failure.ts';
let arrived = 0;
let open;
const all = new Promise((resolve) => { open = resolve; });
const together = async () => {
  arrived += 1;
  if (arrived >= 3) open();
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 500))]);
  fail({ expected: 'an answer', received: 'none', usually: 'it does not run' });
};
checkpoint('answers', 'a client receives what it sent', together, { concurrent: true });
checkpoint('twice', 'a client that sends twice receives both, in order', together, { concurrent: true });
checkpoint('stops', 'the server ends with code 0 on SIGTERM', together, { concurrent: true });
`;

let course: TemporaryCourse;

beforeEach(() => {
  course = new TemporaryCourse();
});
afterEach(() => course[Symbol.dispose]());

test('of several checkpoints that turn red at once, one is told', async () => {
  course.write({ 'checkpoints/1-first/echo.test.ts': FAIL_AT_ONCE });
  await course.run(['start', 'echo']);
  for (let i = 0; i < 3; i += 1) {
    const { code, stdout } = await course.run(['test', 'echo']);
    expect(stdout).toMatch(/^✗ (answers|twice|stops) /m);
    expect(stdout).toContain('0 green, 1 red, 2 not reached.');
    expect(code).toBe(1);
  }
}, 120_000);
