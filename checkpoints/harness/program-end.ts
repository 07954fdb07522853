import { once } from 'node:events';
import { connect } from 'node:net';
import { deadlineMs, pollUntil } from './deadline.ts';
import { CheckpointFailure, fail } from './failure.ts';
import { exitOf, type Program, type ProgramExit } from './program.ts';

interface EndText {
  readonly sent: string;
  readonly expected: string;
  readonly usually: string;
  /** From now; `LAB_PATIENCE` lengthens it. Default 3,000. */
  readonly withinMs?: number;
}

const WITHIN_MS = 3_000;

/** Waits until the program has ended by itself, with exit code 0. @throws CheckpointFailure when it has not in time. */
export async function expectExit(program: Program, { withinMs = WITHIN_MS, ...text }: EndText): Promise<ProgramExit> {
  const waitedMs = deadlineMs(withinMs).toLocaleString('en');
  const exit = await exitOf(
    program,
    withinMs,
    () =>
      new CheckpointFailure({
        ...text,
        received: `a server that still runs ${waitedMs} ms later`,
        details: program.logTail(),
      }),
  );
  if (exit.code !== 0) fail({ ...text, received: howItEnded(exit), details: program.logTail() });
  return exit;
}

/** `exit code 1`, or `an end by SIGTERM`. */
export function howItEnded({ code, signal }: ProgramExit): string {
  return code === null ? `an end by ${signal}` : `exit code ${code}`;
}

/** Waits until nobody accepts connections at the program's port any more. */
export async function expectRefusedConnections(
  program: Program,
  { withinMs = WITHIN_MS, ...text }: EndText,
): Promise<void> {
  const waitedMs = deadlineMs(withinMs).toLocaleString('en');
  await pollUntil(
    () => isAccepting(program),
    (accepting) => !accepting,
    {
      withinMs,
      otherwise: () =>
        new CheckpointFailure({
          ...text,
          received: `a connection accepted ${waitedMs} ms after SIGTERM`,
          details: program.logTail(),
        }),
    },
  );
}

async function isAccepting({ host, port }: Program): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
