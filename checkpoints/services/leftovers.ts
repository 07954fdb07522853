import pg from 'pg';
import type { Service } from '../../labs/course-schema.ts';
import { DATABASE_PREFIX } from './names.ts';
import { ownSeemsUp } from './own-instance.ts';
import type { Place } from './place.ts';

/** Longer than any run. */
const OLD = '1 day';
const TIMEOUT_MS = 10_000;

/**
 * Drops what crashed runs have left in the clone's own server: databases with our prefix that were created more than a
 * day ago. A server that somebody else runs is never tidied.
 *
 * @returns the names of what was dropped.
 */
export async function dropOldLeftovers(place: Place, name: Service): Promise<string[]> {
  const url = ownSeemsUp(place, name)?.url;
  if (name !== 'postgresql' || url === undefined) return [];
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS });
  await client.connect();
  try {
    // A database has no date of its own, but the file that says its version is written once, when it is created.
    const { rows } = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database
        WHERE starts_with(datname, $1)
          AND (pg_stat_file(format('base/%s/PG_VERSION', oid), true)).modification < now() - $2::interval`,
      [DATABASE_PREFIX, OLD],
    );
    for (const { datname } of rows) {
      await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(datname)} WITH (FORCE)`);
    }
    return rows.map(({ datname }) => `database ${datname}`);
  } finally {
    await client.end();
  }
}
