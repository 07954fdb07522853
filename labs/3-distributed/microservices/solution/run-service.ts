import { once } from 'node:events';
import type { Log } from './log.ts';

export interface RunningService {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

const STOP_DEADLINE_MS = 4_000;

// #region run-service
/**
 * The life of a process under the supervisor. It serves until its standard input ends: that is how the supervisor stops
 * it, and what happens by itself when the supervisor is killed, so that no process is ever left behind.
 */
export async function runService(log: Log, start: () => Promise<RunningService>): Promise<void> {
  // A Ctrl-C in a terminal, or a signal to the group, reaches us as well; the order of the stop is not ours to choose.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  const inputEnded = once(process.stdin.resume(), 'end');
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
    if (code === 'EADDRINUSE') log.error({ message: `port ${port} is in use` }, 'cannot-listen');
    else log.error({ message }, 'cannot-start');
    process.exit(1);
  }
  process.stdout.write(`READY ${service.port}\n`);
  await inputEnded;
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  await service.stop();
  process.exit(0);
}
// #endregion run-service
