import pg from 'pg';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

/** No connection, or no answer in time. Whether the effect happened is not known. */
export class DatabaseUnavailable extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';
}

export type Query = <Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** A pool of connections whose every wait ends. */
export class Database {
  readonly #pool: pg.Pool;

  constructor({ databaseUrl, databasePoolSize, databaseTimeoutMs }: Settings, log: Log) {
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: databasePoolSize,
      connectionTimeoutMillis: databaseTimeoutMs, // for a free place in the pool, and for a new connection
      statement_timeout: databaseTimeoutMs, // the server gives up, so that nothing goes on for nobody
      query_timeout: databaseTimeoutMs, // we give up, in case the server cannot tell us any more
      idle_in_transaction_session_timeout: databaseTimeoutMs * 2,
    });
    this.#pool.on('error', (error) => log.warn({ error: error.message }, 'idle-connection-lost'));
    this.#pool.on('connect', (client) => client.on('error', () => {})); // told by the statement that fails
  }

  query: Query = (text, values) => this.#use((query) => query(text, values));

  /** Runs `work` in a transaction: all of it is committed, or none. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#use(async (query) => {
      await query('BEGIN');
      try {
        const result = await work(query);
        await query('COMMIT');
        return result;
      } catch (error) {
        // Where the connection is lost there is nothing to take back; `#use` drops it.
        if (!(error instanceof DatabaseUnavailable)) await query('ROLLBACK');
        throw error;
      }
    });
  }

  async #use<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw new DatabaseUnavailable('no connection', { cause });
    });
    let broken = false;
    try {
      return await work(async (text, values) => {
        try {
          return (await client.query(text, values === undefined ? undefined : [...values])).rows;
        } catch (cause) {
          throw isLoss(cause) ? new DatabaseUnavailable('no answer', { cause }) : cause;
        }
      });
    } catch (error) {
      broken = error instanceof DatabaseUnavailable;
      throw error;
    } finally {
      client.release(broken); // a connection whose state is not known is closed, not used again
    }
  }
}

/** No SQLSTATE at all, or one of: connection, resources, operator, system. PostgreSQL, Appendix A. */
function isLoss(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || /^(08|53|57|58|40)/.test(error.code ?? '');
}
