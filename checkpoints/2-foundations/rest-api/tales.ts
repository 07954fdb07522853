import { expectStatus, jsonOf, type Method, type Reply, type Sending } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';
import { exchange } from './exchange.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The body of a character, right in every field. */
export function hero(fields: Fields = {}): Fields {
  return { name: 'Brida', class: 'ranger', guild: 'Lanterns', level: 3, ...fields };
}

/** The body of a quest, right in every field. */
export function errand(fields: Fields = {}): Fields {
  return { title: 'Rats in the cellar', guild: 'Lanterns', places: 4, ...fields };
}

/** Something that was created. */
export interface Created {
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly fields: Record<string, unknown>;
}

const NOT_CREATED = 'a right body is refused, or fails: create-and-read looks closer at that';

export async function create(
  program: Program,
  path: '/characters' | '/quests',
  json: Fields,
  sending: Sending = {},
): Promise<Created> {
  const reply = await exchange(program, 'POST', path, { ...sending, json });
  expectStatus(reply, 201, { usually: NOT_CREATED });
  const fields = jsonOf(reply);
  return { path: `${path}/${String(fields.id)}`, id: String(fields.id), tag: tagOf(reply), fields };
}

export const createHero = (program: Program, fields: Fields = {}) => create(program, '/characters', hero(fields));
export const createErrand = (program: Program, fields: Fields = {}) => create(program, '/quests', errand(fields));

/** A write that says what it has seen. */
export function writeIf(
  program: Program,
  method: Method,
  path: string,
  ifMatch: string | undefined,
  json?: Fields,
): Promise<Reply> {
  return exchange(program, method, path, { ...(json === undefined ? {} : { json }), headers: { 'if-match': ifMatch } });
}

/** The entity tag of a reply, or nothing. */
export function tagOf({ headers }: Reply): string {
  return headers.etag ?? '';
}

/** The items of a list, and the cursor of the next page. */
export async function listPage(
  program: Program,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<{
  readonly items: readonly Record<string, unknown>[];
  readonly nextCursor: unknown;
  readonly reply: Reply;
}> {
  const reply = await exchange(program, 'GET', `${path}?${new URLSearchParams(parameters)}`);
  expectStatus(reply, 200, { usually: 'the list does not know a parameter that the brief names, or fails' });
  const { items, nextCursor } = jsonOf(reply);
  return { items: Array.isArray(items) ? (items as Record<string, unknown>[]) : [], nextCursor, reply };
}
