import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase } from '../../harness/database.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { check } from '../../harness/failure.ts';
import { jsonOf, type Method, type Reply, type Sending } from '../../harness/http-exchange.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { type Door, exchange, kindOf, mediaTypeOf } from './exchange.ts';
import { freshName, registration } from './tales.ts';
import { sharedTown } from './town.ts';

const MONOLITH = fileURLToPath(
  new URL('../../../labs/3-distributed/microservices/starter/monolith/server.ts', import.meta.url),
);
/** What a client may rely on. Others, such as Date, differ by their nature. */
const COMPARED_HEADERS = ['content-type', 'location', 'allow', 'www-authenticate', 'retry-after'];
const SETTLED_WITHIN_MS = 20_000;

/** One answer, without what is random in it. */
interface Told {
  readonly step: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly reply: Reply;
}

/** The Tavern before the split, with a database of its own. */
export async function startMonolith(databaseUrl: string): Promise<Program> {
  if (!existsSync(MONOLITH)) throw new Error(`${MONOLITH} is not there`);
  const target = {
    kind: 'program',
    name: 'monolith',
    command: [process.execPath, MONOLITH],
    cwd: dirname(MONOLITH),
    env: {},
  };
  return startProgram({ target: target as never, env: { DATABASE_URL: databaseUrl } });
}

/** Tells a system a story, and writes down its answers. */
class Teller {
  readonly #told: Told[] = [];
  readonly #door: Door;
  /** What is random, and what stands for it. */
  readonly #names = new Map<string, string>();

  constructor(door: Door) {
    this.#door = door;
  }

  /** From here on `value` is written as `<name>`. */
  name(value: string, name: string): string {
    this.#names.set(value, `<${name}>`);
    return value;
  }

