import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Program, startProgram } from '../../harness/program.ts';
import { serviceAddress } from '../../harness/service.ts';
import { PostgresProxy } from './postgres-proxy.ts';

/** East of Greenwich: whoever turns a date into an instant of this machine's time zone lands on the day before. */
const TIME_ZONE = 'Asia/Kolkata';
/** Long: what these servers wait for is what a checkpoint holds back, and that comes. */
const DATABASE_TIMEOUT_MS = 20_000;
/** Shared by the two servers that checkpoints share: each takes the cursors of the other. */
const CURSOR_KEY = 'a key that two servers of one tavern share';

/** A database of this run's own, and the servers on it that several checkpoints share. Made when first asked for. */
interface Tavern {
  database?: Promise<OwnDatabase>;
  proxy?: Promise<PostgresProxy>;
  direct?: Promise<Program>;
  proxied?: Promise<Program>;
}

const tavern: Tavern = {};

/** A database that nobody else has; disposing drops it. */
export class OwnDatabase implements AsyncDisposable {
  readonly url: string;
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
    const url = new URL(serviceAddress('postgresql'));
    url.pathname = `/${name}`;
    this.url = url.href;
  }

  static async create(): Promise<OwnDatabase> {
    const database = new OwnDatabase(`rest_api_${randomBytes(8).toString('hex')}`);
    // template0: nobody is ever connected to it, so that runs side by side do not refuse each other.
    await administer(`CREATE DATABASE ${database.name} TEMPLATE template0`);
    return database;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await administer(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serviceAddress('postgresql') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function sharedDatabase(): Promise<OwnDatabase> {
  tavern.database ??= OwnDatabase.create();
  return tavern.database;
}

/** The server that most checkpoints talk to. Started anew should it have died, so that only one of them tells of that. */
export async function sharedServer(): Promise<Program> {
  tavern.direct =
    stillRunning(await tavern.direct?.catch(() => undefined)) ?? startOn((await sharedDatabase()).url, { CURSOR_KEY });
  return tavern.direct;
}

/** A second server on the same database, with a proxy between the two that can hold back, refuse and cut off. */
export async function proxiedServer(): Promise<{ readonly program: Program; readonly proxy: PostgresProxy }> {
  const { url } = await sharedDatabase();
  tavern.proxy ??= PostgresProxy.open(url);
  const proxy = await tavern.proxy;
  proxy.pass();
  tavern.proxied =
    stillRunning(await tavern.proxied?.catch(() => undefined)) ??
    startOn(proxy.url, { DATABASE_POOL_SIZE: '6', CURSOR_KEY });
  return { program: await tavern.proxied, proxy };
}

/** A server for one checkpoint, on the shared database or on the given one. */
export async function ownServer(env: Readonly<Record<string, string>>, url?: string): Promise<Program> {
  return startOn(url ?? (await sharedDatabase()).url, env);
}

/** A proxy for one checkpoint, in front of the shared database. */
export async function ownProxy(): Promise<PostgresProxy> {
  return PostgresProxy.open((await sharedDatabase()).url);
}

/** Ends the servers and drops the database. The next run of this file may be in the same process. */
export async function closeTavern(): Promise<void> {
  const { direct, proxied, proxy, database } = tavern;
  for (const part of Object.keys(tavern)) delete tavern[part as keyof Tavern];
  for (const owned of [direct, proxied, proxy, database]) {
    await (await owned?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

function stillRunning(program: Program | undefined): Promise<Program> | undefined {
  return program === undefined || program.ended ? undefined : Promise.resolve(program);
}

function startOn(url: string, env: Readonly<Record<string, string>> = {}): Promise<Program> {
  return startProgram({
    env: { DATABASE_URL: url, DATABASE_TIMEOUT_MS: String(DATABASE_TIMEOUT_MS), TZ: TIME_ZONE, ...env },
  });
}
