import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check } from '../../harness/failure.ts';
import { type Sending, statusOf } from '../../harness/http-exchange.ts';
import { createRandom, type Random } from '../../harness/random.ts';
import { ApiDocument, type Operation, type Parameter } from './api-document.ts';
import { exchange } from './exchange.ts';
import { createErrand, createHero } from './tales.ts';
import { sharedServer } from './tavern.ts';

const REQUESTS = 2_000;
const AT_ONCE = 12;
const MAX_DEPTH = 4;

type Json = Readonly<Record<string, unknown>>;

const STRINGS = [
  '',
  ' ',
  'Lanterns',
  "'; --",
  '\u0000',
  '\ud800',
  '𝔅'.repeat(50),
  'x'.repeat(3_000),
  '2024-02-29',
  '0000-00-00',
  '2030-06-01T12:00:00Z',
  '2030-06-01T12:00:00+23:59',
  '-1',
  'null',
  '__proto__',
  'bard',
  'wizard',
  '%',
  '\\',
  '\n',
  '\uffff',
];
const NUMBERS = [0, 1, -1, 3, 20, 21, 0.5, 1e9, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e308, -0];

/** Requests made of the document: most fit it, many nearly do, some do not at all. */
class RequestMaker {
  readonly #document: ApiDocument;
  readonly #random: Random;
  readonly #ids: readonly string[];

  constructor(document: ApiDocument, random: Random, ids: readonly string[]) {
    this.#document = document;
    this.#random = random;
    this.#ids = ids;
  }

  make({ path, parameters, bodies }: Operation): { readonly path: string; readonly sending: Sending } {
    let filled = path;
    const query: [string, string][] = [];
    const headers: Record<string, string> = {};
    for (const parameter of parameters) {
      if (parameter.in === 'path') {
        filled = filled.replace(
          `{${parameter.name}}`,
          encodeURIComponent(this.#pick([...this.#ids, ...this.#ids, '7', "a'b", '\0', 'ünï'])),
        );
      } else if (parameter.required === true || this.#random.chance(0.4)) {
        if (this.#random.chance(0.1)) continue;
        const value = this.#parameterValue(parameter);
        if (parameter.in === 'query') query.push([parameter.name, value]);
        else headers[parameter.name] = value.replaceAll(/[^\x20-\x7e]/g, '?');
      }
    }
    if (this.#random.chance(0.05)) query.push([this.#pick(['page', 'limit', '']), this.#pick(STRINGS).toWellFormed()]);
    const search = query.length === 0 ? '' : `?${new URLSearchParams(query)}`;
    const [type, schema] =
      this.#pick([...Object.entries(bodies), ...Object.entries(bodies)].map((entry) => entry)) ?? [];
    if (type === undefined || schema === undefined) return { path: filled + search, sending: { headers } };
    headers['content-type'] = this.#random.chance(0.05) ? 'text/plain' : type;
    return { path: filled + search, sending: { headers, body: this.#body(schema) } };
  }

  #parameterValue({ name, schema }: Parameter): string {
    if (/^if-/i.test(name)) return this.#pick(['*', '*', '"1"', '"2", "3"', 'W/"1"', 'x', '"']);
    const value = this.#value(schema ?? {}, 0);
    return (typeof value === 'string' ? value : String(JSON.stringify(value) ?? '')).toWellFormed().slice(0, 200);
  }

  #body(schema: Json): string {
    const text = JSON.stringify(this.#value(schema, 0)) ?? '';
    if (this.#random.chance(0.9)) return text;
    const at = this.#random.int(0, text.length);
    return this.#pick([text.slice(0, at), `${text}${text}`, `${text.slice(0, at)}\u0000${text.slice(at)}`, '']);
  }

  /** A value for a schema: right in kind most of the time, at the bounds or beyond them now and then. */
  #value(given: unknown, depth: number): unknown {
    const schema = this.#document.resolve(given);
    const random = this.#random;
    if (depth > MAX_DEPTH) return null;
    if (random.chance(0.04)) return this.#pick([null, true, [], {}, 'x', 7, [[[]]]]);
    if (Array.isArray(schema.enum)) return this.#pick([...schema.enum, ...schema.enum, 'none']);
    if (Array.isArray(schema.anyOf)) return this.#value(this.#pick(schema.anyOf), depth + 1);
    const type = Array.isArray(schema.type) ? this.#pick(schema.type) : schema.type;
    if (type === 'object') {
      const required = (schema.required ?? []) as string[];
      const fields = Object.entries((schema.properties ?? {}) as Json).filter(([name]) =>
        random.chance(required.includes(name) ? 0.98 : 0.5),
      );
      const unknown: [string, unknown][] = random.chance(0.05) ? [[this.#pick(STRINGS), 1]] : [];
      return Object.fromEntries([...fields.map(([name, field]) => [name, this.#value(field, depth + 1)]), ...unknown]);
    }
    if (type === 'integer' || type === 'number') {
      const [low, high] = [Number(schema.minimum ?? 0), Number(schema.maximum ?? 100)];
      return random.chance(0.85)
        ? this.#pick([low, high, random.int(low, Math.min(high, low + 1_000_000))])
        : this.#pick(NUMBERS);
    }
    if (type === 'string') {
      if (schema.format === 'uuid') return this.#pick(this.#ids);
      if (random.chance(0.15)) return this.#pick(STRINGS);
      if (schema.format === 'date') return `${random.int(1000, 3000)}-0${random.int(1, 9)}-${random.int(10, 31)}`;
      if (schema.format === 'date-time')
        return `2${random.int(100, 999)}-0${random.int(1, 9)}-${random.int(10, 31)}T1${random.int(0, 9)}:00:00Z`;
      return 'abcdefghij '.slice(0, random.int(Math.max(1, Number(schema.minLength ?? 1)), 11));
    }
    return type === 'boolean' ? random.chance(0.5) : null;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random.int(0, Math.max(0, values.length - 1))] as T;
  }
}

export async function standsRandomRequests({ seed }: CheckpointContext): Promise<void> {
  const server = await sharedServer();
  const document = await ApiDocument.of(server);
  const random = createRandom(seed);
  const made = await Promise.all([createHero(server), createHero(server), createErrand(server), createErrand(server)]);
  const ids = [...made.map(({ id }) => id), '00000000-0000-4000-8000-000000000000'];
  const maker = new RequestMaker(document, random, ids);
  const { operations } = document;
  let next = 0;
  let succeeded = 0;
  const lane = async (): Promise<void> => {
    while (next < REQUESTS) {
      const operation = operations[next++ % operations.length];
      if (operation === undefined) return;
      const { path, sending } = maker.make(operation);
      const reply = await exchange(server, operation.method, path, sending);
      check(reply.status < 500, {
        sent: reply.sent,
        expected: 'a request of a client never to be a fault of the server',
        received: statusOf(reply),
        usually: 'a value passes the check and fails further on, in the database or in your own code',
        details: [...reply.details, ...server.logTail()],
      });
      document.expectDocumented(operation, reply);
      if (reply.status < 300) succeeded += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  check(succeeded > REQUESTS / 20, {
    sent: `${REQUESTS} requests made of your document`,
    expected: 'some of them to be right',
    received: `${succeeded} that were`,
    usually: 'the schemas of the document describe something else than what is accepted',
  });
}
