import { check, fail } from '../../harness/failure.ts';
import { expectStatus, type Method, type Reply, type Sending } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';
import { ApiDocument } from './api-document.ts';
import { exchange } from './exchange.ts';
import { join } from './places.ts';
import { type Created, createErrand, createHero, errand, type Fields, hero, tagOf } from './tales.ts';
import { sharedServer } from './tavern.ts';

/** Any request may get these: it cannot be read, comes too slowly, is too large in its header, or the database is gone. */
const ANY = [400, 408, 431, 503];
const WRITE = [200, 404, 412, 413, 415, 422, 428];

/** What the brief says of each operation. */
const OPERATIONS: Readonly<Record<string, readonly number[]>> = {
  'GET /openapi.json': [200],
  'GET /characters': [200],
  'POST /characters': [201, 413, 415, 422],
  'GET /characters/{id}': [200, 304, 404],
  'PUT /characters/{id}': WRITE,
  'PATCH /characters/{id}': WRITE,
  'DELETE /characters/{id}': [204, 404, 412, 428],
  'GET /quests': [200],
  'POST /quests': [201, 413, 415, 422],
  'GET /quests/{id}': [200, 304, 404],
  'PUT /quests/{id}': [...WRITE, 409],
  'PATCH /quests/{id}': [...WRITE, 409],
  'DELETE /quests/{id}': [204, 404, 412, 428],
  'GET /quests/{id}/party': [200, 404],
  'GET /quests/{id}/party/{characterId}': [200, 404],
  'PUT /quests/{id}/party/{characterId}': [200, 201, 404, 409],
  'DELETE /quests/{id}/party/{characterId}': [204, 404],
};

export async function keepsItsDocument(): Promise<void> {
  const server = await sharedServer();
  const document = await ApiDocument.of(server);
  const documented = Object.fromEntries(
    // The names of parameters are the author's: {id} and {questId} are the same route.
    document.operations.map(({ method, path, statuses }) => [`${method} ${anonymous(path)}`, { path, statuses }]),
  );
  const sent = 'GET /openapi.json';
  for (const [name, own] of Object.entries(OPERATIONS)) {
    const found = documented[anonymous(name)];
    if (found === undefined)
      fail({
        sent,
        expected: `an operation ${name}`,
        received: 'none',
        usually: 'the document tells of less than the server does',
      });
    const any = name === 'GET /openapi.json' ? ANY.filter((status) => status !== 503) : ANY;
    const wanted = [...own, ...any].sort((a, b) => a - b);
    check(found.statuses.join() === wanted.join(), {
      sent,
      expected: `statuses ${wanted.join(', ')} for ${name}`,
      received: `statuses ${found.statuses.join(', ')}`,
      usually: 'a status is documented that never comes, or comes and is not documented',
    });
  }
  const wanted = new Set(Object.keys(OPERATIONS).map(anonymous));
  const more = Object.keys(documented).filter((name) => !wanted.has(name));
  check(more.length === 0, {
    sent,
    expected: 'the operations of the brief and no others',
    received: `also ${more.join(', ')}`,
    usually: 'the document tells of more than the server does',
  });

  // Each status is met, and what comes is what the document says of it.
  const met = new Set<string>();
  const meet = async (name: string, path: string, status: number, sending: Sending = {}): Promise<Reply> => {
    const method = name.split(' ')[0] as Method;
    const reply = await exchange(server, method, path, sending);
    expectStatus(reply, status, {
      expected: `status ${status} of ${name}`,
      usually: 'a status is documented that does not come',
    });
    document.expectDocumented({ method, path: documented[anonymous(name)]?.path ?? '' }, reply);
    met.add(`${name} ${status}`);
    return reply;
  };
  await meetCollection('characters', (fields) => hero(fields), meet);
  await meetCollection('quests', (fields) => errand(fields), meet);
  await meetParties(server, meet);
  await meet('GET /openapi.json', '/openapi.json', 200);
  const unmet = Object.entries(OPERATIONS).flatMap(([name, statuses]) =>
    statuses.map((status) => `${name} ${status}`).filter((each) => !met.has(each)),
  );
  if (unmet.length > 0) throw new Error(`this checkpoint does not ask for ${unmet.join(', ')}`);
}

