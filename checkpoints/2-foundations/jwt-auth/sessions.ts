import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { expectChallenge, expectProblem, expectStatus, type Step, type Tokens, tokensOf } from './answers.ts';
import { contentsOfTables, GRACE_MS, logIn, openGate, openHall, REFRESH_TTL_MS, register, resident } from './hall.ts';
import { type Answer, call } from './http-client.ts';

const TOGETHER = 6;
/** A server that lets one transaction in at a time has only one that waits; then this is how long we look. */
const GATHER_MS = 400;
const ENDS_WITHIN_MS = 6_000;

function present(server: Program, token: string): Promise<Answer> {
  return call(server, '/sessions/refresh', { body: { refresh_token: token } });
}

async function refreshed(server: Program, token: string, step: Step): Promise<Tokens> {
  return tokensOf(await present(server, token), step);
}

function expectRefused(answer: Answer, step: Step): void {
  expectStatus(answer, 401, { expected: 'status 401: the refresh token is refused', ...step });
  expectProblem(answer, step);
  expectChallenge(answer, undefined, step);
}

export async function judgeRefresh(): Promise<void> {
  const { server, database } = await openHall('hall');
  await resident('gwen');
  const first = await logIn('hall', 'gwen');
  const step = { sent: 'POST /sessions/refresh with the token of a log-in', usually: 'the route is missing' };
  const answer = await present(server, first.refresh);
  const second = tokensOf(answer, step);
  check(/\bno-store\b/i.test(answer.headers['cache-control'] ?? ''), {
    ...step,
    expected: 'Cache-Control: no-store',
    received: `Cache-Control: ${answer.headers['cache-control'] ?? 'none'}`,
  });
  check(second.refresh !== first.refresh, {
    ...step,
    expected: 'another refresh token than the one that was presented',
    received: 'the same one',
    usually: 'the token is not rotated, so a copy of it is good for as long as the session lives',
  });
  for (const { refresh } of [first, second]) {
    check(/^[A-Za-z0-9_-]{43,}$/.test(refresh), {
      sent: 'a refresh token',
      expected: 'at least 43 characters of base64url, and no dots',
      received: refresh.includes('.') ? 'one with dots, such as a JWT' : `${refresh.length} characters, or others`,
      usually: 'it is a JWT, a number or a UUID: take 256 random bits (RFC 6749 §10.10 wants what cannot be guessed)',
    });
  }
  expectStatus(await call(server, '/accounts/me', { token: second.access }), 200, {
    sent: 'GET /accounts/me with the access token of a refresh',
    usually: 'a refresh makes another token than a log-in does',
  });
  const third = await refreshed(server, second.refresh, { ...step, sent: 'POST /sessions/refresh with its successor' });
  const bad: readonly (readonly [what: string, token: string])[] = [
    ['a token that nobody was given', randomBytes(32).toString('base64url')],
    ['an empty text', ''],
    ['an access token', third.access],
    ['the first half of a token', third.refresh.slice(0, 22)],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['a NUL', '\u0000'],
  ];
  for (const [what, token] of bad) {
    const sent = `POST /sessions/refresh with ${what}`;
    expectRefused(await present(server, token), {
      sent,
      usually: 'a token that is not found is an error of the client',
    });
  }
  const contents = await contentsOfTables(database);
  for (const { refresh } of [first, second, third]) {
    const bytes = Buffer.from(refresh, 'base64url');
    const forms = [refresh, bytes.toString('hex'), bytes.toString('base64'), Buffer.from(refresh).toString('hex')];
    check(!forms.some((form) => contents.includes(form)), {
      sent: 'a look at every row of every table',
      expected: 'no refresh token that was given out',
      received: 'one of them',
      usually: 'tokens are stored as they are, so a copy of the database is a copy of every session: store a hash',
    });
  }
}

