import pino, { type Logger } from 'pino';

export type Log = Logger;

/**
 * A log of one JSON object a line on standard error; standard output belongs to the ready line.
 *
 * @param level `info` has a line for each request, `warn` only what somebody should look at. Anything else is `info`.
 */
export function createLog(level?: string): Log {
  // Written at once: the last lines before an exit are the ones that matter.
  const options = { level: level === 'warn' ? 'warn' : 'info', base: null };
  return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
}
