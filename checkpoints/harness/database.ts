import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { DATABASE_PREFIX } from '../services/names.ts';
import { serviceAddress } from './service.ts';

export interface DatabaseOptions {
  /** A database to copy: with its tables and rows, and nobody connected to it. Default: an empty one. */
  readonly template?: string;
  /** The server. Default: that of the lab under test. */
  readonly address?: string;
}

export interface Database extends AsyncDisposable {
  readonly name: string;
  /** As `DATABASE_URL` wants it. */
  readonly url: string;
}

/** Another run may be connected to the template this very moment. */
const CREATE_ATTEMPTS = 5;
const OBJECT_IN_USE = '55006';
const CONNECT_TIMEOUT_MS = 10_000;

/** Creates a database that nobody else knows. Disposal ends what is connected to it, and drops it. */
export async function createDatabase(options: DatabaseOptions = {}): Promise<Database> {
  // Nobody is ever connected to template0, so that runs side by side do not refuse each other.
  const { template = 'template0', address = serviceAddress('postgresql') } = options;
  const name = `${DATABASE_PREFIX}${randomBytes(8).toString('hex')}`;
  for (let attempt = 1; ; attempt++) {
    try {
      await query(address, `CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(template)}`);
      break;
    } catch (error) {
      if ((error as pg.DatabaseError).code !== OBJECT_IN_USE || attempt === CREATE_ATTEMPTS) throw error;
    }
  }
  const url = new URL(address);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    [Symbol.asyncDispose]: () => query(address, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function query(address: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
