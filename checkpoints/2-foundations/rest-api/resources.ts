import { isDeepStrictEqual } from 'node:util';
import { check, fail } from '../../harness/failure.ts';
import { expectStatus, jsonOf, type Reply } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';
import { exchange } from './exchange.ts';
import { type Created, create, createHero, errand, type Fields, hero, tagOf, writeIf } from './tales.ts';
import { sharedServer } from './tavern.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const HERO_DEFAULTS: Fields = { gold: 0, bio: '', bornOn: null };
const ERRAND_DEFAULTS: Fields = { description: '', reward: 0, startsAt: null };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Fails unless `actual` has each of the `expected` fields, and tells the first that differs. */
export function expectFields(
  actual: Fields,
  expected: Fields,
  { sent, usually }: { sent: string; usually: string },
): void {
  for (const [field, value] of Object.entries(expected)) {
    if (isDeepStrictEqual(actual[field], value)) continue;
    fail({
      sent,
      expected: `"${field}" to be ${JSON.stringify(value)}`,
      received: actual[field] === undefined ? 'no such field' : `another value of "${field}"`,
      usually,
      details: [`it is ${JSON.stringify(actual[field])?.slice(0, 200)}`],
    });
  }
}

export async function createsAndReads(): Promise<void> {
  const server = await sharedServer();
  const cases = [
    ['/characters', hero({ bio: 'Keeps the fire.' }), { ...HERO_DEFAULTS, bio: 'Keeps the fire.' }],
    ['/quests', errand({ reward: 12 }), { ...ERRAND_DEFAULTS, reward: 12 }],
  ] as const;
  for (const [path, body, defaults] of cases) {
    const created = await exchange(server, 'POST', path, { json: body });
    expectStatus(created, 201, { usually: 'the route is missing, or a right body is refused' });
    const fields = jsonOf(created);
    const usually = 'a field is not stored, not given back, or has no default';
    expectFields(fields, { ...body, ...defaults }, { sent: created.sent, usually });
    expectManagedFields(fields, created, [...Object.keys(body), ...Object.keys(defaults)]);
    expectHeaders(created, path, fields);
    const location = new URL(created.headers.location ?? '', `http://${server.host}:${server.port}`).pathname;
    const read = await exchange(server, 'GET', location);
    expectStatus(read, 200, { usually: 'Location leads somewhere else, or the row was never stored' });
    expectFields(jsonOf(read), fields, { sent: read.sent, usually: 'reading gives other values than creating gave' });
    const same = { sent: read.sent, usually: 'the entity tag is not the same for the same representation' };
    expectFields({ ETag: tagOf(read) }, { ETag: tagOf(created) }, same);
    const head = await exchange(server, 'HEAD', location);
    expectStatus(head, 200, { usually: 'HEAD is not offered: it is GET without the body (RFC 9110 §9.3.2)' });
    expectFields({ ETag: tagOf(head) }, { ETag: tagOf(created) }, { ...same, sent: head.sent });
    for (const nobody of [NOBODY, '7', 'a%20b']) {
      const missing = await exchange(server, 'GET', `${path}/${nobody}`);
      expectStatus(missing, 404, { usually: 'an id that is no UUID reaches the database, or a missing row is no 404' });
    }
  }
}

function expectManagedFields(fields: Fields, { sent, details }: Reply, given: readonly string[]): void {
  check(UUID.test(String(fields.id)), {
    sent,
    expected: 'an "id" that is a UUID',
    received: 'none',
    usually: 'the id is missing, or a number of the database',
    details,
  });
  for (const name of ['createdAt', 'updatedAt']) {
    check(INSTANT.test(String(fields[name])), {
      sent,
      expected: `"${name}" as an instant in UTC with milliseconds`,
      received: fields[name] === undefined ? 'no such field' : 'another form',
      usually: 'the driver or the framework formats the time as it likes',
      details,
    });
  }
  const known = new Set([...given, 'id', 'createdAt', 'updatedAt']);
  const more = Object.keys(fields).filter((name) => !known.has(name));
  check(more.length === 0, {
    sent,
    expected: 'the fields of the brief and no others',
    received: `also ${more.map((name) => `"${name}"`).join(', ')}`,
    usually: 'the row is sent as it stands in the table: its columns are not the contract',
    details,
  });
}

