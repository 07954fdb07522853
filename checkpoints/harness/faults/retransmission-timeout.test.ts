import { expect, test } from 'vitest';
import { INITIAL_RTO_MS, MAX_RTO_MS, RetransmissionTimeout } from './retransmission-timeout.ts';

test('is one second before anything is measured', () => {
  expect(new RetransmissionTimeout().ms).toBe(INITIAL_RTO_MS);
});

test('follows RFC 6298 §2.2 and §2.3', () => {
  const timeout = new RetransmissionTimeout(1);
  timeout.measured(100); // SRTT = 100, RTTVAR = 50
  expect(timeout.ms).toBe(300);
  timeout.measured(140); // RTTVAR = 0.75 · 50 + 0.25 · 40 = 47.5, SRTT = 0.875 · 100 + 0.125 · 140 = 105
  expect(timeout.smoothedMs).toBe(105);
  expect(timeout.ms).toBe(105 + 4 * 47.5);
});

test('never falls below its minimum, nor the clock granularity above the mean', () => {
  const [linux, bare] = [new RetransmissionTimeout(), new RetransmissionTimeout(0)];
  for (let i = 0; i < 200; i++) for (const timeout of [linux, bare]) timeout.measured(40);
  expect(linux.ms).toBe(200);
  expect(bare.ms).toBe(41);
});

test('doubles at each timeout up to the maximum, and a measurement brings it back', () => {
  const timeout = new RetransmissionTimeout();
  timeout.measured(40);
  const waits = Array.from({ length: 12 }, () => {
    timeout.backOff();
    return timeout.ms;
  });
  expect(waits.slice(0, 3)).toEqual([400, 800, 1600]);
  expect(waits.at(-1)).toBe(MAX_RTO_MS);
  timeout.measured(40);
  expect(timeout.ms).toBe(200);
});
