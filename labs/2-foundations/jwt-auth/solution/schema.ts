import type { Pool } from 'pg';
import { transaction } from './transaction.ts';

/** Any number, the same for all that start at once. */
const LOCK = 20_240_117;

const TABLES = `
  create table if not exists accounts (
    id uuid primary key,
    username text not null unique,
    password_hash text not null,
    role text not null default 'player',
    created_at timestamptz not null default now()
  );
  create table if not exists sessions (
    id uuid primary key,
    account_id uuid not null references accounts on delete cascade,
    expires_at timestamptz not null,
    ended_at timestamptz
  );
  create table if not exists refresh_tokens (
    token_hash bytea primary key,
    session_id uuid not null references sessions on delete cascade,
    rotated_at timestamptz,
    successor bytea
  );
  create index if not exists refresh_tokens_session on refresh_tokens (session_id);
  create table if not exists familiar_addresses (
    account_id uuid not null references accounts on delete cascade,
    address text not null,
    seen_at timestamptz not null default now(),
    primary key (account_id, address)
  );
`;

/**
 * Makes the tables that are missing; several servers may start at once.
 *
 * Simplified: there is one version of the schema. In production: numbered migrations, run once before the servers.
 */
export async function createTables(pool: Pool): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(TABLES);
  });
}
