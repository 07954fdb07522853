import { createDatabase, type Database } from '../../harness/database.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { PostgresProxy } from './postgres-proxy.ts';

/** East of Greenwich: whoever turns a date into an instant of this machine's time zone lands on the day before. */
const TIME_ZONE = 'Asia/Kolkata';
/** Long: what these servers wait for is what a checkpoint holds back, and that comes. */
const DATABASE_TIMEOUT_MS = 20_000;
/** Shared by the two servers that checkpoints share: each takes the cursors of the other. */
const CURSOR_KEY = 'a key that two servers of one tavern share';

/** A database of this run's own, and the servers on it that several checkpoints share. Made when first asked for. */
interface Tavern {
  database?: Promise<Database>;
  proxy?: Promise<PostgresProxy>;
  direct?: Promise<Program>;
  proxied?: Promise<Program>;
}

const tavern: Tavern = {};

function sharedDatabase(): Promise<Database> {
  tavern.database ??= createDatabase();
  return tavern.database;
}

export async function sharedDatabaseUrl(): Promise<string> {
  return (await sharedDatabase()).url;
}

/** The server that most checkpoints talk to. Started anew should it have died, so that only one of them tells of that. */
export async function sharedServer(): Promise<Program> {
  tavern.direct =
    stillRunning(await tavern.direct?.catch(() => undefined)) ?? startOn(await sharedDatabaseUrl(), { CURSOR_KEY });
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
  return startOn(url ?? (await sharedDatabaseUrl()), env);
}

/** A proxy for one checkpoint, in front of the shared database. */
export async function ownProxy(): Promise<PostgresProxy> {
  return PostgresProxy.open(await sharedDatabaseUrl());
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