function expectHeaders({ headers, sent }: Reply, path: string, { id }: Fields): void {
  check(headers.location?.endsWith(`${path}/${String(id)}`) === true, {
    sent,
    expected: `a Location that ends in ${path}/<id>`,
    received: headers.location === undefined ? 'no Location' : 'another Location',
    usually: '201 tells where the new resource is (RFC 9110 §15.3.2)',
    details: [`Location: ${headers.location}`],
  });
  check(/^application\/json(;|$)/.test(headers['content-type'] ?? ''), {
    sent,
    expected: 'Content-Type: application/json',
    received: 'another Content-Type',
    usually: 'nobody sets it, so that clients have to guess',
    details: [`Content-Type: ${headers['content-type']}`],
  });
  check(/^"[\x21\x23-\x7e]+"$/.test(headers.etag ?? ''), {
    sent,
    expected: 'a strong ETag in quotes',
    received: headers.etag === undefined ? 'no ETag' : headers.etag.startsWith('W/') ? 'a weak one' : 'another form',
    usually: 'If-Match compares strongly: a weak tag (W/"…"), as frameworks make it of the bytes, never matches',
    details: [`ETag: ${headers.etag}`],
  });
}

export async function replacesPatchesAndDeletes(): Promise<void> {
  const server = await sharedServer();
  const first = await createHero(server, { bio: 'Old', gold: 5, bornOn: '1990-02-28' });
  const replaced = await writeIf(server, 'PUT', first.path, first.tag, hero({ level: 4 }));
  expectStatus(replaced, 200, { usually: 'PUT is not offered, or its precondition is read wrongly' });
  expectFields(
    jsonOf(replaced),
    { ...hero({ level: 4 }), ...HERO_DEFAULTS },
    {
      sent: replaced.sent,
      usually: 'PUT replaces all of it: what the body leaves out has its default again, not its old value',
    },
  );
  expectNewTag(first.tag, replaced);
  expectFields(
    jsonOf(replaced),
    { id: first.id, createdAt: first.fields.createdAt },
    { sent: replaced.sent, usually: 'PUT deletes and creates anew: id and createdAt are not for a write to change' },
  );
  const last = await changesUpdatedAt(server, first, replaced);

  const patched = await writeIf(server, 'PATCH', first.path, tagOf(last), { gold: 9, bio: 'New' });
  expectStatus(patched, 200, { usually: 'PATCH is not offered, or asks for more than the fields to change' });
  expectFields(
    jsonOf(patched),
    { ...hero({ level: 4 }), gold: 9, bio: 'New', bornOn: null },
    {
      sent: patched.sent,
      usually: 'PATCH changes what it names and nothing else',
    },
  );
  expectNewTag(tagOf(last), patched);
  const cleared = await writeIf(server, 'PATCH', first.path, tagOf(patched), { gold: null, level: 5 });
  expectStatus(cleared, 200, { usually: 'null is refused: in a merge patch it takes a value away (RFC 7396)' });
  expectFields(
    jsonOf(cleared),
    { ...hero({ level: 5 }), gold: 0, bio: 'New' },
    {
      sent: cleared.sent,
      usually: 'null in a merge patch takes an optional field back to its default (RFC 7396)',
    },
  );
  await deletes(server, { ...first, tag: tagOf(cleared) });

  const quest = await create(server, '/quests', errand({ startsAt: '2030-05-01T18:00:00Z' }));
  const moved = await writeIf(server, 'PATCH', quest.path, quest.tag, { places: 2 });
  expectStatus(moved, 200, { usually: 'PATCH is not offered, or asks for more than the fields to change' });
  expectFields(
    jsonOf(moved),
    { ...quest.fields, places: 2, updatedAt: jsonOf(moved).updatedAt },
    {
      sent: moved.sent,
      usually: 'PATCH changes what it names and nothing else',
    },
  );
  await deletes(server, { ...quest, tag: tagOf(moved) });
}

/** How many writes may fall into the millisecond of the first. */
const WRITES_IN_A_MOMENT = 50;

/** Writes until the time of the last write is another one. @returns the last reply. */
async function changesUpdatedAt(server: Program, { path, fields }: Created, reply: Reply): Promise<Reply> {
  let last = reply;
  for (let i = 0; jsonOf(last).updatedAt === fields.updatedAt; i += 1) {
    check(i < WRITES_IN_A_MOMENT, {
      sent: `PATCH of a character, ${WRITES_IN_A_MOMENT} times`,
      expected: '"updatedAt" to be the time of the last write',
      received: 'that of the creation',
      usually: 'it is set when the row is made, and never again',
    });
    last = await writeIf(server, 'PATCH', path, tagOf(last), {});
    expectStatus(last, 200, { usually: 'a merge patch that names no field is a right one (RFC 7396)' });
  }
  return last;
}

