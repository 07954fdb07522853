import pino, { type Logger } from 'pino';

export type Log = Logger;

/** One JSON object a line on standard error, which all processes of the system share: each line names its service. */
export function createLog(service: string): Log {
  // Written at once: a process that is killed takes a buffer with it, and its last lines are the ones that matter.
  return pino(
    { base: { service }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
