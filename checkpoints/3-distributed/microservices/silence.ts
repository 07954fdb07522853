import { deadlineMs } from '../../harness/deadline.ts';

/**
 * A step of a saga takes milliseconds, a service that starts again on a busy machine some seconds. When a system has shown
 * no sign of life for longer than that, nothing that it owes us will come.
 */
const LONG_MS = 7_000;

/** Tells when nothing has happened for long: neither a sign, nor the beginning of the wait. */
export function silenceSince(lastSignMs: () => number): { isLong(): boolean } {
  const begun = performance.now();
  return { isLong: () => performance.now() - Math.max(begun, lastSignMs()) > deadlineMs(LONG_MS) };
}
