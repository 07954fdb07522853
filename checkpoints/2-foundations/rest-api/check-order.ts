import { check } from '../../harness/failure.ts';
import { expectStatus, type Method, type Sending, statusOf } from '../../harness/http-exchange.ts';
import { exchange } from './exchange.ts';
import { join } from './places.ts';
import { createErrand, createHero, errand, hero } from './tales.ts';
import { sharedServer } from './tavern.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const TEXT = { 'content-type': 'text/plain' };
const ANY = { 'if-match': '*' };
const STALE = { 'if-match': '"no-such-tag"' };
const LARGE = `{"bio": "${'x'.repeat(70_000)}"`;
const KEY = { 'idempotency-key': 'check-order-1' };

/** What is wrong, the first of it first; the problem that it gets; and the request. */
type Case = readonly [what: string, status: number, kind: string, method: Method, path: string, sending: Sending];

export async function looksInOrder(): Promise<void> {
  const server = await sharedServer();
  const [quest, one, two, three] = await Promise.all([
    createErrand(server, { places: 2 }),
    ...[1, 2, 3].map((n) => createHero(server, { name: `Orderly ${n}` })),
  ]);
  if (!quest || !one || !two || !three) return;
  for (const member of [one, two]) {
    expectStatus(await join(server, quest, member), 201, { usually: 'joining fails: party looks closer at that' });
  }
  const keyed = await exchange(server, 'POST', '/characters', { json: hero(), headers: KEY });
  expectStatus(keyed, 201, { usually: 'a request with a key fails, which without one would not' });
  const nobody = `/quests/${NOBODY}`;
  const cases: readonly Case[] = [
    ['the path, then the media type', 404, 'not-found', 'POST', '/nothing', { body: 'x', headers: TEXT }],
    ['the method, then the media type', 405, 'method-not-allowed', 'POST', quest.path, { body: 'x', headers: TEXT }],
    ['the media type, then If-Match', 415, 'unsupported-media-type', 'PUT', quest.path, { body: '{', headers: TEXT }],
    ['the media type, then the size', 415, 'unsupported-media-type', 'POST', '/quests', { body: LARGE, headers: TEXT }],
    ['no If-Match, then the size', 428, 'precondition-required', 'PUT', quest.path, { body: LARGE }],
    ['no If-Match, then the JSON', 428, 'precondition-required', 'PATCH', quest.path, { body: '{' }],
    ['an If-Match that is none, then the schema', 400, 'bad-header', 'PUT', quest.path, badMatch()],
    ['the Idempotency-Key, then the JSON', 400, 'bad-header', 'POST', '/quests', { body: '{', headers: badKey() }],
    ['the size, then the JSON', 413, 'too-large', 'PUT', quest.path, { body: LARGE, headers: STALE }],
    ['the JSON, then the resource', 400, 'malformed', 'PUT', nobody, { body: '{', headers: ANY }],
    ['the schema, then the resource', 422, 'validation', 'PUT', nobody, { json: {}, headers: ANY }],
    [
      'the schema, then an id that is no UUID',
      422,
      'validation',
      'PATCH',
      '/quests/7',
      { json: { places: 0 }, headers: ANY },
    ],
    ['no If-Match, then the resource', 428, 'precondition-required', 'DELETE', nobody, {}],
    ['no If-Match, then an id that is no UUID', 428, 'precondition-required', 'DELETE', '/quests/7', {}],
    [
      'the schema, then the precondition',
      422,
      'validation',
      'PATCH',
      quest.path,
      { json: { places: 0 }, headers: STALE },
    ],
    ['the schema, then the used key', 422, 'validation', 'POST', '/characters', { json: {}, headers: KEY }],
    ['the resource, then the precondition', 404, 'not-found', 'PUT', nobody, { json: errand(), headers: STALE }],
    ['the precondition, then the conflict', 412, 'precondition-failed', 'PATCH', quest.path, fewer()],
    ['the resource, then the conflict', 404, 'not-found', 'PUT', `${quest.path}/party/${NOBODY}`, {}],
  ];
  for (const [what, status, kind, method, path, sending] of cases) {
    const reply = await exchange(server, method, path, sending);
    const expected = `status ${status} (${kind}) for a request with two faults: ${what}`;
    const usually =
      'the order of the brief is not that of the code, and two servers tell the same client different things';
    expectStatus(reply, status, { expected, usually });
    check(statusOf(reply).includes(kind), { sent: reply.sent, expected, received: statusOf(reply), usually });
  }
}

const badMatch = (): Sending => ({ json: {}, headers: { 'if-match': 'unquoted' } });
const badKey = () => ({ 'idempotency-key': 'two words' });
const fewer = (): Sending => ({ json: { places: 1 }, headers: STALE });
