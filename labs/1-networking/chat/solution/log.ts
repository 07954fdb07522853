export type LogLevel = 'info' | 'warn' | 'error';

/** Writes one line of JSON. What people say to each other is never among the fields. */
export type Log = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** @param write takes one line, its end included. */
export function createLog(write: (line: string) => void): Log {
  return (level, event, fields = {}) => {
    write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
  };
}
