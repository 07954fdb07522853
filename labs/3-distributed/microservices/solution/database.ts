import pg from 'pg';
import type { Drill } from './drill.ts';
import type { Log } from './log.ts';

/** What a statement runs on: the pool, or one connection with a transaction. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** No connection, or no answer in time. Whether the effect happened is not known. */
export class DatabaseUnavailable extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';
}

const POOL_SIZE = 5;
const TIMEOUT_MS = 3_000;
/** How often a transaction that PostgreSQL asks to repeat (40001, 40P01) is run. */
const MAX_ATTEMPTS = 10;

// Ours are at most 2^53 - 1, by the rules of the bodies.
const types = {
  getTypeParser: ((id: number, format?: 'text' | 'binary') =>
    id === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(id, format)) as typeof pg.types.getTypeParser,
};

/** A pool of connections as one role, whose every wait ends. */
export class Database implements Queryable {
  readonly #pool: pg.Pool;
  readonly #drill: Drill;

  constructor(url: string, { log, drill = () => {} }: { readonly log: Log; readonly drill?: Drill }) {
    this.#drill = drill;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: POOL_SIZE,
      connectionTimeoutMillis: TIMEOUT_MS,
      statement_timeout: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      idle_in_transaction_session_timeout: 2 * TIMEOUT_MS,
      types,
    });
    this.#pool.on('error', (error) => log.warn({ error: error.message }, 'idle-connection-lost'));
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#use((client) => run<Row>(client, text, values));
  }

  /** Runs `work` in a transaction, again where the database asks for it. It has no effect but on the database. */
  async transaction<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#use((client) => this.#attempt(client, work));
      } catch (error) {
        const code = error instanceof pg.DatabaseError ? error.code : undefined;
        if (code !== '40001' && code !== '40P01') throw error;
        if (attempt === MAX_ATTEMPTS) throw new DatabaseUnavailable('too many conflicts', { cause: error });
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #attempt<T>(client: pg.PoolClient, work: (client: Queryable) => Promise<T>): Promise<T> {
    await run(client, 'BEGIN');
    try {
      const result = await work({ query: (text, values) => run(client, text, values) });
      this.#drill('before-commit');
      await run(client, 'COMMIT');
      this.#drill('after-commit');
      return result;
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) await run(client, 'ROLLBACK');
      throw error;
    }
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
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    const { rows } = await client.query<Row>(text, [...values]);
    return rows;
  } catch (cause) {
    throw isLoss(cause) ? new DatabaseUnavailable('no answer', { cause }) : cause;
  }
}

/** Connection lost, no resources, ended by an operator or a timeout. PostgreSQL, Appendix A. */
function isLoss(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  return /^(08|53|57|58)|^25P0[34]$/.test(error.code ?? '');
}
