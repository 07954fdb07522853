import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

/** What a statement runs on: the pool, or one connection with a transaction. */
export interface Queryable {
  /** @throws DatabaseUnavailable, or the database's own error. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** What the rest of the API needs of a database. */
export interface Store extends Queryable {
  /** Runs `work` in a transaction, and again where the database asks for it. */
  transaction<T>(work: (client: Queryable) => Promise<T>): Promise<T>;
}

/** No connection, no answer in time, or no end to conflicts. Whether the effect happened is not known. */
export class DatabaseUnavailable extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';
}

/** A transaction that lost this often, with the waits between, is told so instead of waiting on. */
const MAX_ATTEMPTS = 12;
const MAX_BACKOFF_MS = 100;

// #region types
// int8 comes as text, as it may be larger than a JavaScript number; ours are checked to be at most 2^53 - 1.
// A date has no time zone: the driver would make it midnight of this machine's, which is the day before elsewhere.
export const types = {
  getTypeParser: ((id: number, format?: 'text' | 'binary') => {
    if (id === pg.types.builtins.INT8) return Number;
    if (id === pg.types.builtins.DATE) return (text: string) => text;
    return pg.types.getTypeParser(id, format);
  }) as typeof pg.types.getTypeParser,
};
// #endregion types

/** A pool of connections whose every wait ends. */
export class Database implements Store {
  readonly #pool: pg.Pool;
  readonly #log: Log;

  constructor({ databaseUrl, poolSize, databaseTimeoutMs }: Settings, log: Log) {
    this.#log = log;
    // #region timeouts
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: poolSize,
      connectionTimeoutMillis: databaseTimeoutMs, // for a free place in the pool, and for a new connection
      statement_timeout: databaseTimeoutMs, // the server gives up, so that a slow statement does not go on for nobody
      query_timeout: databaseTimeoutMs, // we give up, in case the server cannot tell us any more
      idle_in_transaction_session_timeout: databaseTimeoutMs * 2, // and should we vanish, our locks do not stay
      types,
    });
    // A connection that breaks while nobody uses it is an error event, and one without a listener ends the process.
    this.#pool.on('error', (error) => log.warn({ error: error.message }, 'idle-connection-lost'));
    // The pool listens to idle connections alone; one that breaks between two statements of ours is handled there.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    // #endregion timeouts
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#use((client) => run(client, text, values));
  }

  // #region transaction
  /**
   * Runs `work` as if alone (SERIALIZABLE), and again when the database says that it was not: 40001 (serialization
   * failure) and 40P01 (deadlock). `work` has no effect but on the database, so repeating it is safe.
   */
  async transaction<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (!isConflict(error)) throw error;
        if (attempt === MAX_ATTEMPTS) throw new DatabaseUnavailable('too many conflicts', { cause: error });
        this.#log.info({ attempt, sqlState: error.code }, 'transaction-repeated');
        // Full jitter: those who collided do not collide again in step.
        await delay(Math.random() * Math.min(MAX_BACKOFF_MS, 2 ** attempt));
      }
    }
  }

  #attempt<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    return this.#use(async (client) => {
      await run(client, 'BEGIN ISOLATION LEVEL SERIALIZABLE');
      try {
        const result = await work({ query: (text, values) => run(client, text, values) });
        await run(client, 'COMMIT');
        return result;
      } catch (error) {
        // Where the connection is lost there is nothing to take back; `#use` drops it.
        if (!(error instanceof DatabaseUnavailable)) await run(client, 'ROLLBACK');
        throw error;
      }
    });
  }
  // #endregion transaction

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #use<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw new DatabaseUnavailable('no connection', { cause });
    });
    let broken = false;
    try {
      return await work(client);
    } catch (error) {
      broken = error instanceof DatabaseUnavailable;
      throw error;
    } finally {
      client.release(broken); // a connection whose state is not known is closed, not used again
    }
  }
}

async function run<Row extends pg.QueryResultRow>(
  client: pg.PoolClient,
  text: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  try {
    // #region prepared
    // With a name a statement is parsed and planned once for each connection. Ours are few and made of our own words;
    // values are never a part of them. Behind a pooler that changes connections between statements: leave the name out.
    const name = values === undefined ? undefined : nameOf(text);
    const { rows } = await client.query<Row>({
      text,
      ...(name === undefined ? {} : { name, values: [...(values ?? [])] }),
    });
    // #endregion prepared
    return rows;
  } catch (cause) {
    throw isLoss(cause) ? new DatabaseUnavailable('no answer', { cause }) : cause;
  }
}

export function isConflict(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && (error.code === '40001' || error.code === '40P01');
}

/**
 * Connection lost (08, or no SQLSTATE at all), no resources (53), ended by an operator or a timeout (57, 25P03, 25P04,
 * 55P03), system error (58). PostgreSQL, Appendix A.
 */
export function isLoss(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  return /^(08|53|57|58)|^(25P0[34]|55P03)$/.test(error.code ?? '');
}

const names = new Map<string, string>();

/** The same short name for the same text, in every process. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 16);
    names.set(text, name);
  }
  return name;
}
