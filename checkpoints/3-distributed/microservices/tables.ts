import pg from 'pg';
import { check } from '../../harness/failure.ts';
import { asOwner } from './own-roles.ts';
import { freshName, fundedGuild, postQuest } from './tales.ts';
import { SERVICES, sharedTown, type Town } from './town.ts';

interface Table {
  readonly schema: string;
  readonly name: string;
}

const INSUFFICIENT_PRIVILEGE = '42501';

async function useAll(town: Town): Promise<void> {
  const someone = await town.resident();
  const guild = await fundedGuild(town.gateway, someone, 10);
  await postQuest(town.gateway, someone, { guild, reward: 10 });
}

async function tablesOf(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT schemaname AS schema, tablename AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`,
  );
  return rows;
}

/** Whether the database lets this role do it. Nothing is changed: it is rolled back. */
async function mayRun(client: pg.Client, role: string, statement: string): Promise<boolean> {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL ROLE ${pg.escapeIdentifier(role)}`);
    await client.query(statement);
    return true;
  } catch (error) {
    return (error as pg.DatabaseError).code !== INSUFFICIENT_PRIVILEGE;
  } finally {
    await client.query('ROLLBACK');
  }
}

export async function refusesOtherTables(): Promise<void> {
  const town = await sharedTown();
  await useAll(town);
  await asOwner(town.database.url, async (client) => {
    const tables = await tablesOf(client);
    const stray = tables.find(({ schema }) => !(SERVICES as readonly string[]).includes(schema));
    check(stray === undefined, {
      expected: 'tables in the schemas accounts, quests and rewards alone',
      received: `a table in the schema ${stray?.schema}`,
      usually: 'tables were left where they were, in a schema that all services share',
    });
    for (const service of SERVICES) {
      const role = `${town.database.name}_${service}`;
      const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
      check(rowCount === 1, {
        expected: `the role <database>_${service}`,
        received: 'no such role',
        usually: 'all services use the role of DATABASE_URL, or the names are not those of the brief',
      });
      check(
        tables.some(({ schema }) => schema === service),
        {
          expected: `tables in the schema ${service}`,
          received: 'none',
          usually: 'the service keeps its data with somebody else, or in memory',
        },
      );
      for (const { schema, name } of tables) {
        const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
        for (const statement of [`SELECT count(*) FROM ${table}`, `DELETE FROM ${table}`]) {
          const may = await mayRun(client, role, statement);
          check(may === (schema === service), {
            sent: `${statement.split(' ')[0]} of a table of ${schema}, as the role of ${service}`,
            expected: schema === service ? 'the table to be its own' : 'to be refused by the database (42501)',
            received: may ? 'the rows' : 'a refusal',
            usually: 'the split is a habit and not a rule: somebody in a hurry will join over it',
          });
        }
      }
      const made = freshName('table').replace('-', '_');
      check(!(await mayRun(client, role, `CREATE TABLE public.${made} (id integer)`)), {
        sent: `CREATE TABLE in the schema public, as the role of ${service}`,
        expected: 'to be refused by the database (42501)',
        received: 'a table that everybody could share',
        usually: 'the schema public was left open',
      });
    }
  });
}

export async function connectsWithOwnRoles(): Promise<void> {
  const town = await sharedTown();
  await useAll(town);
  const names = await asOwner(town.database.url, async (client) => {
    const { rows } = await client.query<{ role: string }>(
      `SELECT DISTINCT usename AS role FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    return rows.map(({ role }) => role.replace(town.database.name, '<database>')).sort();
  });
  const wanted = SERVICES.map((service) => `<database>_${service}`).sort();
  check(names.join() === wanted.join(), {
    sent: 'a look at who is connected to the database',
    expected: wanted.join(', '),
    received: names.join(', ') || 'nobody',
    usually: 'the roles are there and nobody uses them: a service connects as the owner, who may do everything',
  });
}
