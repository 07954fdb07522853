import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { CheckpointFailure, fail } from '../../harness/failure.ts';
import { exitOf, type Program, spawnProgram, startProgram } from '../../harness/program.ts';
import { connectTcp } from '../../harness/tcp-client.ts';
import { all, roundTrip } from './echo-client.ts';

const REFUSED_WITHIN_MS = 4_000;
/** One line is asked for; a runner around the program (`go run`, a shell) may add one or two of its own. */
const MAX_LINES = 3;

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
  await using second = spawnProgram({ env: { PORT: String(first.port) } });
  await expectRefusal(second, {
    sent: 'your server started a second time, with the PORT of the first',
    wanted: [String(first.port), 'in use'],
    line: 'one line on standard error with the port number and "in use", and an exit code other than 0',
    usually: "the error of listen is not handled, so the runtime's stack trace is all there is, or the port is shared",
  });
  await using client = await connectTcp(first);
  await roundTrip(client, 'the second start disturbed the first');
}

export async function refusesBadSettings(_: CheckpointContext): Promise<void> {
  await all(
    BAD_SETTINGS.map(async ([name, value]) => {
      await using program = spawnProgram({ env: { [name]: value } });
      await expectRefusal(program, {
        sent: `${name}=${value}`,
        wanted: [name, value],
        line: 'one line on standard error with the name and the value, and an exit code other than 0',
        usually: 'the value is used unchecked, or parsed by a function that takes what looks like a number to it',
      });
    }),
  );
}

interface Refusal {
  readonly sent: string;
  /** What the line contains. */
  readonly wanted: readonly string[];
  /** The same as a person says it. */
  readonly line: string;
  readonly usually: string;
}

async function expectRefusal(program: Program, { sent, wanted, line, usually }: Refusal): Promise<void> {
  const started = /^READY /m;
  const text = { sent, expected: line, usually };
  const running = () => new CheckpointFailure({ ...text, received: 'your server goes on as if nothing were wrong' });
  await program.waitForOutput((p) => p.ended || started.test(p.stdout), REFUSED_WITHIN_MS, running);
  if (started.test(program.stdout)) throw new CheckpointFailure({ ...text, received: 'the line READY: it serves' });
  const { code, signal } = await exitOf(program, REFUSED_WITHIN_MS, running);
  const lines = program.stderr.split('\n').filter((each) => each.trim() !== '');
  const details = program.logTail();
  if (code === 0) fail({ ...text, received: 'exit code 0', details });
  if (code === null) fail({ ...text, received: `an end by ${signal}`, details });
  if (lines.length > MAX_LINES) fail({ ...text, received: `${lines.length} lines on standard error`, details });
  if (!lines.some((each) => wanted.every((part) => each.toLowerCase().includes(part.toLowerCase())))) {
    const missing = wanted.filter((part) => !lines.some((each) => each.toLowerCase().includes(part.toLowerCase())));
    const what =
      missing.length === 0
        ? 'them in different lines'
        : `no line with ${missing.map((part) => `"${part}"`).join(' and ')}`;
    fail({ ...text, received: what, details });
  }
}