export async function judgeReuse(): Promise<void> {
  const { server } = await openHall('brisk');
  await register('victim');
  const other = await logIn('brisk', 'victim');
  const first = await logIn('brisk', 'victim');
  const usually =
    'the grace is shorter than REFRESH_GRACE_MS; or it ends when the successor is exchanged, which says nothing about the old token';
  const since = performance.now();
  const second = await refreshed(server, first.refresh, { sent: 'POST /sessions/refresh', usually });
  const third = await refreshed(server, second.refresh, { sent: 'POST /sessions/refresh with its successor', usually });
  const sent = `REFRESH_GRACE_MS=${GRACE_MS}, then the first token of the session again and again`;
  const refused = await pollUntil(
    () => present(server, first.refresh),
    ({ status }) => status !== 200,
    {
      withinMs: ENDS_WITHIN_MS,
      otherwise: () =>
        new CheckpointFailure({
          sent,
          expected: 'status 401 once the grace is over',
          received: 'status 200, again and again',
          usually: 'a use of the old token begins the grace anew, or there is no end to it',
        }),
    },
  );
  const elapsedMs = performance.now() - since;
  expectRefused(refused, { sent, usually: 'the reuse of an old token is an error of the server' });
  check(elapsedMs >= GRACE_MS, {
    sent,
    expected: `status 200 for ${GRACE_MS} ms after its rotation`,
    received: `status 401 after ${Math.round(elapsedMs)} ms`,
    usually,
  });
  expectRefused(await present(server, third.refresh), {
    sent: 'the newest token of that session, after an old one was used',
    expected: 'status 401: the session has ended',
    usually:
      'only the old token is refused, and the thief goes on with the newest one; or the end is rolled back with the error',
  });
  await refreshed(server, other.refresh, {
    sent: 'the token of another session of the same account',
    usually: 'every session of the account is ended: the family of the old token is enough',
  });
  await expectNoGrace();
}

async function expectNoGrace(): Promise<void> {
  const { server } = await openGate();
  await register('robbed');
  const first = await logIn('gate', 'robbed');
  const sent = 'REFRESH_GRACE_MS=0, then the token of a log-in twice';
  const second = await refreshed(server, first.refresh, { sent, usually: 'the first use is refused' });
  expectRefused(await present(server, first.refresh), {
    sent,
    expected: 'status 401 for the second use: there is no grace',
    usually: '0 is taken for "not set", and the default for it; or the grace is never less than a moment',
  });
  expectRefused(await present(server, second.refresh), {
    sent: `${sent}, then the successor`,
    expected: 'status 401: the second use was a reuse, and has ended the session',
    usually: 'a reuse is noticed only if there was a grace before it',
  });
}

export async function judgeSameMoment(): Promise<void> {
  const { server, database } = await openHall('hall');
  await resident('gwen');
  const { refresh } = await logIn('hall', 'gwen');
  const sent = `${TOGETHER} POST /sessions/refresh with one token at the same moment`;
  const usually = 'two requests read that the token is unused before either has written: lock the row that both read';
  const answers = await together(database, () => Array.from({ length: TOGETHER }, () => present(server, refresh)));
  const all = answers.map((answer) =>
    tokensOf(answer, { sent, usually, expected: 'status 200 for every one of them' }),
  );
  const successors = new Set(all.map((tokens) => tokens.refresh));
  check(successors.size === 1, {
    sent,
    expected: 'the same successor for every one of them',
    received: `${successors.size} different ones`,
    usually,
  });
  const [one] = all;
  if (one === undefined) throw new Error('there are answers');
  for (const { access } of all) {
    expectStatus(await call(server, '/accounts/me', { token: access }), 200, {
      sent: 'GET /accounts/me with each of the access tokens',
      usually: 'one of the answers has a token that is not finished',
    });
  }
  const late = await refreshed(server, refresh, {
    sent: 'the old token once more, within REFRESH_GRACE_MS',
    usually: 'the grace is for requests that overlap only; an answer that was lost needs it too',
  });
  check(late.refresh === one.refresh, {
    sent: 'the old token once more, within REFRESH_GRACE_MS',
    expected: 'the same successor as before',
    received: 'another refresh token',
    usually: 'each use in the grace begins a line of its own, and a thief has a session that nobody ever finds out',
  });
  await refreshed(server, one.refresh, { sent: 'the successor', usually: 'the grace has spoilt the successor' });
  const last = await refreshed(server, refresh, {
    sent: 'the old token within REFRESH_GRACE_MS, after its successor has been exchanged as well',
    usually: 'the grace ends when the successor is exchanged: a third tab, or a slow answer, is punished for it',
  });
  check(last.refresh === one.refresh, {
    sent: 'the old token within REFRESH_GRACE_MS, after its successor has been exchanged as well',
    expected: 'the same successor as before',
    received: 'another refresh token',
    usually: 'the newest token of the family is given to whoever has an old one',
  });
}

