import { check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { connectTcp } from '../../harness/tcp-client.ts';
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
  /** Default: that of a framework that answers by itself. */
  readonly usually?: string;
}

const FRAMEWORK = 'an error of the framework, with its own status and its own page';
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
  { what: 'application/jsonp', path: '/sessions', call: withType('application/jsonp'), status: 415 },
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
  {
    what: 'a refresh_token with half of a surrogate pair',
    path: '/sessions/refresh',
    call: { body: '{"refresh_token":"\\ud800"}' },
    status: 400,
  },
  { what: 'no refresh_token', path: '/sessions/log-out', call: { body: '{}' }, status: 400 },
  { what: `a body of ${LIMIT + 1} bytes`, path: '/sessions', call: { body: sized(LIMIT + 1) }, status: 413 },
  { what: 'a body of 100 kB', path: '/accounts', call: { body: sized(100_000) }, status: 413 },
  {
    what: `a body of ${LIMIT + 1} bytes in chunks`,
    path: '/sessions',
    call: { body: sized(LIMIT + 1), chunked: true },
    status: 413,
    usually: 'the size is taken from Content-Length, which a body in chunks does not have: count what comes',
  },
  {
    what: 'a body with a byte that is no UTF-8',
    path: '/sessions',
    call: { body: Buffer.from(CREDENTIALS.replace('password"}', '\xff"}'), 'latin1') },
    status: 400,
    usually: 'the body is decoded with U+FFFD for what cannot be decoded, so different passwords become the same',
  },
  { what: `a body of ${LIMIT} bytes`, path: '/accounts', call: { body: sized(LIMIT) }, status: 400 },
];

export async function judgeProblems(): Promise<void> {
  const { server } = await openHall('hall');
  for (const { what, path, call: options, status, usually = FRAMEWORK } of BAD) {
    const answer = await call(server, path, options);
    const step = { sent: what, usually };
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
  for (const [what, bytes] of UNREADABLE) await expectAnswered(server, what, bytes);
}

/** Bytes that never become a request, or a path that is none, for a server that takes them for one. */
const UNREADABLE: readonly (readonly [what: string, bytes: string])[] = [
  ['a request of an unknown version of HTTP', 'GET /nowhere HTTP/9.9\r\nHost: tavern\r\n\r\n'],
  ['a header with a NUL', 'GET /nowhere HTTP/1.1\r\nHost: tavern\r\nX: a\0b\r\n\r\n'],
  ['a header of 100,000 bytes', `GET /nowhere HTTP/1.1\r\nHost: tavern\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
];

async function expectAnswered(server: Program, sent: string, bytes: string): Promise<void> {
  await using client = await connectTcp(server);
  const text = {
    sent,
    expected: 'a status from 400 up, as a problem document',
    usually: 'what the parser refuses never reaches your routes: the server answers it by itself, or hangs up',
  };
  await client.write(bytes);
  const statusLine = await client.readLine(text);
  let type = 'no content type';
  for (let line = await client.readLine(text); line !== ''; line = await client.readLine(text)) {
    const [, value] = /^content-type:\s*([^;]*)/i.exec(line) ?? [];
    if (value !== undefined) type = value.trim();
  }
  const status = /^HTTP\/1\.[01] ([45]\d\d)\b/.exec(statusLine)?.[1];
  check(status !== undefined && type === 'application/problem+json', {
    ...text,
    received: `${statusLine.slice(0, 80)}, ${type}`,
  });
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
