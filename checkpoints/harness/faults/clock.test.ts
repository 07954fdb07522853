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
  const delays = [3.9, 3.1, 3.5, 0, 2.2];
  /** When each timer is due: between these two, since time passes while it is set. */
  const due: { readonly from: number; readonly to: number }[] = [];
  {
    using clock = createRealClock();
    await new Promise<void>((resolve) => {
      delays.forEach((delay, n) => {
        const from = clock.now() + delay;
        clock.after(delay, () => {
          if (fired.push(n) === delays.length) resolve();
        });
        due.push({ from, to: clock.now() + delay });
      });
    });
    clock.after(0, () => fired.push(-1));
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(fired).toHaveLength(delays.length);
  for (const [place, n] of fired.entries()) {
    const later = fired.slice(place + 1).map((other) => due[other]?.to ?? Number.NaN);
    expect(due[n]?.from ?? Number.NaN, `fired in the order ${fired.map((i) => delays[i])}`).toBeLessThanOrEqual(
      Math.min(...later, Number.POSITIVE_INFINITY),
    );
  }
});
