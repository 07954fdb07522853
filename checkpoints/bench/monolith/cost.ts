import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { footprintOf } from '../process-footprint.ts';
import type { System } from './systems.ts';

/** What a system holds of its machine, idle or not. */
export interface Footprint {
  readonly processes: number;
  /** The sum over all processes: pages that they share are counted for each of them. */
  readonly rssMb: number;
  readonly databaseConnections: number;
}

const MEGABYTE = 1024 * 1024;
/** USER_HZ: fixed at 100 on every Linux that Node runs on (proc(5), `clock_t`). */
const TICK_MS = 10;

export async function footprintOfSystem(system: System): Promise<Footprint> {
  const processes = system.processes();
  const held = await Promise.all(processes.map(({ pid }) => footprintOf(pid)));
  const rssMb = Math.round(held.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / MEGABYTE);
  const [row] = await asDatabaseOwner<{ connections: number }>(
    system,
    `SELECT count(*)::int AS connections FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );
  return { processes: processes.length, rssMb, databaseConnections: row?.connections ?? 0 };
}

/** Processor time that all processes of a system have used so far. @throws Error where there is no /proc. */
export async function cpuMsOf(system: System): Promise<number> {
  const used = await Promise.all(
    system.processes().map(async ({ pid }) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // The name in brackets may hold spaces; utime and stime are fields 14 and 15 (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    }),
  );
  return used.reduce((a, b) => a + b, 0);
}

/** One statement on the database of a system, past the system. */
export async function asDatabaseOwner<Row extends pg.QueryResultRow>(
  system: System,
  statement: string,
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: system.database.url });
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}
