import { randomBytes } from 'node:crypto';
import pg from 'pg';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;

// #region provision
/**
 * Gives each service a role and a schema of its own, and takes from everybody what nobody was given.
 *
 * @param url as somebody who may create roles and schemas.
 * @returns the URL of each service, with its own role and a password of this start.
 */
export async function provision(url: string, services: readonly string[]): Promise<Record<string, string>> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
    const database = rows[0]?.name ?? '';
    const quoted = pg.escapeIdentifier(database);
    const urls: Record<string, string> = {};
    await client.query('BEGIN');
    await client.query("SELECT pg_advisory_xact_lock(hashtext('tavern provision'))");
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    await client.query(`REVOKE ALL ON DATABASE ${quoted} FROM PUBLIC`);
    for (const service of services) {
      // Roles belong to the whole server, not to a database: the name says whose it is.
      const role = `${database}_${service}`;
      const name = pg.escapeIdentifier(role);
      const password = randomBytes(16).toString('hex');
      const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
      await client.query(`${known.rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${name} LOGIN PASSWORD '${password}'`);
      await client.query(`GRANT ${name} TO CURRENT_USER`);
      await client.query(`GRANT CONNECT ON DATABASE ${quoted} TO ${name}`);
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${service} AUTHORIZATION ${name}`);
      await client.query(`ALTER ROLE ${name} IN DATABASE ${quoted} SET search_path = ${service}`);
      const own = new URL(url);
      own.username = role;
      own.password = password;
      urls[service] = own.href;
    }
    await client.query('COMMIT');
    return urls;
  } finally {
    await client.end();
  }
}
// #endregion provision
