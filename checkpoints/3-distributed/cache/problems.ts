import { check, fail } from '../../harness/failure.ts';
import { exchange, expectStatus, jsonOf, type Method, type Sending } from '../../harness/http-exchange.ts';
import { claim, expectTitle, get, putQuest, questPath } from './reading.ts';
import { sharedPair } from './tavern.ts';

const TYPES = 'https://tavern.example/problems/';
/** What an error says to its author, and to nobody else. */
const INSIDES =
  /\bat [^ ]+ \(|:\d+:\d+\b|node_modules|\bSELECT\b|\bINSERT\b|relation "|\b\w+Error:|Unexpected token|in JSON at/;

type Case = readonly [kind: string, status: number, method: Method, path: string, sending?: Sending];

export async function tellsProblems(): Promise<void> {
  const { tavern, a } = await sharedPair();
  const id = tavern.newId();
  const path = questPath(id);
  expectStatus(await putQuest(a, id, { title: 'As it was' }), 201, { usually: 'PUT does not create' });
  const taken = await tavern.addQuest('Taken');
  expectStatus(await claim(a, taken, 'Ada'), 201, { usually: 'a claim fails' });
  const body = { title: 'Changed', reward: 1 };
  const cases: readonly Case[] = [
    ['not-found', 404, 'GET', '/nothing'],
    ['not-found', 404, 'GET', '/quests/2000000001'],
    ['not-found', 404, 'GET', '/quests/rats'],
    ['not-found', 404, 'GET', '/quests/0'],
    ['not-found', 404, 'GET', '/quests/99999999999'],
    ['not-found', 404, 'DELETE', '/quests/2000000001'],
    ['not-found', 404, 'POST', '/quests/2000000001/claims', { json: { adventurer: 'Ada' } }],
    ['method-not-allowed', 405, 'DELETE', '/board'],
    ['method-not-allowed', 405, 'PATCH', path, { json: {} }],
    ['bad-query', 400, 'GET', '/leaderboard?limit=0'],
    ['bad-query', 400, 'GET', '/leaderboard?limit=101'],
    ['bad-query', 400, 'GET', '/leaderboard?offset=-1'],
    ['bad-query', 400, 'GET', '/leaderboard?offset=many'],
    ['malformed', 400, 'PUT', path, { body: '{"title": ' }],
    ['unsupported-media-type', 415, 'PUT', path, { body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['validation', 422, 'PUT', path, { json: { ...body, title: '' } }],
    ['validation', 422, 'PUT', path, { json: { ...body, reward: 1.5 } }],
    ['validation', 422, 'PUT', path, { json: { ...body, reward: 1_000_001 } }],
    ['validation', 422, 'PUT', path, { json: { ...body, version: 7 } }],
    ['validation', 422, 'PUT', path, { json: [] }],
    ['validation', 422, 'POST', `${path}/claims`, { json: {} }],
    ['validation', 422, 'POST', `${path}/claims`, { json: { adventurer: 'x'.repeat(41) } }],
    ['quest-claimed', 409, 'POST', `${questPath(taken)}/claims`, { json: { adventurer: 'Bo' } }],
    ['too-large', 413, 'PUT', path, { json: { ...body, details: 'x'.repeat(1_100_000) } }],
  ];
  for (const [kind, status, method, where, sending] of cases) {
    const reply = await exchange(a.program, method, where, sending);
    const { sent, details, headers } = reply;
    expectStatus(reply, status, {
      usually:
        reply.status < 400
          ? 'a field that is wrong, or that nobody asked for, is let through or ignored: its sender believes that it counts'
          : 'an error path that nobody wrote ends at the default of a framework',
    });
    const type = headers['content-type'] ?? 'no Content-Type';
    check(/^application\/problem\+json(;|$)/.test(type), {
      sent,
      expected: 'Content-Type: application/problem+json (RFC 9457)',
      received: type,
      usually: 'this error is answered by a framework or a library, not by your own error handler',
      details,
    });
    const problem = jsonOf(reply);
    const wanted = { type: `${TYPES}${kind}`, status, instance: where.replace(/\?.*/, '') };
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
    check(status !== 405 || /\bGET\b/.test(headers.allow ?? ''), {
      sent,
      expected: 'Allow, with the methods that are offered',
      received: headers.allow ?? 'no Allow',
      usually: 'RFC 9110 §15.5.6: a 405 says what is allowed instead',
    });
    const inside = INSIDES.exec(reply.text)?.[0];
    check(inside === undefined, {
      sent,
      expected: 'nothing of your insides: no stack, no SQL, no message of a library',
      received: `"${inside}" in the body`,
      usually: "the error's own message or stack is sent: log it, and write what the client needs to know",
      details,
    });
  }
  expectTitle(await get(a, path), 'As it was', { usually: 'a write that was refused has had an effect' });
}