export async function judgeLogOut(): Promise<void> {
  const { server } = await openHall('hall');
  await resident('gwen');
  const other = await logIn('hall', 'gwen');
  const first = await logIn('hall', 'gwen');
  const usually = 'the log-out forgets one token and not the family of it';
  const second = await refreshed(server, first.refresh, { sent: 'POST /sessions/refresh', usually });
  const logOut = (token: string) => call(server, '/sessions/log-out', { body: { refresh_token: token } });
  const sent = 'POST /sessions/log-out with the token of the log-in, which has been rotated since';
  expectStatus(await logOut(first.refresh), 204, { sent, usually });
  expectRefused(await present(server, second.refresh), { sent: `${sent}, then the newest token`, usually });
  expectRefused(await present(server, first.refresh), {
    sent: `${sent}, then the old token within its grace`,
    usually: 'the grace is looked at before the session: an ended one stays ended',
  });
  expectStatus(await call(server, '/accounts/me', { token: second.access }), 200, {
    sent: `${sent}, then an access token of the session`,
    usually: 'access tokens are looked up: the brief says that they live until they expire',
  });
  await refreshed(server, other.refresh, {
    sent: `${sent}, then the token of another session`,
    usually: 'every session of the account is ended: somebody logs out here and stays logged in at home',
  });
  for (const token of [second.refresh, randomBytes(32).toString('base64url'), '']) {
    expectStatus(await logOut(token), 204, {
      sent: 'POST /sessions/log-out with a token that is not (or no longer) known',
      usually: 'a log-out that has nothing to do is a success all the same (RFC 7009 §2.2)',
    });
  }
}

export async function judgeSessionLifetime(): Promise<void> {
  const { server } = await openHall('strict');
  await register('sleeper');
  const since = performance.now();
  let { refresh } = await logIn('strict', 'sleeper', '198.51.100.200');
  const sent = `REFRESH_TTL_MS=${REFRESH_TTL_MS}, then POST /sessions/refresh with each new token at once`;
  const ended = await pollUntil(
    async () => {
      const answer = await present(server, refresh);
      if (answer.status === 200) refresh = String(answer.json.refresh_token);
      return answer;
    },
    ({ status }) => status !== 200,
    {
      withinMs: ENDS_WITHIN_MS,
      everyMs: 50,
      otherwise: () =>
        new CheckpointFailure({
          sent,
          expected: `status 401 once ${REFRESH_TTL_MS} ms have passed since the log-in`,
          received: 'status 200, again and again',
          usually: 'each rotation begins a new life: a session ends REFRESH_TTL_MS after its log-in',
        }),
    },
  );
  const elapsedMs = performance.now() - since;
  expectRefused(ended, { sent, usually: 'a session that has ended is an error of the server' });
  check(elapsedMs >= REFRESH_TTL_MS, {
    sent,
    expected: `status 200 for ${REFRESH_TTL_MS} ms`,
    received: `status 401 after ${Math.round(elapsedMs)} ms`,
    usually: 'the life is shorter than REFRESH_TTL_MS',
  });
}

/**
 * Sends requests that meet in the database: while we hold a lock that lets everybody read and lock rows and nobody
 * write, they come as far as they can; then all of them go on at once. A stronger lock would already stop SELECT FOR
 * UPDATE, and before it has looked: each would see what those before it have done.
 */
async function together<T>(database: Client, send: () => Promise<T>[]): Promise<T[]> {
  const { rows: tables } = await database.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  await database.query('begin');
  let sent: Promise<T>[] = [];
  try {
    await database.query(`lock table ${tables.map(({ name }) => name).join(', ')} in share mode`);
    sent = send();
    // Nobody waits for an unhandled rejection: they are awaited together below.
    for (const each of sent) each.catch(() => undefined);
    const until = performance.now() + GATHER_MS;
    await pollUntil(
      async () => {
        const { rows } = await database.query<{ waiting: number }>(
          // Not pg_stat_activity, which shows the same all through a transaction.
          `select count(distinct pid)::int as waiting from pg_locks
           where not granted and pid in
             (select pid from pg_locks where database = (select oid from pg_database where datname = current_database()))`,
        );
        return rows[0]?.waiting ?? 0;
      },
      (waiting) => waiting >= TOGETHER || performance.now() > until,
      { otherwise: () => new Error('the time that we look has a bound of its own') },
    );
  } finally {
    await database.query('commit');
  }
  return Promise.all(sent);
}