function expectNewTag(before: string, reply: Reply): void {
  check(tagOf(reply) !== '' && tagOf(reply) !== before, {
    sent: reply.sent,
    expected: 'another ETag than before',
    received: tagOf(reply) === '' ? 'none' : 'the same one',
    usually: 'the version does not go up with each write',
  });
}

async function deletes(server: Program, { path, tag }: Created): Promise<void> {
  const gone = await writeIf(server, 'DELETE', path, tag);
  expectStatus(gone, 204, { usually: 'DELETE answers something else than "done, and nothing to show"' });
  for (const method of ['GET', 'DELETE'] as const) {
    const after = await writeIf(server, method, path, method === 'GET' ? undefined : tag);
    expectStatus(after, 404, { usually: 'the row is still there, or a missing row is taken for a success' });
  }
}

const ALLOWED = [
  ['/openapi.json', 'GET, HEAD', ['POST', 'DELETE']],
  ['/characters', 'GET, HEAD, POST', ['PUT', 'DELETE', 'OPTIONS']],
  [`/quests/${NOBODY}`, 'GET, HEAD, PUT, PATCH, DELETE', ['POST', 'OPTIONS']],
  [`/quests/${NOBODY}/party`, 'GET, HEAD', ['POST', 'PUT']],
  [`/quests/${NOBODY}/party/${NOBODY}`, 'GET, HEAD, PUT, DELETE', ['POST', 'PATCH']],
] as const;

const names = (list: string): string =>
  list
    .split(',')
    .map((name) => name.trim())
    .sort()
    .join(', ');

export async function knowsItsRoutes(): Promise<void> {
  const server = await sharedServer();
  for (const path of ['/', '/nothing', '/characters/x/y', `/quests/${NOBODY}/members`, '/openapi.yaml']) {
    for (const method of ['GET', 'POST'] as const) {
      const reply = await exchange(server, method, path);
      expectStatus(reply, 404, { usually: 'a route matches more than it stands for, or nobody answers the rest' });
    }
  }
  for (const [path, allow, methods] of ALLOWED) {
    for (const method of methods) {
      const reply = await exchange(server, method, path);
      const usually = 'a router falls through to its 404 when no handler has the method';
      expectStatus(reply, 405, { usually });
      check(names(reply.headers.allow ?? '') === names(allow), {
        sent: reply.sent,
        expected: `Allow: ${allow}`,
        received: reply.headers.allow === undefined ? 'no Allow' : `Allow: ${reply.headers.allow}`,
        usually: 'a 405 tells what is allowed, HEAD included (RFC 9110 §15.5.6)',
      });
    }
  }
}

const OTHER_TYPES: readonly (readonly [string, Readonly<Record<string, string | undefined>>])[] = [
  ['no Content-Type', { 'content-type': undefined }],
  ['plain text', { 'content-type': 'text/plain' }],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['a type that begins like JSON', { 'content-type': 'application/json5' }],
  ['another charset', { 'content-type': 'application/json; charset=iso-8859-1' }],
  ['a content coding', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
];

export async function refusesOtherMedia(): Promise<void> {
  const server = await sharedServer();
  const body = JSON.stringify(hero());
  const usually = 'the body is parsed whatever its type says, or its parser skips what it does not know';
  for (const [what, headers] of OTHER_TYPES) {
    const reply = await exchange(server, 'POST', '/characters', { body: Buffer.from(body), headers });
    expectStatus(reply, 415, { usually, expected: `status 415 for ${what}` });
  }
  const { path, tag } = await createHero(server);
  const patched = await exchange(server, 'PATCH', path, {
    json: { level: 9 },
    headers: { 'content-type': 'application/json', 'if-match': tag },
  });
  expectStatus(patched, 415, { usually: 'a patch is another format than what it patches: RFC 5789 §2.2, RFC 7396' });
  for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
    const reply = await exchange(server, 'POST', '/characters', { body, headers: { 'content-type': type } });
    expectStatus(reply, 201, { usually: `media types and charsets ignore case (RFC 9110 §8.3.1); sent ${type}` });
  }
}
