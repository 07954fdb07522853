import { CheckpointFailure, check } from '../../harness/failure.ts';
import { exitOf } from '../../harness/program.ts';
import { openGate, passwordOf, register } from './hall.ts';
import { call } from './http-client.ts';
import { untilWaiting } from './outage.ts';

const ENDS_WITHIN_MS = 10_000;

/** The last to use this server. */
export async function judgeStop(): Promise<void> {
  await register('latecomer');
  const { server, line } = await openGate();
  // Its connection is kept for a next request: that must not keep the server.
  await call(server, '/.well-known/jwks.json');
  line.hold();
  const body = { username: 'latecomer', password: passwordOf('latecomer') };
  const answer = call(server, '/sessions', { body }).catch(() => undefined);
  try {
    await untilWaiting(line, 'POST /sessions');
    server.kill('SIGTERM');
  } finally {
    line.restore();
  }
  const sent = 'SIGTERM, while a POST /sessions waits for the database; then the database goes on';
  const status = (await answer)?.status;
  check(status === 200, {
    sent,
    expected: 'the answer to the log-in: status 200',
    received: status === undefined ? 'none' : `status ${status}`,
    usually:
      'the handler of SIGTERM ends the process at once, or the database is given up first, with requests under way',
    details: server.logTail(),
  });
  const expected = 'exit code 0, once the last answer is out';
  const usually =
    'connections that are kept for a next request, a pool or a timer hold the process, or it ends otherwise';
  const { code, signal } = await exitOf(
    server,
    ENDS_WITHIN_MS,
    () =>
      new CheckpointFailure({ sent, expected, received: 'a server that goes on', usually, details: server.logTail() }),
  );
  check(code === 0, {
    sent,
    expected,
    received: code === null ? `an end by ${signal}` : `exit code ${code}`,
    usually,
    details: server.logTail(),
  });
}
