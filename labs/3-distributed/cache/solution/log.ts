import pino, { type Logger } from 'pino';

export type Log = Logger;

/** One JSON object a line on standard error; standard output belongs to the ready line. */
export function createLog(level?: string): Log {
  const options = { level: level === 'warn' ? 'warn' : 'info', base: null };
  // Written at once: the last lines before an exit are the ones that matter.
  return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
}