  async tell(step: string, status: number, method: Method, path: string, sending: Sending = {}): Promise<Reply> {
    const reply = await exchange(this.#door, method, path, sending);
    this.#write(step, status, reply);
    return reply;
  }

  /** Asks until it is accepted: a split may need a moment for what one process does at once. */
  async tellOnce(
    step: string,
    status: number,
    path: string,
    token: string,
    accept: (reply: Reply) => boolean,
  ): Promise<void> {
    const reply = await pollUntil(() => exchange(this.#door, 'GET', path, { token }), accept, {
      withinMs: SETTLED_WITHIN_MS,
      everyMs: 15,
      otherwise: () => new Error('given as it is'),
    }).catch(async (error: Error) => {
      if (error.message !== 'given as it is') throw error;
      return exchange(this.#door, 'GET', path, { token });
    });
    this.#write(step, status, reply);
  }

  #write(step: string, status: number, reply: Reply): void {
    check(reply.status === status, {
      sent: reply.sent,
      expected: `${step}: status ${status}`,
      received: `status ${reply.status}${kindOf(reply.text) === undefined ? '' : ` (${kindOf(reply.text)})`}`,
      usually: 'clients notice the split: what the monolith answered is what they rely on',
      details: reply.details,
    });
    const headers = COMPARED_HEADERS.flatMap((name) => {
      const value = name === 'content-type' ? mediaTypeOf(reply) : reply.headers[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    this.#told.push({ step, status, headers: Object.fromEntries(headers), body: this.#body(step, reply), reply });
  }

  #body(step: string, reply: Reply): string {
    const value = jsonOf(reply);
    // People read these; programs do not.
    const { title, detail, errors, token, ...rest } = value;
    if (reply.status >= 400) return sorted({ ...rest, errors: pointersOf(errors) });
    // Whether it is settled by the time of the answer is what the contract leaves open.
    if (step.startsWith('accept')) return sorted({ ...rest, state: '*', reason: '*' });
    return sorted({
      ...rest,
      ...(title === undefined ? {} : { title }),
      ...(token === undefined ? {} : { token: '*' }),
    });
  }

  /** All answers, with names for what is random. */
  told(): readonly Told[] {
    return this.#told.map((each) => ({
      ...each,
      headers: Object.fromEntries(Object.entries(each.headers).map(([name, value]) => [name, this.#plain(value)])),
      body: this.#plain(each.body),
    }));
  }

  #plain(text: string): string {
    let plain = text;
    for (const [value, name] of this.#names) plain = plain.replaceAll(value, name);
    return plain;
  }
}

function pointersOf(errors: unknown): unknown {
  if (!Array.isArray(errors)) return null;
  return errors.map((each) => (each as { pointer?: unknown } | null)?.pointer).sort();
}

function sorted(value: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The parity suite: one story, told to any system that says it is the Tavern. */
async function tellStory(door: Door): Promise<readonly Told[]> {
  const t = new Teller(door);
  const name = t.name(freshName('brida'), 'name');
  const guild = t.name(freshName('lanterns'), 'guild');
  const me = jsonOf(await t.tell('register', 201, 'POST', '/accounts', registration(name)));
  const id = t.name(String(me.id), 'account');
  await t.tell('register the same name again', 409, 'POST', '/accounts', registration(name));
  await t.tell('register with faults', 422, 'POST', '/accounts', {
    json: { name: '', password: 'short', admin: true },
  });
  await t.tell('register with a list', 422, 'POST', '/accounts', { json: [] });
  await t.tell('register with what is no JSON', 400, 'POST', '/accounts', { body: '{"name":' });
  await t.tell('log in with a wrong password', 401, 'POST', '/sessions', {
    json: { name, password: 'not the right one' },
  });
  const session = jsonOf(await t.tell('log in', 201, 'POST', '/sessions', registration(name)));
  const token = String(session.token);
  await t.tell('read without a token', 401, 'GET', '/accounts/me');
  await t.tell('read with a token that is none', 401, 'GET', '/accounts/me', { token: 'nonsense' });
  const forged = `${Buffer.from(JSON.stringify({ sub: id, exp: Date.now() + 1e6 })).toString('base64url')}.bm9uc2Vuc2U`;
  await t.tell('read with a token of one’s own making', 401, 'GET', '/accounts/me', { token: forged });
  await t.tell('read the own account', 200, 'GET', '/accounts/me', { token });
  await t.tellOnce('read the purse', 200, `/purses/${id}`, token, ({ status }) => status !== 404);
  await t.tell('a purse that nobody has', 404, 'GET', `/purses/${randomUUID()}`, { token });
  await t.tell('a route that is none', 404, 'GET', '/dragons', { token });
  await t.tell('a route that is none, without a token', 404, 'GET', '/dragons');
  await t.tell('a deeper route that is none', 404, 'GET', '/quests/a/b', { token });
  await t.tell('a method that is not offered', 405, 'DELETE', '/accounts/me', { token });
  await t.tell('a method that is not offered, on an offer', 405, 'PUT', `/offers/${randomUUID()}`, { token, json: {} });
  await t.tell('a body that is too large', 413, 'POST', '/quests', { token, body: `"${'x'.repeat(65 * 1024)}"` });
  await t.tell('a treasury that nobody has', 404, 'GET', `/treasuries/${guild}`, { token });
  const deposit = t.name(randomUUID(), 'deposit');
  const purse = `/treasuries/${guild}/deposits/${deposit}`;
  await t.tell('deposit', 201, 'PUT', purse, { token, json: { gold: 100 } });
  await t.tell('deposit again', 200, 'PUT', purse, { token, json: { gold: 100 } });
  await t.tell('deposit with the id of another', 409, 'PUT', purse, { token, json: { gold: 101 } });
  await t.tell('deposit nothing', 422, 'PUT', purse, { token, json: { gold: 0 } });
  const quest = async (label: string, reward: number, places: number, of = guild): Promise<string> => {
    const json = { title: `Rats, ${label}`, guild: of, reward, places };
    const reply = await exchange(door, 'POST', '/quests', { token, json });
    const questId = t.name(String(jsonOf(reply).id), label);
    await t.tell(`read ${label}`, 200, 'GET', `/quests/${questId}`, { token });
    return questId;
  };
  await t.tell('post a quest with faults', 422, 'POST', '/quests', {
    token,
    json: { title: 7, guild: 'A b', reward: 1.5 },
  });
  const easy = await quest('an easy quest', 10, 4);
  const dear = await quest('a dear quest', 5_000, 2);
  const narrow = await quest('a narrow quest', 10, 1);
  await t.tell('offer of the easy one', 200, 'GET', `/offers/${easy}`, { token });
  await t.tell('offer of the dear one', 200, 'GET', `/offers/${dear}`, { token });
  const poor = t.name(freshName('paupers'), 'poor guild');
  const unpaid = await quest('a quest of a guild without gold', 10, 1, poor);
  await t.tell('offer of a guild without gold', 200, 'GET', `/offers/${unpaid}`, { token });
  await t.tell('offer of none', 404, 'GET', `/offers/${randomUUID()}`, { token });
  await t.tell('a quest that is none', 404, 'GET', `/quests/${randomUUID()}`, { token });
  const take = async (label: string, questId: string, as: string = token): Promise<string> => {
    const acceptance = t.name(randomUUID(), label);
    await t.tell(`accept ${label}`, 202, 'PUT', `/acceptances/${acceptance}`, { token: as, json: { questId } });
    const isSettled = (reply: Reply) => reply.status !== 200 || jsonOf(reply).state !== 'pending';
    await t.tellOnce(`how ${label} ended`, 200, `/acceptances/${acceptance}`, as, isSettled);
    return acceptance;
  };
  const first = await take('the easy quest', easy);
  await t.tell('accept once more', 200, 'PUT', `/acceptances/${first}`, { token, json: { questId: easy } });
  await t.tell('an id that was used for another', 409, 'PUT', `/acceptances/${first}`, {
    token,
    json: { questId: dear },
  });
  await take('the dear quest', dear);
  await take('the narrow quest', narrow);
  await take('a quest without gold', unpaid);
  await t.tell('a quest that is full', 409, 'PUT', `/acceptances/${randomUUID()}`, {
    token,
    json: { questId: narrow },
  });
  await t.tell('nothing to accept', 404, 'PUT', `/acceptances/${randomUUID()}`, {
    token,
    json: { questId: randomUUID() },
  });
  await t.tell('no quest', 422, 'PUT', `/acceptances/${randomUUID()}`, { token, json: {} });
  await take('the easy quest once more', easy);
  await take('a fourth quest', easy);
  await t.tell('the books of the treasury', 200, 'GET', `/treasuries/${guild}`, { token });
  await t.tell('the easy quest afterwards', 200, 'GET', `/quests/${easy}`, { token });
  await t.tell('the dear quest afterwards', 200, 'GET', `/quests/${dear}`, { token });
  await t.tell('the account afterwards', 200, 'GET', '/accounts/me', { token });
  const other = t.name(freshName('odo'), 'other');
  t.name(
    String(jsonOf(await t.tell('register another', 201, 'POST', '/accounts', registration(other))).id),
    'other account',
  );
  const theirs = String(jsonOf(await t.tell('log in as another', 201, 'POST', '/sessions', registration(other))).token);
  await t.tell('an acceptance of somebody else', 404, 'GET', `/acceptances/${first}`, { token: theirs });
  await take('the easy quest as another', easy, theirs);
  return t.told();
}

export async function answersAsTheMonolith(): Promise<void> {
  const starting = sharedTown();
  starting.catch(() => {});
  await using database = await createDatabase();
  await using monolith = await startMonolith(database.url);
  const town = await starting;
  const oldDoor = { host: monolith.host, port: monolith.port, logTail: () => monolith.logTail() };
  const [before, after] = await Promise.all([tellStory(oldDoor), tellStory(town.gateway)]);
  for (const [i, was] of before.entries()) {
    const is = after[i];
    const same = is !== undefined && sorted(was.headers) === sorted(is.headers) && was.body === is.body;
    const where = is?.body === was.body ? 'headers' : 'body';
    const shown = (told: Told | undefined) =>
      (where === 'body' ? told?.body : JSON.stringify(told?.headers)) ?? 'nothing';
    check(same, {
      sent: `${was.step}, to the monolith and to the split`,
      expected: `the ${where} of the monolith, ${shown(was)}`,
      received: shown(is),
      usually: 'clients notice the split: a field, a header or a rule was left behind in the move',
      details: is?.reply.details ?? [],
    });
  }
}
