/**
 * Deadlines of the harness. They bound how long a checkpoint waits for something that should come at once, so they
 * are long on purpose: a passing run never reaches one. `LAB_PATIENCE=3` makes all of them three times as long.
 */
const patience = Math.max(1, Number(process.env.LAB_PATIENCE ?? '1') || 1);

/** `ms`, stretched for a slow machine. */
export function deadlineMs(ms: number): number {
  return ms * patience;
}

/** Settled by the first of: `work`, or `lateMs` gone by, when `onLate` makes the error. */
export async function within<T>(work: Promise<T>, lateMs: number, onLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onLate()), lateMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface PollOptions<T> {
  /** Default 5,000. */
  readonly withinMs?: number;
  /** Default 10. */
  readonly everyMs?: number;
  /** Makes the failure from the last value seen. */
  readonly otherwise: (last: T) => Error;
}

/** Calls `probe` until `accept` holds for its value, and returns that value. */
export async function pollUntil<T>(
  probe: () => T | Promise<T>,
  accept: (value: T) => boolean,
  options: PollOptions<T>,
): Promise<T> {
  const end = performance.now() + deadlineMs(options.withinMs ?? 5_000);
  for (;;) {
    const value = await probe();
    if (accept(value)) return value;
    if (performance.now() > end) throw options.otherwise(value);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 10));
  }
}
