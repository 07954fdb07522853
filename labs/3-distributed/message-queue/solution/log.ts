import pino, { type Logger } from 'pino';

export type Log = Logger;

/** A log of one JSON object a line on standard error; standard output belongs to READY and REDRIVEN. */
export function createLog(level = 'info'): Log {
  // Written at once: the last lines before an exit are the ones that matter.
  const options = { level: level === 'warn' ? 'warn' : 'info', base: null };
  return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
}
