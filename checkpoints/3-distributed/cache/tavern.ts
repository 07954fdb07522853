import pg from 'pg';
import { createClient } from 'redis';
import { createDatabase, type Database } from '../../harness/database.ts';
import { createKeyPrefix, type KeyPrefix } from '../../harness/key-prefix.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { type PrivateServer, startPrivateRedis } from '../../services/private-server.ts';
import { OriginProxy } from './origin-proxy.ts';

const SCHEMA = `
  CREATE TABLE quests (
    id integer PRIMARY KEY, title text NOT NULL, reward integer NOT NULL, details text NOT NULL DEFAULT '',
    claimed_by text, version integer NOT NULL DEFAULT 1);
  CREATE TABLE adventurers (name text PRIMARY KEY, score bigint NOT NULL DEFAULT 0);`;

/** Patient, and without luck: what a checkpoint holds back comes, and no draw refreshes an entry early. */
const CALM: Readonly<Record<string, string>> = {
  CACHE_TTL_MS: '600000',
  CACHE_STALE_MS: '600000',
  CACHE_NEGATIVE_TTL_MS: '600000',
  CACHE_BETA: '0',
  CACHE_TIMEOUT_MS: '10000',
  CACHE_WAIT_MS: '15000',
  LEASE_MS: '60000',
  DATABASE_TIMEOUT_MS: '20000',
};

export type Redis = ReturnType<typeof newRedis>;

function newRedis(url: string) {
  return createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
}

/** A process under test, with a proxy of its own between it and the database. */
export interface Process extends AsyncDisposable {
  readonly program: Program;
  readonly origin: OriginProxy;
}

export interface TavernOptions {
  /** Default: the shared server, under a prefix of the tavern's own. */
  readonly redisUrl?: string;
}

/** A database, a key prefix and any number of processes on both. */
export class Tavern implements AsyncDisposable {
  readonly sql: pg.Client;
  readonly redis: Redis;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly #database: Database;
  readonly #keys: KeyPrefix | undefined;
  readonly #processes: Process[] = [];
  #nextId = 1;

  private constructor(parts: {
    readonly sql: pg.Client;
    readonly redis: Redis;
    readonly redisUrl: string;
    readonly database: Database;
    readonly prefix: string;
    readonly keys: KeyPrefix | undefined;
  }) {
    this.sql = parts.sql;
    this.redis = parts.redis;
    this.redisUrl = parts.redisUrl;
    this.prefix = parts.prefix;
    this.#database = parts.database;
    this.#keys = parts.keys;
  }

  static async open({ redisUrl }: TavernOptions = {}): Promise<Tavern> {
    const database = await createDatabase();
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    await sql.query(SCHEMA);
    const keys = redisUrl === undefined ? createKeyPrefix() : undefined;
    const url = redisUrl ?? keys?.url ?? '';
    const redis = newRedis(url);
    redis.on('error', () => {}); // told by the command that fails
    await redis.connect();
    return new Tavern({ sql, redis, redisUrl: url, database, keys, prefix: keys?.prefix ?? `own${database.name}:` });
  }

  /** An id that no other checkpoint uses. */
  newId(): number {
    this.#nextId += 1;
    return this.#nextId;
  }

  /** Starts a process. Disposing the tavern ends it, if nobody has. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<Process> {
    const origin = await OriginProxy.open(this.#database.url);
    try {
      const program = await startProgram({
        env: { ...CALM, DATABASE_URL: origin.url, REDIS_URL: this.redisUrl, KEY_PREFIX: this.prefix, ...env },
      });
      const process: Process = {
        program,
        origin,
        [Symbol.asyncDispose]: async () => {
          await program[Symbol.asyncDispose]();
          await origin[Symbol.asyncDispose]();
        },
      };
      this.#processes.push(process);
      return process;
    } catch (error) {
      await origin[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Puts a quest into the table, behind the cache's back. */
  async addQuest(title: string, { id = this.newId(), reward = 10, details = '' } = {}): Promise<number> {
    await this.sql.query('INSERT INTO quests (id, title, reward, details) VALUES ($1, $2, $3, $4)', [
      id,
      title,
      reward,
      details,
    ]);
    return id;
  }

  /** Changes a quest behind the cache's back. */
  async retitle(id: number, title: string): Promise<void> {
    await this.sql.query('UPDATE quests SET title = $2, version = version + 1 WHERE id = $1', [id, title]);
  }

  /** All keys of this tavern, without the prefix. */
  async keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const keys of this.redis.scanIterator({ MATCH: `${this.prefix}*`, COUNT: 1_000 })) found.push(...keys);
    return found.map((key) => key.slice(this.prefix.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) await process[Symbol.asyncDispose]();
    if (this.redis.isOpen) this.redis.destroy();
    await this.sql.end();
    await this.#database[Symbol.asyncDispose]();
    await this.#keys?.[Symbol.asyncDispose]();
  }
}

/** What several checkpoints share, made when first asked for. */
interface Shared {
  tavern?: Promise<Tavern>;
  pair?: Promise<readonly [Process, Process]>;
  redis?: Promise<PrivateServer>;
}

const shared: Shared = {};

export function sharedTavern(): Promise<Tavern> {
  shared.tavern ??= Tavern.open();
  return shared.tavern;
}

/** Two processes of the shared tavern. Started anew should one have died, so that only one checkpoint tells of that. */
export async function sharedPair(): Promise<{ readonly tavern: Tavern; readonly a: Process; readonly b: Process }> {
  const tavern = await sharedTavern();
  const before = await shared.pair?.catch(() => undefined);
  if (before === undefined || before.some(({ program }) => program.ended)) {
    shared.pair = Promise.all([tavern.start(), tavern.start()]);
  }
  const [a, b] = (await shared.pair) as readonly [Process, Process];
  for (const { origin } of [a, b]) {
    origin.pass();
    origin.loads.length = 0;
  }
  return { tavern, a, b };
}

/** A Redis that checkpoints may stop, freeze and fill, one after the other. It runs when it is given. */
export async function privateRedis(): Promise<PrivateServer> {
  shared.redis ??= startPrivateRedis();
  const redis = await shared.redis;
  redis.thaw();
  await redis.start();
  return redis;
}

/** Ends everything. The next run of this file may be in the same process. */
export async function closeShared(): Promise<void> {
  const { tavern, redis } = shared;
  for (const part of Object.keys(shared)) delete shared[part as keyof Shared];
  for (const owned of [tavern, redis]) await (await owned?.catch(() => undefined))?.[Symbol.asyncDispose]();
}
