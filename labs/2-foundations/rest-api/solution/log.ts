import pino, { type Logger } from 'pino';

export type Log = Logger;

/** A log of one JSON object a line on standard error; standard output belongs to the ready line. */
export function createLog(): Log {
  // Written at once: the last lines before an exit are the ones that matter.
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
}
