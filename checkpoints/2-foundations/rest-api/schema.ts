import pg from 'pg';
import { createDatabase } from '../../harness/database.ts';
import { CheckpointFailure, check, fail } from '../../harness/failure.ts';
import { exitOf, spawnProgram } from '../../harness/program.ts';

const MIGRATED_WITHIN_MS = 15_000;
/** A table in which a migration tool keeps its record may stay. */
const MAX_RECORD_TABLES = 1;

async function migrate(url: string, direction: 'up' | 'down', usually: string): Promise<void> {
  await using program = spawnProgram({ env: { DATABASE_URL: url, MIGRATE: direction } });
  const text = { sent: `MIGRATE=${direction}`, expected: 'exit code 0, and no READY', usually };
  const serves = /^READY /m;
  const running = () => new CheckpointFailure({ ...text, received: 'no end of it', details: program.logTail() });
  await program.waitForOutput((p) => p.ended || serves.test(p.stdout), MIGRATED_WITHIN_MS, running);
  if (serves.test(program.stdout))
    fail({ ...text, received: 'READY: a server that serves', details: program.logTail() });
  const { code, signal } = await exitOf(program, MIGRATED_WITHIN_MS, running);
  check(code === 0, {
    ...text,
    received: code === null ? `an end by ${signal}` : `exit code ${code}`,
    details: program.logTail(),
  });
}

interface Shape {
  readonly tables: readonly string[];
  /** Columns, constraints and indexes as text. */
  readonly description: string;
  /** The same tables keep theirs; one that was made anew has others. */
  readonly identity: string;
}

const OURS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

async function shapeOf(url: string): Promise<Shape> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string; identity: string }>(
      `SELECT c.relname AS name, c.oid || ':' || pg_relation_filenode(c.oid) AS identity
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${OURS} AND c.relkind = 'r' ORDER BY 1`,
    );
    const { rows: parts } = await client.query<{ part: string }>(
      `SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull AS part
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${OURS} AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
       UNION ALL
       SELECT conname || ' ' || pg_get_constraintdef(k.oid)
       FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE ${OURS}
       UNION ALL
       SELECT indexdef FROM pg_indexes i JOIN pg_namespace n ON n.nspname = i.schemaname WHERE ${OURS}
       ORDER BY 1`,
    );
    return {
      tables: tables.map(({ name }) => name),
      description: parts.map(({ part }) => part).join('\n'),
      identity: tables.map(({ name, identity }) => `${name} ${identity}`).join('\n'),
    };
  } finally {
    await client.end();
  }
}

export async function migratesUpAndDown(): Promise<void> {
  await using database = await createDatabase();
  const { url } = database;
  const atOnce = 'two that start at once both create the tables: let one wait for the other (an advisory lock)';
  await Promise.all([migrate(url, 'up', atOnce), migrate(url, 'up', atOnce)]);
  const first = await shapeOf(url);
  check(first.tables.length > 0, {
    sent: 'MIGRATE=up',
    expected: 'tables',
    received: 'none',
    usually: 'the schema is made somewhere else than in the database of DATABASE_URL',
  });
  await migrate(url, 'up', 'what is there already is made again: record what was applied');
  const again = await shapeOf(url);
  check(again.identity === first.identity && again.description === first.description, {
    sent: 'MIGRATE=up, a second time',
    expected: 'nothing to change',
    received: again.description === first.description ? 'tables that were made anew' : 'another schema',
    usually: 'the schema is dropped and created: whatever was in it is gone',
  });
  await migrate(url, 'down', 'a step is taken back in the wrong order, or not at all');
  const empty = await shapeOf(url);
  check(empty.tables.length <= MAX_RECORD_TABLES, {
    sent: 'MIGRATE=down',
    expected: 'no tables but the record of migrations',
    received: `${empty.tables.length} tables`,
    usually: 'a step has no way back, or only the last step is taken back',
    details: [...empty.tables],
  });
  await migrate(url, 'down', 'there is nothing to take back, and that is an error');
  await migrate(url, 'up', 'the record says that everything is there');
  const last = await shapeOf(url);
  check(last.description === first.description, {
    sent: 'MIGRATE=up, after MIGRATE=down',
    expected: 'the same schema as the first time',
    received: 'another one',
    usually: 'taking back leaves something behind, or forgets to take it off the record',
    details: last.description.split('\n').filter((line) => !first.description.includes(line)),
  });
}
