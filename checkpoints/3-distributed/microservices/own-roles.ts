import pg from 'pg';
import { createDatabase, type Database } from '../../harness/database.ts';
import { serviceAddress } from '../../harness/service.ts';

const TIMEOUT_MS = 10_000;

/** Runs statements on a database as the one who owns the server. */
export async function asOwner<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A database of one run. Roles belong to the whole server: those that carry its name go with it. */
export async function createDatabaseWithRoles(address = serviceAddress('postgresql')): Promise<Database> {
  const database = await createDatabase({ address });
  return {
    ...database,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await asOwner(address, async (client) => {
        const { rows } = await client.query<{ name: string }>(
          `SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, $1)`,
          [`${database.name}_`],
        );
        for (const { name } of rows) await client.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(name)}`);
      });
    },
  };
}
