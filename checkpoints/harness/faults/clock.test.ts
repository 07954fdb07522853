import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFakeClock, createRealClock } from './clock.ts';

test('a fake clock runs timers in the order of their time, then of their setting', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 60 }), (delays) => {
      const clock = createFakeClock();
      const fired: { delay: number; index: number; at: number }[] = [];
      delays.forEach((delay, index) => {
        clock.after(delay, () => fired.push({ delay, index, at: clock.now() }));
      });
      expect(clock.runUntilIdle(100)).toBe(true);
      expect(fired.map(({ at }) => at)).toEqual(delays.toSorted((a, b) => a - b));
      for (const [a, b] of fired.slice(1).map((b, i) => [fired[i], b] as const)) {
        if (a !== undefined && a.delay === b.delay) expect(a.index).toBeLessThan(b.index);
      }
    }),
  );
});

test('a cancelled timer does not fire, and one set by another in passing does', () => {
  const clock = createFakeClock();
  const fired: string[] = [];
  const timer = clock.after(5, () => fired.push('cancelled'));
  clock.after(1, () => {
    timer.cancel();
    clock.after(1, () => fired.push(`set on the way, at ${clock.now()}`));
  });
  clock.advance(10);
  expect(fired).toEqual(['set on the way, at 2']);
  expect(clock.now()).toBe(10);
});

test('the real clock keeps the order of timers that differ by less than a millisecond, and none survives disposal', async () => {
  const fired: number[] = [];
  {
    using clock = createRealClock();
    const delays = [3.9, 3.1, 3.5, 0, 2.2];
    await new Promise<void>((resolve) => {
      for (const delay of delays) clock.after(delay, () => fired.push(delay));
      clock.after(4, resolve);
    });
    expect(fired).toEqual(delays.toSorted((a, b) => a - b));
    clock.after(0, () => fired.push(-1));
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(fired).not.toContain(-1);
});
