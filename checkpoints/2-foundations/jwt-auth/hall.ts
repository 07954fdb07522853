/**
 * What the checkpoints share: one database, at most four servers on it, and the accounts that live there. All of it is
 * made when it is first needed, and given back by `closeHall`.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Program, startProgram } from '../../harness/program.ts';
import { serviceAddress } from '../../harness/service.ts';
import { expectStatus, type Tokens, tokensOf } from './answers.ts';
import { DatabaseLine } from './database-line.ts';
import { call, closeConnections } from './http-client.ts';
import { EDDSA_KEY, ES256_KEY, RS256_KEY } from './published-keys.ts';

export const SKEW_S = 30;
export const GRACE_MS = 400;
export const REFRESH_TTL_MS = 1_000;
export const STRICT_ACCOUNT_LIMIT = 3;
export const STRICT_PROXY_HOPS = 2;
export const STRICT_ADDRESS_LIMIT = 6;
export const BRISK_ACCOUNT_LIMIT = 2;
export const GATE_ACCOUNT_LIMIT = 2;
export const GATE_PASSES = 3;
export const BRISK_WINDOW_MS = 1_200;
export const KEYS_RELOAD_MS = 100;

const DAY_MS = '86400000';
const MANY = '1000000';

/**
 * `hall` is patient, `brisk` has short times, `strict` low limits and sessions that end soon; `gate` has its database
 * at the end of a line that can be held and cut, no proxy and no grace, and wants more passes of Argon2.
 */
