import pg from 'pg';
import type { Log } from './log.ts';
import type { Reward } from './message.ts';

export interface LedgerOptions {
  readonly databaseUrl: string;
  readonly databaseTimeoutMs: number;
  readonly log: Log;
}

const POOL_SIZE = 10;
/** SQLSTATE classes that say nothing about the message: connection, serialization, resources, operator, system. */
const OUTAGE_CLASSES = new Set(['08', '40', '53', '57', '58']);

/** The effect of a reward, and the memory that it has happened, in one place. */
export class Ledger {
  readonly #pool: pg.Pool;

  constructor({ databaseUrl, databaseTimeoutMs, log }: LedgerOptions) {
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: POOL_SIZE,
      connectionTimeoutMillis: databaseTimeoutMs,
      statement_timeout: databaseTimeoutMs,
      // The server keeps its limit only while it lives; this one is ours.
      query_timeout: databaseTimeoutMs + 1_000,
    });
    // A connection that breaks while it is idle: the pool makes another when it is needed.
    this.#pool.on('error', (error) => log.warn({ message: error.message }, 'database-connection-lost'));
  }

  // #region effect-once
  /**
   * Pays the reward, unless it has been paid. Inbox row and effect are one statement, hence one transaction: there is no
   * moment at which one of them is there without the other. A second delivery at the same time waits at the primary key
   * of the inbox until the first has committed, and then finds its row.
   *
   * @returns false when the message had its effect before.
   */
  async pay({ id, adventurer, gold }: Reward): Promise<boolean> {
    const { rowCount } = await this.#pool.query({
      name: 'pay',
      text: `WITH first_time AS (INSERT INTO inbox (message_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING message_id)
             INSERT INTO ledger (message_id, adventurer, gold) SELECT message_id, $2::text, $3::integer FROM first_time`,
      values: [id, adventurer, gold],
    });
    return rowCount === 1;
  }
  // #endregion effect-once

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

// #region outage
/** Whether the database failed, and not the message: then the attempt does not count against the message. */
export function isOutage(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  if (error instanceof pg.DatabaseError && typeof code === 'string') return OUTAGE_CLASSES.has(code.slice(0, 2));
  // The driver's own errors and those of the socket have no SQLSTATE.
  return true;
}
// #endregion outage
