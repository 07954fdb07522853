import type { Pool, PoolClient } from 'pg';

/** Runs `work` in one transaction (READ COMMITTED): committed when it returns, rolled back when it throws. */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks is an error event of its client as well; while it is ours, the pool does not listen.
  const onBreak = (error: Error) => {
    broken = error;
  };
  client.on('error', onBreak);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    // With an error the connection is thrown away instead of being used again in the middle of a transaction.
    client.off('error', onBreak);
    client.release(broken);
  }
}
