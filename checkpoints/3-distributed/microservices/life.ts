import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { exitOf, spawnProgram } from '../../harness/program.ts';
import { createQueuePrefix } from '../../harness/queue-prefix.ts';
import { createDatabaseWithRoles } from './own-roles.ts';
import { isAlive } from './processes.ts';
import { SERVICES, Town } from './town.ts';

const EXIT_WITHIN_MS = 15_000;
const SHUTDOWN_MS = 8_000;

export async function stopsAsAWhole(): Promise<void> {
  const town = await Town.open({ SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_MS) });
  await using _ = town;
  const all = (['gateway', ...SERVICES] as const).map((name) => town.serviceOf(name));
  // To the first process alone, as a container engine does: the others have to hear of it from there.
  process.kill(town.program.pid, 'SIGTERM');
  const sent = `SIGTERM to the process that was started, with SHUTDOWN_TIMEOUT_MS=${SHUTDOWN_MS}`;
  // The output of the system ends only when nobody is left who could write to it.
  const exit = await exitOf(
    town.program,
    EXIT_WITHIN_MS,
    () =>
      new CheckpointFailure({
        sent,
        expected: 'the end of the whole system',
        received: 'processes that go on',
        usually: 'the services are not told, or wait for connections that are kept alive',
        details: town.program.logTail(),
      }),
  );
  check(exit.code === 0, {
    sent,
    expected: 'exit code 0',
    received: exit.code === null ? `an end by ${exit.signal}` : `exit code ${exit.code}`,
    usually: 'the signal is not handled, or an end that was asked for counts as a failure of a service',
    details: town.program.logTail(),
  });
  await pollUntil(
    () => all.filter(({ pid }) => isAlive(pid)).map(({ name }) => name),
    (left) => left.length === 0,
    {
      withinMs: EXIT_WITHIN_MS,
      otherwise: (left) =>
        new CheckpointFailure({
          sent,
          expected: 'no process of the system to be left',
          received: left.join(', '),
          usually: 'the parent ends and its children do not notice',
        }),
    },
  );
}

/** What is not good, what the line says of it, and what it must not say. */
type BadStart = readonly [env: Readonly<Record<string, string>>, says: string, secret?: string];

export async function refusesBadSettings(): Promise<void> {
  await using database = await createDatabaseWithRoles();
  await using prefix = createQueuePrefix();
  // Services may begin before the port turns out to be taken.
  for (const name of [...SERVICES, 'parked']) prefix.queue(name);
  prefix.exchange('tavern');
  const good = { DATABASE_URL: database.url, AMQP_URL: prefix.url, AMQP_PREFIX: prefix.prefix };
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const nobody = new URL(database.url);
  nobody.port = '1';
  const cases: readonly BadStart[] = [
    [{ PORT: '70000' }, 'PORT'],
    [{ PORT: '80a' }, 'PORT'],
    [{ UPSTREAM_TIMEOUT_MS: '0' }, 'UPSTREAM_TIMEOUT_MS'],
    [{ SHUTDOWN_TIMEOUT_MS: '-1' }, 'SHUTDOWN_TIMEOUT_MS'],
    [{ INTERNAL_SECRET: 'short' }, 'INTERNAL_SECRET', 'short'],
    [{ DATABASE_URL: '' }, 'DATABASE_URL'],
    [{ DATABASE_URL: nobody.href }, 'DATABASE_URL', nobody.password],
    [{ AMQP_URL: 'http://somewhere' }, 'AMQP_URL'],
    [{ PORT: String(port) }, 'in use'],
  ];
  try {
    const outcomes = await Promise.allSettled(
      [0, 1, 2].map(async (lane) => {
        for (const [i, each] of cases.entries()) if (i % 3 === lane) await refuses(each, good);
      }),
    );
    // The first lane that failed: the same one each time.
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    taken.close();
  }
}

/** Starts with one setting that is not good, and expects one line about it. */
async function refuses([env, says, secret = '']: BadStart, good: Readonly<Record<string, string>>): Promise<void> {
  await using program = spawnProgram({ env: { ...good, ...env } });
  const sent = `a start with ${Object.keys(env)[0]}=${says === 'in use' ? '<a port that is taken>' : secret === '' ? Object.values(env)[0] : '<a secret>'}`;
  const exit = await exitOf(
    program,
    EXIT_WITHIN_MS,
    () =>
      new CheckpointFailure({
        sent,
        expected: 'the end of the start',
        received: 'a system that runs',
        usually: 'the setting is not looked at until it is used, or the start is tried again for ever',
        details: program.logTail(),
      }),
  );
  const lines = program.stderr.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => line.includes(says));
  check(exit.code !== 0 && exit.code !== null && telling.length === 1 && !program.stdout.includes('READY'), {
    sent,
    expected: `one line on standard error with "${says}", no READY, and an exit code other than 0`,
    received: exit.code === 0 ? 'exit code 0' : `${telling.length} such lines`,
    usually: 'a stack trace, or the error of a library, takes the place of the one line that says what to do',
    details: program.logTail(),
  });
  check(lines.length === 1, {
    sent,
    expected: 'that line and no other',
    received: `${lines.length} lines`,
    usually: 'a stack trace, or the error of a library, takes the place of the one line that says what to do',
    details: program.logTail(),
  });
  check(secret === '' || !program.stderr.includes(secret), {
    sent,
    expected: 'a line without the secret',
    received: 'the value',
    usually: 'the setting is repeated as it came, and logs are read by many',
  });
}
