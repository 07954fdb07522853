import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { expectProblem, expectStatus } from './answers.ts';
import type { DatabaseLine } from './database-line.ts';
import { logIn, openGate, passwordOf, register } from './hall.ts';
import { type Answer, type Call, call } from './http-client.ts';
import { BRIEF_TOKEN, ES256_KEY } from './published-keys.ts';
import { claimsFor, signedBy } from './token.ts';

/** A pool may look for its database in intervals of its own. */
const RECOVERED_WITHIN_MS = 15_000;

export async function judgeOutage(): Promise<void> {
  const id = await register('survivor');
  const { server, line } = await openGate();
  const { refresh } = await logIn('gate', 'survivor');
  const needDatabase: readonly (readonly [what: string, path: string, call: Call])[] = [
    ['GET /accounts/me', '/accounts/me', { token: signedBy(ES256_KEY, claimsFor(id)) }],
    ['GET /accounts as a warden', '/accounts', { token: BRIEF_TOKEN }],
    ['POST /accounts', '/accounts', { body: { username: 'too.late', password: passwordOf('too.late') } }],
    ['POST /sessions', '/sessions', { body: { username: 'too.late', password: passwordOf('too.late') } }],
    ['POST /sessions/refresh', '/sessions/refresh', { body: { refresh_token: refresh } }],
    ['POST /sessions/log-out', '/sessions/log-out', { body: { refresh_token: refresh } }],
  ];
  try {
    line.cut();
    for (const [what, path, options] of needDatabase) {
      expectUnavailable(await call(server, path, options), `${what} without the database`);
    }
    expectStatus(await call(server, '/.well-known/jwks.json'), 200, {
      sent: 'GET /.well-known/jwks.json without the database',
      usually: 'what needs no database fails with it',
    });
    expectStatus(await call(server, '/accounts/me', { token: 'none' }), 401, {
      sent: 'GET /accounts/me with a bad token, without the database',
      usually: 'the token is checked after the database was asked',
    });
    line.restore();
    await expectRecovery(refresh);
    line.hold();
    const underWay = call(server, '/sessions/log-out', { body: { refresh_token: refresh } });
    // Awaited below, with a deadline of its own.
    underWay.catch(() => undefined);
    await untilWaiting(line, 'POST /sessions/log-out');
    line.cut();
    expectUnavailable(await underWay, 'POST /sessions/log-out, and the connection to the database breaks meanwhile');
  } finally {
    line.restore();
  }
  await logInAgain('the database lost in the middle of a request, and back again');
}

/** A request is under way: it waits for the database. */
export async function untilWaiting(line: DatabaseLine, sent: string): Promise<void> {
  await pollUntil(
    () => line.waiting,
    (count) => count > 0,
    {
      otherwise: () =>
        new CheckpointFailure({
          sent,
          expected: 'a question to the database',
          received: 'none',
          usually: 'the answer does not come from the database',
        }),
    },
  );
}

function expectUnavailable(answer: Answer, sent: string): void {
  const usually = 'the error of the driver becomes a 500: it is nobody’s mistake and passes, so clients may try again';
  expectStatus(answer, 503, { sent, usually });
  expectProblem(answer, { sent, usually });
  const retryAfter = answer.headers['retry-after'];
  check(/^\d+$/.test(retryAfter ?? ''), {
    sent,
    expected: 'Retry-After in whole seconds',
    received: retryAfter === undefined ? 'no Retry-After' : 'another form',
    usually: 'a 503 without it leaves clients to guess, and they guess "at once"',
  });
}

async function expectRecovery(refresh: string): Promise<void> {
  const sent = 'the database gone and back again';
  await logInAgain(sent);
  const { server } = await openGate();
  expectStatus(await call(server, '/sessions/refresh', { body: { refresh_token: refresh } }), 200, {
    sent: `${sent}, then POST /sessions/refresh with a token that got 503 meanwhile`,
    usually: 'a token is used up, or its session ended, by a request that failed',
  });
}

async function logInAgain(sent: string): Promise<void> {
  const { server } = await openGate();
  const body = { username: 'survivor', password: passwordOf('survivor') };
  await pollUntil(
    () => call(server, '/sessions', { body }),
    ({ status }) => status === 200,
    {
      withinMs: RECOVERED_WITHIN_MS,
      everyMs: 50,
      otherwise: ({ status }) =>
        new CheckpointFailure({
          sent: `${sent}, then POST /sessions`,
          expected: 'status 200 again, without a restart',
          received: `status ${status}`,
          usually: 'connections that broke are kept and used again',
          details: server.logTail(),
        }),
    },
  );
}
