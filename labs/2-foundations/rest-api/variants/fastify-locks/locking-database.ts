import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DatabaseUnavailable, isConflict, isLoss, type Queryable, type Store, types } from '../../solution/database.ts';
import type { Settings } from '../../solution/settings.ts';

const MAX_ATTEMPTS = 5;

/** A pool whose transactions run at READ COMMITTED: what must not change meanwhile has to be locked by them. */
export class LockingDatabase implements Store {
  readonly #pool: pg.Pool;

  constructor({ databaseUrl, poolSize, databaseTimeoutMs: ms }: Settings) {
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: poolSize,
      connectionTimeoutMillis: ms,
      query_timeout: ms,
      lock_timeout: ms,
      types,
    });
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#withClient((client) => client.query<Row>(text, values));
  }

  async transaction<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#withClient(async (client) => {
          await client.query('START TRANSACTION');
          try {
            const result = await work(client);
            await client.query('COMMIT');
            return result;
          } catch (error) {
            if (!(error instanceof DatabaseUnavailable)) await client.query('ROLLBACK');
            throw error;
          }
        });
      } catch (error) {
        if (!isConflict(error)) throw error;
        if (attempt === MAX_ATTEMPTS) throw new DatabaseUnavailable('too many deadlocks', { cause: error });
        await delay(Math.random() * 20 * attempt);
      }
    }
  }

  async #withClient<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (cause) {
      throw new DatabaseUnavailable('no connection', { cause });
    }
    let broken = false;
    try {
      return await work({
        query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) => {
          try {
            return (await client.query<Row>(text, [...values])).rows;
          } catch (cause) {
            if (!isLoss(cause)) throw cause;
            broken = true;
            throw new DatabaseUnavailable('no answer', { cause });
          }
        },
      });
    } finally {
      client.release(broken);
    }
  }
}
