import pg from 'pg';
import type { Log } from '../../solution/log.ts';
import type { Reward } from '../../solution/message.ts';

const POOL_SIZE = 8;

/** Inbox and effect as two statements of one transaction, the plain way. */
export class CarefulLedger {
  readonly pool: pg.Pool;

  constructor(databaseUrl: string, timeoutMs: number, log: Log) {
    this.pool = new pg.Pool({
      connectionString: databaseUrl,
      max: POOL_SIZE,
      connectionTimeoutMillis: timeoutMs,
      statement_timeout: timeoutMs,
      query_timeout: timeoutMs + 1_000,
    });
    this.pool.on('error', (error) => log.warn({ message: error.message }, 'database-connection-lost'));
  }

  async pay({ id, adventurer, gold }: Reward): Promise<boolean> {
    return this.transaction(async (client) => {
      const noted = await client.query('INSERT INTO inbox (message_id) VALUES ($1) ON CONFLICT DO NOTHING', [id]);
      if (noted.rowCount === 0) return false;
      await client.query('INSERT INTO ledger (message_id, adventurer, gold) VALUES ($1, $2, $3)', [
        id,
        adventurer,
        gold,
      ]);
      return true;
    });
  }

  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    // A client that is in use tells of its end itself, beside the error of its statement.
    const note = (error: Error) => {
      broken = error;
    };
    client.on('error', note);
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((lost: Error) => {
        broken = lost;
      });
      throw error;
    } finally {
      client.off('error', note);
      client.release(broken);
    }
  }
}
