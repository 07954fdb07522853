import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { startProgram } from '../../harness/program.ts';
import { expectRefusedStart, expectRefusedStarts } from '../../harness/refused-start.ts';
import { connectTcp } from '../../harness/tcp-client.ts';
import { roundTrip } from './echo-client.ts';

const BAD_SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['PORT', '65536'],
  ['PORT', '8080x'],
  ['PORT', '1e4'],
  ['MAX_CONNECTIONS', '0'],
  ['IDLE_TIMEOUT_MS', '-1'],
  ['SHUTDOWN_TIMEOUT_MS', '2.5'],
];

export async function refusesTakenPort(_: CheckpointContext): Promise<void> {
  await using first = await startProgram();
  await expectRefusedStart({
    env: { PORT: String(first.port) },
    sent: 'your server started a second time, with the PORT of the first',
    wanted: [String(first.port), 'in use'],
    line: 'one line on standard error with the port number and "in use"',
    usually: "the error of listen is not handled, so the runtime's stack trace is all there is, or the port is shared",
  });
  await using client = await connectTcp(first);
  await roundTrip(client, 'the second start disturbed the first');
}

export async function refusesBadSettings(_: CheckpointContext): Promise<void> {
  await expectRefusedStarts(
    BAD_SETTINGS.map(([name, value]) => ({
      env: { [name]: value },
      wanted: [name, value],
      line: 'one line on standard error with the name and the value',
      usually: 'the value is used unchecked, or parsed by a function that takes what looks like a number to it',
    })),
  );
}
