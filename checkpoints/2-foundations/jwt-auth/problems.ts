import { check } from '../../harness/failure.ts';
import { expectProblem, expectStatus } from './answers.ts';
import { openHall } from './hall.ts';
import { type Answer, type Call, call } from './http-client.ts';

/** What only the inside of a server knows. */
const INSIDES =
  /node_modules|\.(ts|js|py|cs|go):\d+|\bat \S+ \(|Traceback|SyntaxError|Unexpected (token|end)|JSON at position|\bselect\b.*\bfrom\b|\binsert into\b|ECONN/i;

const LIMIT = 16 * 1024;

interface Bad {
  readonly what: string;
  readonly path: string;
  readonly call: Call;
  readonly status: number | readonly number[];
}

const CREDENTIALS = JSON.stringify({ username: 'gwen', password: 'not the password' });

function withType(type: string, body: string = CREDENTIALS): Call {
  return { body, headers: { 'content-type': type } };
}

const BAD: readonly Bad[] = [
  { what: 'GET /nowhere', path: '/nowhere', call: {}, status: 404 },
  { what: 'POST /accounts/me/friends', path: '/accounts/me/friends', call: { body: {} }, status: 404 },
  { what: 'GET /sessions', path: '/sessions', call: {}, status: 405 },
  { what: 'DELETE /accounts', path: '/accounts', call: { method: 'DELETE' }, status: 405 },
  { what: 'POST /accounts/me', path: '/accounts/me', call: { body: {} }, status: 405 },
  { what: 'GET /sessions/refresh', path: '/sessions/refresh', call: {}, status: 405 },
  {
    what: 'a form',
    path: '/sessions',
    call: withType('application/x-www-form-urlencoded', 'username=gwen'),
    status: 415,
  },
  { what: 'text/plain', path: '/sessions', call: withType('text/plain'), status: 415 },
  { what: 'text/plain at a registration', path: '/accounts', call: withType('text/plain'), status: 415 },
  { what: 'a JSON that breaks off', path: '/sessions', call: { body: '{"username":"gwen","pass' }, status: 400 },
  { what: 'an unquoted text', path: '/accounts', call: { body: '{"username":gwen}' }, status: 400 },
  { what: 'an empty body', path: '/sessions', call: { body: '' }, status: 400 },
  { what: '8,000 brackets', path: '/sessions', call: { body: '['.repeat(8_000) }, status: 400 },
  { what: '7,000 brackets that are closed', path: '/sessions', call: { body: nested(7_000) }, status: 400 },
  { what: 'a member __proto__', path: '/sessions', call: { body: protoMember() }, status: 400 },
  {
    what: 'a refresh_token that is a number',
    path: '/sessions/refresh',
    call: { body: '{"refresh_token":1}' },
    status: 400,
  },
  { what: 'no refresh_token', path: '/sessions/log-out', call: { body: '{}' }, status: 400 },
  { what: `a body of ${LIMIT + 1} bytes`, path: '/sessions', call: { body: sized(LIMIT + 1) }, status: 413 },
  { what: 'a body of 100 kB', path: '/accounts', call: { body: sized(100_000) }, status: 413 },
  { what: `a body of ${LIMIT} bytes`, path: '/accounts', call: { body: sized(LIMIT) }, status: 400 },
];

export async function judgeProblems(): Promise<void> {
  const { server } = await openHall('hall');
  for (const { what, path, call: options, status } of BAD) {
    const answer = await call(server, path, options);
    const step = { sent: what, usually: 'an error of the framework, with its own status and its own page' };
    expectStatus(answer, status, step);
    expectProblem(answer, step);
    expectNoInsides(answer, what);
    if (status !== 405) continue;
    const allow = answer.headers.allow ?? 'none';
    check(/\b(GET|POST)\b/.test(allow), {
      sent: what,
      expected: 'Allow with the methods that there are (RFC 9110 §15.5.6)',
      received: `Allow: ${allow}`,
      usually: 'a path with another method is answered like a path that does not exist',
    });
  }
}

function expectNoInsides(answer: Answer, sent: string): void {
  const found = INSIDES.exec(answer.text)?.[0];
  check(found === undefined, {
    sent,
    expected: 'a problem document that tells nothing of how the server is made',
    received: `one with "${found}"`,
    usually: 'the message or the stack of an error is put into the answer',
  });
}

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

function protoMember(): string {
  return `{"__proto__":{"role":"warden"},${CREDENTIALS.slice(1)}`;
}

/** A body of exactly so many bytes, with a user name that is too long. */
function sized(bytes: number): string {
  const frame = JSON.stringify({ username: '', password: 'long enough to pass' });
  return frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
}
