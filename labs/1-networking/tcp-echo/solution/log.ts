export type Level = 'info' | 'warn' | 'error';

/** Writes one event. Fields are facts about it, never a sentence to be parsed again. */
export type Log = (level: Level, event: string, fields?: Readonly<Record<string, unknown>>) => void;

/**
 * A log of one JSON object a line.
 *
 * @param write takes a whole line. Simplified: standard error is written at once, and waits for a slow reader when it
 *   is a pipe. In production: a bounded queue that counts what it had to drop.
 */
export function createLog(write: (line: string) => void): Log {
  return (level, event, fields = {}) => {
    write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
  };
}
