import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

const FOLDER = join(import.meta.dirname, 'migrations');
/** Any number, as long as every process that migrates this database takes the same. */
const LOCK = 7_265_574;
const RETRY_MS = 200;
/** One attempt to connect; the start as a whole has `startTimeoutMs`. */
const CONNECT_TIMEOUT_MS = 5_000;

/** One step of the schema: SQL to take it and SQL to take it back. Its name is the key that is recorded. */
interface Migration {
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/**
 * Takes every step that is missing, in the order of their names, or takes all of them back. Doing it again is no
 * change. Several processes may start at once: one works, the others wait and find nothing to do.
 *
 * @throws the database's error; the step that failed has left nothing.
 */
export async function migrate(direction: 'up' | 'down', settings: Settings, log: Log): Promise<void> {
  const migrations = await readMigrations();
  const client = await connect(settings);
  try {
    // #region migrate
    // A session's lock, as each step has a transaction of its own.
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL)',
    );
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
    const applied = new Set(rows.map(({ name }) => name));
    const steps =
      direction === 'up'
        ? migrations.filter(({ name }) => !applied.has(name))
        : migrations.filter(({ name }) => applied.has(name)).toReversed();
    for (const { name, up, down } of steps) {
      // PostgreSQL's DDL is transactional: the step and its record happen together or not at all.
      await client.query('BEGIN');
      await client.query(direction === 'up' ? up : down);
      if (direction === 'up') await client.query('INSERT INTO migrations VALUES ($1, now())', [name]);
      else await client.query('DELETE FROM migrations WHERE name = $1', [name]);
      await client.query('COMMIT');
      log.info({ name, direction }, 'migrated');
    }
    // #endregion migrate
  } finally {
    await client.end(); // ends the session, and with it the lock and an open transaction
  }
}

async function readMigrations(): Promise<Migration[]> {
  const files = await readdir(FOLDER);
  const names = files.filter((file) => file.endsWith('.up.sql')).map((file) => file.slice(0, -'.up.sql'.length));
  return Promise.all(
    names.sort().map(async (name) => ({
      name,
      up: await readFile(join(FOLDER, `${name}.up.sql`), 'utf8'),
      down: await readFile(join(FOLDER, `${name}.down.sql`), 'utf8'),
    })),
  );
}

/** The database may start after us: asks again until `startTimeoutMs` have passed. */
async function connect({ databaseUrl, startTimeoutMs }: Settings): Promise<pg.Client> {
  const end = performance.now() + startTimeoutMs;
  for (;;) {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    client.on('error', () => {}); // told by the statement that fails
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      if (performance.now() + RETRY_MS > end) throw error;
      await delay(RETRY_MS);
    }
  }
}
