import { setTimeout as wait } from 'node:timers/promises';

/** Waits, unless `signal` aborts. @returns false when it did. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
