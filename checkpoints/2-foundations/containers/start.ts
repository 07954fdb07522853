import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { CheckpointFailure, fail } from '../../harness/failure.ts';
import { exitOf, type Program, spawnProgram } from '../../harness/program.ts';
import { ask, described, untilStatus } from './board-client.ts';
import { OwnDatabase, PASSWORD } from './own-database.ts';

const REFUSED_WITHIN_MS = 4_000;
/** Long, as a start takes its time on a busy machine; short for somebody who waits to see it red. */
const LISTENS_WITHIN_MS = 8_000;
const MAX_LINES = 3;
/** Nobody listens at port 1. */
const NOWHERE = `postgres://board:${PASSWORD}@127.0.0.1:1/board`;

interface BadSetting {
  readonly name: string;
  /** Empty: the variable is not set. */
  readonly value: string;
  /** What must not be shown. */
  readonly secret?: string;
}

const BAD_SETTINGS: readonly BadSetting[] = [
  { name: 'DATABASE_URL', value: '' },
  { name: 'DATABASE_URL', value: `mysql://board:${PASSWORD}@127.0.0.1/board`, secret: PASSWORD },
  { name: 'PORT', value: '8080x' },
  { name: 'SHUTDOWN_TIMEOUT_MS', value: '0' },
  { name: 'SHUTDOWN_DELAY_MS', value: '-1' },
];

export async function refusesBadSettings(_: CheckpointContext): Promise<void> {
  const outcomes = await Promise.allSettled(BAD_SETTINGS.map(refuses));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

export async function startsBeforeItsDatabase(_: CheckpointContext): Promise<void> {
  const sent = 'a start while nothing answers at DATABASE_URL';
  const usually = 'the server connects first and listens after that, or ends when it cannot connect';
  await using database = await OwnDatabase.create('gone');
  await using program = spawnProgram({ env: { DATABASE_URL: database.url } });
  const expected = 'the line READY <port> all the same: the server is live';
  const ready = /^READY (\d{1,5})\r?$/m;
  await program.waitForOutput(
    ({ stdout }) => ready.test(stdout),
    LISTENS_WITHIN_MS,
    () => {
      const received = program.ended ? 'your program ended before it was ready' : 'nothing, while it waits';
      return new CheckpointFailure({ sent, expected, received, usually, details: program.logTail() });
    },
  );
  program.port = Number(ready.exec(program.stdout)?.[1]);
  await untilStatus(program, '/livez', 200, {
    sent: `${sent}, then GET /livez`,
    usually: 'the server is not live without its database',
  });
  await expectStatus(program, '/readyz', 503, {
    sent: `${sent}, then GET /readyz`,
    usually: '/readyz says the same as /livez: traffic comes before the server can serve it',
  });
  database.state = 'open';
  const then = `${sent}; then the database comes`;
  await untilStatus(program, '/readyz', 200, {
    sent: then,
    usually: 'the server tries once and then no more, or waits ever longer without a bound',
  });
  const pinned = await ask(program, { method: 'POST', path: '/notices', body: { text: 'Dragon seen at the mill' } });
  if (pinned.status !== 201) {
    fail({
      sent: `${then}; GET /readyz says 200; POST /notices`,
      expected: 'status 201',
      received: described(pinned),
      usually: 'the table was to be made at the start, when there was no database, and nobody made it later',
      details: program.logTail(),
    });
  }
}

export async function expectStatus(
  program: Program,
  path: string,
  status: number,
  text: { readonly sent: string; readonly usually: string },
): Promise<void> {
  const reply = await ask(program, { path });
  if (reply.status === status) return;
  fail({ ...text, expected: `status ${status}`, received: described(reply), details: program.logTail() });
}

async function refuses({ name, value, secret }: BadSetting): Promise<void> {
  await using program = spawnProgram({ env: { DATABASE_URL: NOWHERE, [name]: value } });
  const shown = secret === undefined ? value : value.replace(secret, '<password>');
  const text = {
    sent: value === '' ? `no ${name}` : `${name}=${shown}`,
    expected: `one line on standard error that names ${name}, and an exit code other than 0`,
    usually: 'the value is used unchecked, or the first use of it throws: a stack trace, much later',
  };
  const started = /^READY /m;
  const running = () => new CheckpointFailure({ ...text, received: 'your server goes on as if nothing were wrong' });
  await program.waitForOutput((p) => p.ended || started.test(p.stdout), REFUSED_WITHIN_MS, running);
  if (started.test(program.stdout)) fail({ ...text, received: 'the line READY: it serves' });
  const { code, signal } = await exitOf(program, REFUSED_WITHIN_MS, running);
  const lines = program.stderr.split('\n').filter((line) => line.trim() !== '');
  const details = secret === undefined ? program.logTail() : [];
  if (code === 0) fail({ ...text, received: 'exit code 0', details });
  if (code === null) fail({ ...text, received: `an end by ${signal}`, details });
  if (lines.length > MAX_LINES) fail({ ...text, received: `${lines.length} lines on standard error`, details });
  if (!lines.some((line) => line.includes(name))) fail({ ...text, received: `no line with ${name}`, details });
  if (secret !== undefined && program.stderr.includes(secret)) {
    const usually = 'the message shows the value, as for every other variable; this one holds a password';
    fail({
      ...text,
      expected: `${text.expected}, and not its password`,
      received: 'the password, in the log',
      usually,
    });
  }
}
