import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DatabaseUnavailable, isConflict, isLoss, type Queryable, type Store, types } from '../../solution/database.ts';
import type { Settings } from '../../solution/settings.ts';

const MAX_ATTEMPTS = 20;

/** Lets so many in at once, and the others in the order in which they came, as long as they are willing to wait. */
class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async enter(withinMs: number): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(new DatabaseUnavailable('every connection is in use'));
      }, withinMs);
      this.#waiting.push(enter);
    });
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** A database that is connected to anew for every use. Transactions are SERIALIZABLE. */
export class FreshDatabase implements Store {
  readonly #settings: Settings;
  readonly #turnstile: Turnstile;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#turnstile = new Turnstile(settings.poolSize);
  }

  query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#use((client) => client.query<Row>(text, values));
  }

  async transaction<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      try {
        return await this.#use(async (client) => {
          await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
          const result = await work(client);
          await client.query('COMMIT');
          return result;
        });
      } catch (error) {
        // The connection has been closed, and with it the transaction.
        if (!isConflict(error)) throw error;
        await delay(Math.random() * 10);
      }
    }
    throw new DatabaseUnavailable('too many conflicts');
  }

  async #use<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    const { databaseUrl, databaseTimeoutMs: ms } = this.#settings;
    await this.#turnstile.enter(ms);
    const client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: ms,
      query_timeout: ms,
      types,
    });
    client.on('error', () => {});
    const told = <R>(wait: Promise<R>): Promise<R> =>
      wait.catch((cause: unknown) => {
        throw isLoss(cause) ? new DatabaseUnavailable('no answer', { cause }) : cause;
      });
    try {
      await told(client.connect());
      return await work({
        query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
          (await told(client.query<Row>(text, [...values]))).rows,
      });
    } finally {
      // Not waited for: a database that is stuck would not answer that either.
      void client.end().catch(() => {});
      this.#turnstile.leave();
    }
  }
}
