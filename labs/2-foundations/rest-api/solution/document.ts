import { PROBLEMS } from './problem.ts';
import { type Schema, type SchemaName, schemas } from './schemas.ts';

const ref = (kind: string, name: string): Schema => ({ $ref: `#/components/${kind}/${name}` });
const json = (name: SchemaName, type = 'application/json') => ({ [type]: { schema: ref('schemas', name) } });

const header = (description: string): Schema => ({ description, schema: { type: 'string' } });
const ETAG = { ETag: header('the version, a strong entity tag') };
const LOCATION = { Location: header('where the new resource is') };

/** Every answer of a kind is described once, by its status. */
const PROBLEM_RESPONSES = Object.fromEntries(
  [400, 404, 408, 409, 412, 413, 415, 422, 428, 431, 503].map((status) => [
    `Problem${status}`,
    {
      description: Object.values(PROBLEMS)
        .filter(([of]) => of === status)
        .map(([, title]) => title)
        .join('; or: '),
      ...(status === 503 ? { headers: { 'Retry-After': header('seconds') } } : {}),
      content: json('Problem', 'application/problem+json'),
    },
  ]),
);

const problems = (...statuses: number[]) =>
  Object.fromEntries(statuses.map((status) => [status, ref('responses', `Problem${status}`)]));
/** What any request may get: it cannot be read, comes too slowly, or the database is gone. */
const ANY = problems(400, 408, 431, 503);

const parameter = (name: string, where: 'path' | 'query' | 'header', schema: Schema, required = where === 'path') => ({
  name,
  in: where,
  required,
  schema,
});
const uuid: Schema = { type: 'string', format: 'uuid' };
const ifMatch = parameter('If-Match', 'header', { type: 'string' }, true);
const ifNoneMatch = parameter('If-None-Match', 'header', { type: 'string' });
const idempotencyKey = parameter('Idempotency-Key', 'header', { type: 'string', pattern: '^[!-~]{1,128}$' });

interface CollectionWords {
  readonly one: 'Character' | 'Quest';
  readonly sorts: readonly string[];
  /** Statuses of its own when it is replaced or patched. */
  readonly conflicts: readonly number[];
}

/** A collection and its members: the same seven operations for each. */
function collectionPaths(path: string, { one, sorts, conflicts }: CollectionWords) {
  const name = one.toLowerCase();
  const body = (schema: SchemaName, type?: string) => ({ required: true, content: json(schema, type) });
  const found = { description: `the ${name}`, headers: ETAG, content: json(one) };
  const write = problems(404, 412, 413, 415, 422, 428, ...conflicts);
  return {
    [path]: {
      get: {
        operationId: `list${one}s`,
        parameters: [
          parameter('guild', 'query', { type: 'string' }),
          parameter('sort', 'query', { enum: sorts, default: sorts[0] }),
          parameter('limit', 'query', { type: 'integer', minimum: 1, maximum: 100, default: 20 }),
          parameter('cursor', 'query', { type: 'string' }),
        ],
        responses: { 200: { description: `a page of ${name}s`, content: json(`${one}List`) }, ...ANY },
      },
      post: {
        operationId: `create${one}`,
        parameters: [idempotencyKey],
        requestBody: body(`${one}Input`),
        responses: { 201: { ...found, headers: { ...ETAG, ...LOCATION } }, ...problems(413, 415, 422), ...ANY },
      },
    },
    [`${path}/{id}`]: {
      parameters: [parameter('id', 'path', uuid)],
      get: {
        operationId: `read${one}`,
        parameters: [ifNoneMatch],
        responses: { 200: found, 304: { description: 'not changed', headers: ETAG }, ...problems(404), ...ANY },
      },
      put: {
        operationId: `replace${one}`,
        parameters: [ifMatch],
        requestBody: body(`${one}Input`),
        responses: { 200: found, ...write, ...ANY },
      },
      patch: {
        operationId: `patch${one}`,
        parameters: [ifMatch],
        requestBody: body(`${one}Patch`, 'application/merge-patch+json'),
        responses: { 200: found, ...write, ...ANY },
      },
      delete: {
        operationId: `delete${one}`,
        parameters: [ifMatch],
        responses: { 204: { description: 'deleted' }, ...problems(404, 412, 428), ...ANY },
      },
    },
  };
}

/** The OpenAPI 3.1 document of the API, as it is served. */
export const document = {
  openapi: '3.1.0',
  info: { title: 'Tavern', version: '1.0.0', description: 'Characters and quests of the Tavern.' },
  paths: {
    '/openapi.json': {
      get: {
        operationId: 'readDocument',
        responses: {
          200: { description: 'this document', content: { 'application/json': { schema: { type: 'object' } } } },
          ...problems(400, 408, 431),
        },
      },
    },
    ...collectionPaths('/characters', { one: 'Character', sorts: ['name', 'level'], conflicts: [] }),
    ...collectionPaths('/quests', { one: 'Quest', sorts: ['title', 'reward'], conflicts: [409] }),
    '/quests/{id}/party': {
      parameters: [parameter('id', 'path', uuid)],
      get: {
        operationId: 'listParty',
        responses: { 200: { description: 'who is in the party', content: json('Party') }, ...problems(404), ...ANY },
      },
    },
    '/quests/{id}/party/{characterId}': {
      parameters: [parameter('id', 'path', uuid), parameter('characterId', 'path', uuid)],
      get: {
        operationId: 'readMembership',
        responses: { 200: { description: 'the membership', content: json('Membership') }, ...problems(404), ...ANY },
      },
      put: {
        operationId: 'joinParty',
        responses: {
          200: { description: 'the character was in the party', content: json('Membership') },
          201: { description: 'the character has joined', headers: LOCATION, content: json('Membership') },
          ...problems(404, 409),
          ...ANY,
        },
      },
      delete: {
        operationId: 'leaveParty',
        responses: { 204: { description: 'the character has left' }, ...problems(404), ...ANY },
      },
    },
  },
  components: { schemas, responses: PROBLEM_RESPONSES },
};
