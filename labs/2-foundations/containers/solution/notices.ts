import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from './log.ts';

export interface Notice {
  readonly id: number;
  readonly text: string;
}

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 1_000;
const QUERY_TIMEOUT_MS = 5_000;
/** For the probe alone: whoever asks for readiness does not wait long. */
const PROBE_TIMEOUT_MS = 800;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;
/** Any number that is the same in every copy of this server. */
const MIGRATION_LOCK = 7_411_083;
const MAX_NOTICES = 100;

// Simplified: one statement at the start. In production: versioned migrations, run by a job of their own.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS notices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text text NOT NULL,
    pinned_at timestamptz NOT NULL DEFAULT now()
  )`;

/** The notices on the board, in PostgreSQL. */
export class Notices {
  readonly #pool: pg.Pool;
  readonly #log: Log;

  constructor(databaseUrl: string, log: Log) {
    this.#log = log;
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    // A connection that breaks while it is idle belongs to no query; without a listener it would end the process.
    this.#pool.on('error', (error) => log('warn', 'connection-lost', { message: error.message }));
  }

  // #region wait
  /** Resolves when the database has answered and the table stands. Tries for as long as it takes, or until `signal`. */
  async prepare(signal: AbortSignal): Promise<void> {
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      try {
        return await this.#createTable();
      } catch (error) {
        this.#log('warn', 'waiting-for-database', { retryMs, message: (error as Error).message });
      }
      await sleep(retryMs, undefined, { signal });
    }
  }
  // #endregion wait

  /** Whether the database answers now. Never rejects, and takes less than a second. */
  async answers(): Promise<boolean> {
    const late = new AbortController();
    const probe = this.#pool.query('SELECT 1').then(
      () => true,
      () => false,
    );
    const given = sleep(PROBE_TIMEOUT_MS, false, { signal: late.signal }).catch(() => false);
    const answered = await Promise.race([probe, given]);
    late.abort();
    return answered;
  }

  async list(): Promise<Notice[]> {
    const { rows } = await this.#pool.query<Row>('SELECT id, text FROM notices ORDER BY id DESC LIMIT $1', [
      MAX_NOTICES,
    ]);
    return rows.map(noticeOf);
  }

  async pin(text: string): Promise<Notice> {
    const { rows } = await this.#pool.query<Row>('INSERT INTO notices (text) VALUES ($1) RETURNING id, text', [text]);
    const [row] = rows;
    if (!row) throw new Error('INSERT … RETURNING gave no row');
    return noticeOf(row);
  }

  /** @returns false when there is no such notice. */
  async takeDown(id: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query('DELETE FROM notices WHERE id = $1', [id]);
    return rowCount === 1;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #createTable(): Promise<void> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      // Two copies that start together: CREATE TABLE IF NOT EXISTS alone may still collide in the catalogue.
      await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      await client.query(SCHEMA);
      await client.query('COMMIT');
    } catch (error) {
      broken = error as Error;
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/** A bigint comes as text. */
interface Row {
  readonly id: string;
  readonly text: string;
}

function noticeOf({ id, text }: Row): Notice {
  return { id: Number(id), text };
}
