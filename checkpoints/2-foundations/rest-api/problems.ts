import { check, fail } from '../../harness/failure.ts';
import { expectStatus, jsonOf, type Method, type Sending } from '../../harness/http-exchange.ts';
import { exchange } from './exchange.ts';
import { createHero, hero } from './tales.ts';
import { sharedServer } from './tavern.ts';

const TYPES = 'https://tavern.example/problems/';
/** What an error says to its author, and to nobody else. */
const INSIDES =
  /\bat [^ ]+ \(|:\d+:\d+\b|node_modules|\bSELECT\b|\bINSERT\b|\bUPDATE\b|\bpg_|relation "|SQLSTATE|syntax error|Traceback|\b\w+Error:|Unexpected token|in JSON at/;

type Case = readonly [kind: string, status: number, method: Method, path: string, sending?: Sending];

export async function tellsProblems(): Promise<void> {
  const server = await sharedServer();
  const { path, tag } = await createHero(server);
  const cases: readonly Case[] = [
    ['not-found', 404, 'GET', '/nothing'],
    ['not-found', 404, 'GET', '/characters/00000000-0000-4000-8000-000000000000'],
    ['not-found', 404, 'GET', "/characters/'%20OR%201=1%20--"],
    ['malformed', 400, 'GET', '/characters/%zz'],
    ['method-not-allowed', 405, 'DELETE', '/characters'],
    ['malformed', 400, 'POST', '/characters', { body: '{"name": "Br' }],
    ['malformed', 400, 'POST', '/characters', { body: '', headers: { 'content-type': 'application/json' } }],
    ['unsupported-media-type', 415, 'POST', '/characters', { body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['validation', 422, 'POST', '/characters', { json: hero({ level: 'three' }) }],
    ['too-large', 413, 'POST', '/characters', { body: `{"bio":"${'x'.repeat(70_000)}"}` }],
    ['bad-query', 400, 'GET', '/characters?limit=many'],
    ['bad-cursor', 400, 'GET', '/characters?cursor=%27%3B--'],
    ['bad-header', 400, 'POST', '/characters', { json: hero(), headers: { 'idempotency-key': 'x'.repeat(200) } }],
    ['bad-header', 400, 'PUT', path, { json: hero(), headers: { 'if-match': 'unquoted' } }],
    ['precondition-required', 428, 'DELETE', path],
    ['precondition-failed', 412, 'DELETE', path, { headers: { 'if-match': `${tag.slice(0, -1)}0"` } }],
  ];
  for (const [kind, status, method, path, sending] of cases) {
    const reply = await exchange(server, method, path, sending);
    const { sent, details, headers } = reply;
    expectStatus(reply, status, { usually: 'an error path that nobody wrote ends at the default of a framework' });
    const type = headers['content-type'] ?? 'no Content-Type';
    check(/^application\/problem\+json(;|$)/.test(type), {
      sent,
      expected: 'Content-Type: application/problem+json (RFC 9457)',
      received: type,
      usually: 'this error is answered by a framework or a library, not by your own error handler',
      details,
    });
    const problem = jsonOf(reply);
    const wanted = { type: `${TYPES}${kind}`, status, instance: path.replace(/\?.*/, '') };
    for (const [field, value] of Object.entries(wanted)) {
      if (problem[field] === value) continue;
      fail({
        sent,
        expected: `"${field}": ${JSON.stringify(value)}`,
        received: problem[field] === undefined ? 'no such field' : `"${field}": ${JSON.stringify(problem[field])}`,
        usually: 'the document is not filled in for every kind of error',
        details,
      });
    }
    for (const field of ['title', 'detail']) {
      check(typeof problem[field] === 'string' && problem[field] !== '', {
        sent,
        expected: `a "${field}" for people to read`,
        received: 'none',
        usually: 'the document is not filled in for every kind of error',
        details,
      });
    }
    const inside = INSIDES.exec(reply.text)?.[0];
    check(inside === undefined, {
      sent,
      expected: 'nothing of your insides: no stack, no SQL, no message of a library',
      received: `"${inside}" in the body`,
      usually: "the error's own message or stack is sent: log it, and write what the client needs to know",
      details,
    });
  }
}