type Meet = (name: string, path: string, status: number, sending?: Sending) => Promise<Reply>;

const anonymous = (name: string): string => name.replaceAll(/\{[^}]*\}/g, '{}');
const NOBODY = '00000000-0000-4000-8000-000000000000';
const LARGE = JSON.stringify({ bio: 'x'.repeat(70_000) });
const TEXT = { 'content-type': 'text/plain' };

async function meetCollection(
  name: 'characters' | 'quests',
  body: (fields: Fields) => Fields,
  meet: Meet,
): Promise<void> {
  const path = `/${name}`;
  await meet(`GET ${path}`, path, 200);
  const created = await meet(`POST ${path}`, path, 201, { json: body({}) });
  await meet(`POST ${path}`, path, 413, { body: LARGE });
  await meet(`POST ${path}`, path, 415, { body: '{}', headers: TEXT });
  await meet(`POST ${path}`, path, 422, { json: {} });
  const one = new URL(created.headers.location ?? '', 'http://tavern').pathname;
  const nobody = `${path}/${NOBODY}`;
  const item = `${path}/{id}`;
  await meet(`GET ${item}`, one, 200);
  await meet(`GET ${item}`, one, 304, { headers: { 'if-none-match': '*' } });
  await meet(`GET ${item}`, nobody, 404);
  const any = { 'if-match': '*' };
  for (const [method, good] of [
    ['PUT', body({ guild: 'Moved' })],
    ['PATCH', { guild: 'Moved' }],
  ] as const) {
    const operation = `${method} ${item}`;
    await meet(operation, one, 200, { json: good, headers: any });
    await meet(operation, nobody, 404, { json: good, headers: any });
    await meet(operation, one, 412, { json: good, headers: { 'if-match': '"x"' } });
    await meet(operation, one, 413, { body: LARGE, headers: any });
    await meet(operation, one, 415, { body: '{}', headers: { ...any, ...TEXT } });
    await meet(operation, one, 422, { json: { guild: 7 }, headers: any });
    await meet(operation, one, 428, { json: good });
  }
  await meet(`DELETE ${item}`, one, 428);
  await meet(`DELETE ${item}`, one, 412, { headers: { 'if-match': '"x"' } });
  await meet(`DELETE ${item}`, one, 204, { headers: any });
  await meet(`DELETE ${item}`, one, 404, { headers: any });
}

async function meetParties(server: Program, meet: Meet): Promise<void> {
  const [quest, one, two, three] = await Promise.all([
    createErrand(server, { places: 2 }),
    ...[1, 2, 3].map((n) => createHero(server, { name: `Member ${n}` })),
  ]);
  if (!quest || !one || !two || !three) return;
  const party = '/quests/{id}/party';
  const member = `${party}/{characterId}`;
  const at = ({ id }: Created) => `${quest.path}/party/${id}`;
  await meet(`PUT ${member}`, at(one), 201);
  await meet(`PUT ${member}`, at(one), 200);
  await meet(`PUT ${member}`, at({ ...one, id: NOBODY }), 404);
  await join(server, quest, two);
  await meet(`PUT ${member}`, at(three), 409);
  await meet(`GET ${party}`, `${quest.path}/party`, 200);
  await meet(`GET ${party}`, `/quests/${NOBODY}/party`, 404);
  await meet(`GET ${member}`, at(one), 200);
  await meet(`GET ${member}`, at(three), 404);
  const read = await exchange(server, 'GET', quest.path);
  const headers = { 'if-match': tagOf(read) };
  await meet('PUT /quests/{id}', quest.path, 409, { json: errand({ places: 1 }), headers });
  await meet('PATCH /quests/{id}', quest.path, 409, { json: { places: 1 }, headers });
  await meet(`DELETE ${member}`, at(one), 204);
  await meet(`DELETE ${member}`, at(one), 404);
}