const SETTINGS = {
  hall: {
    KEYS_RELOAD_MS: DAY_MS,
    REFRESH_GRACE_MS: '60000',
    LOGIN_ACCOUNT_LIMIT: MANY,
    LOGIN_ADDRESS_LIMIT: MANY,
    LOG_LEVEL: 'debug',
  },
  brisk: {
    KEYS_RELOAD_MS: String(KEYS_RELOAD_MS),
    REFRESH_GRACE_MS: String(GRACE_MS),
    LOGIN_ACCOUNT_LIMIT: String(BRISK_ACCOUNT_LIMIT),
    LOGIN_ADDRESS_LIMIT: MANY,
    LOGIN_WINDOW_MS: String(BRISK_WINDOW_MS),
    LOG_LEVEL: 'debug',
  },
  strict: {
    KEYS_RELOAD_MS: DAY_MS,
    REFRESH_TTL_MS: String(REFRESH_TTL_MS),
    LOGIN_ACCOUNT_LIMIT: String(STRICT_ACCOUNT_LIMIT),
    LOGIN_ADDRESS_LIMIT: String(STRICT_ADDRESS_LIMIT),
    LOGIN_WINDOW_MS: '3600000',
    PROXY_HOPS: String(STRICT_PROXY_HOPS),
    LOG_LEVEL: 'debug',
  },
  gate: {
    KEYS_RELOAD_MS: DAY_MS,
    REFRESH_GRACE_MS: '0',
    LOGIN_ACCOUNT_LIMIT: String(GATE_ACCOUNT_LIMIT),
    LOGIN_ADDRESS_LIMIT: MANY,
    LOGIN_WINDOW_MS: '3600000',
    PROXY_HOPS: '0',
    ARGON2_PASSES: String(GATE_PASSES),
    LOG_LEVEL: 'debug',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type HallName = keyof typeof SETTINGS;

export interface Hall {
  readonly server: Program;
  /** The server's own keys file. */
  readonly keysFile: string;
  /** A connection of the suite's own to the database. */
  readonly database: Client;
  readonly databaseUrl: string;
}

export interface Resident extends Tokens {
  readonly id: string;
  readonly username: string;
  readonly password: string;
}

interface Ground {
  readonly folder: string;
  readonly database: Client;
  readonly databaseUrl: string;
  readonly databaseName: string;
}

/** A checkpoint whose time is up goes on for a while; what it opens then, nobody would close. */
let isOpen = false;
let ground: Promise<Ground> | undefined;
let line: Promise<DatabaseLine> | undefined;
let lastStart: Promise<unknown> = Promise.resolve();
const halls = new Map<HallName, Promise<Hall>>();
const residents = new Map<string, Promise<Resident>>();

/** Before the first checkpoint of a run. */
export function unlockHall(): void {
  isOpen = true;
}

/** The server of that name, started when it is first asked for. */
export function openHall(name: HallName): Promise<Hall> {
  if (!isOpen) return Promise.reject(new Error('the run is over'));
  const open = halls.get(name);
  if (open !== undefined) return open;
  ground ??= prepareGround();
  // One after the other: the first makes the tables, and nobody asked for several to do so at once.
  const before = lastStart;
  const started = Promise.all([ground, before]).then(([prepared]) => start(name, prepared));
  lastStart = started.catch(() => undefined);
  halls.set(name, started);
  return started;
}

/** The server `gate`, and its line to the database. */
export async function openGate(): Promise<Hall & { readonly line: DatabaseLine }> {
  const gate = await openHall('gate');
  if (line === undefined) throw new Error('the gate has a line');
  return { ...gate, line: await line };
}

/** An account of the hall that is logged in; registered once, however many ask for it. */
export function resident(username: string): Promise<Resident> {
  const known = residents.get(username);
  if (known !== undefined) return known;
  const moved = moveIn(username);
  residents.set(username, moved);
  return moved;
}

export function passwordOf(username: string): string {
  return `the password of ${username}`;
}

const NO_ACCOUNT = 'the route is missing, or answers otherwise than the brief says';

/** Registers in the hall; the account can log in at the other servers too. */
export async function register(username: string): Promise<string> {
  const { server } = await openHall('hall');
  const answer = await call(server, '/accounts', { body: { username, password: passwordOf(username) } });
  expectStatus(answer, 201, { sent: `POST /accounts for "${username}"`, usually: NO_ACCOUNT });
  return String(answer.json.id);
}

export async function logIn(name: HallName, username: string, address?: string): Promise<Tokens> {
  const { server } = await openHall(name);
  const body = { username, password: passwordOf(username) };
  const answer = await call(server, '/sessions', { body, ...(address === undefined ? {} : { address }) });
  return tokensOf(answer, { sent: `POST /sessions as "${username}", with the right password`, usually: NO_ACCOUNT });
}

export async function writeKeys(file: string, keys: readonly object[]): Promise<void> {
  await replaceFile(file, JSON.stringify({ keys }));
}

/** As an operator does it: nobody ever sees half a file. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** Everything that the tables hold, as text. */
export async function contentsOfTables(database: Client): Promise<string> {
  const { rows: tables } = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const contents: string[] = [];
  for (const { name } of tables) {
    const { rows } = await database.query<{ row: string }>(`select t::text as row from ${name} t`);
    contents.push(...rows.map(({ row }) => row));
  }
  return contents.join('\n');
}

/** Everything that the servers have written so far. */
export async function outputOfAll(): Promise<string> {
  const open = await Promise.all(halls.values());
  return open.map(({ server }) => `${server.stdout}\n${server.stderr}`).join('\n');
}

/** Stops every server that was started, by SIGTERM, so that whatever they hold back is written. */
export async function stopServers(): Promise<void> {
  closeConnections();
  await Promise.all([...halls.values()].map(async (hall) => (await hall).server.stop()));
}

/** Ends the servers and removes the database. */
export async function closeHall(): Promise<void> {
  isOpen = false;
  const open = await Promise.allSettled(halls.values());
  const prepared = await ground?.catch(() => undefined);
  halls.clear();
  residents.clear();
  ground = undefined;
  lastStart = Promise.resolve();
  closeConnections();
  await Promise.all(open.map((hall) => hall.status === 'fulfilled' && hall.value.server[Symbol.asyncDispose]()));
  await (await line)?.[Symbol.asyncDispose]();
  line = undefined;
  if (prepared === undefined) return;
  await prepared.database.end();
  await rm(prepared.folder, { recursive: true, force: true });
  await asAdministrator((client) => client.query(`drop database ${prepared.databaseName} with (force)`));
}

async function prepareGround(): Promise<Ground> {
  const databaseName = `jwt_auth_${randomBytes(8).toString('hex')}`;
  await asAdministrator((client) => client.query(`create database ${databaseName}`));
  const url = new URL(serviceAddress('postgresql'));
  url.pathname = `/${databaseName}`;
  const database = new Client({ connectionString: url.href });
  await database.connect();
  const folder = await mkdtemp(join(tmpdir(), 'jwt-auth-'));
  return { folder, database, databaseUrl: url.href, databaseName };
}

async function start(name: HallName, { folder, database, databaseUrl }: Ground): Promise<Hall> {
  const keysFile = join(folder, `${name}.json`);
  await writeKeys(keysFile, [ES256_KEY, EDDSA_KEY, RS256_KEY]);
  const common = { DATABASE_URL: databaseUrl, KEYS_FILE: keysFile, PROXY_HOPS: '1', CLOCK_SKEW_S: String(SKEW_S) };
  if (name === 'gate') line ??= DatabaseLine.open(databaseUrl);
  const throughLine = name === 'gate' && line !== undefined ? { DATABASE_URL: (await line).url } : {};
  const server = await startProgram({ env: { ...common, ...SETTINGS[name], ...throughLine } });
  return { server, keysFile, database, databaseUrl };
}

async function moveIn(username: string): Promise<Resident> {
  const id = await register(username);
  return { id, username, password: passwordOf(username), ...(await logIn('hall', username)) };
}

async function asAdministrator(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: serviceAddress('postgresql') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
