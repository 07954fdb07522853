import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Pool } from 'pg';

/** One row for each session, with all that its family has seen; no locks, but compare and swap. */
export class Store {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async prepare(): Promise<void> {
    await this.#pool.query(`
      create table if not exists accounts (
        id uuid primary key, username text unique not null, password_hash text not null,
        role text not null default 'player', homes text[] not null default '{}');
      create table if not exists families (
        id uuid primary key, account uuid not null references accounts on delete cascade,
        dies_at timestamptz not null, hashes bytea[] not null, sealed bytea[] not null default '{}',
        rotated timestamptz[] not null default '{}');`);
  }

  async addAccount(username: string, hash: string): Promise<Account | undefined> {
    const sql = `insert into accounts (id, username, password_hash) values ($1, $2, $3)
      on conflict do nothing returning id, username, role, password_hash as hash, homes`;
    return (await this.#pool.query<Account>(sql, [randomUUID(), username, hash])).rows[0];
  }

  async account(column: 'id' | 'username', value: string): Promise<Account | undefined> {
    const sql = `select id, username, role, password_hash as hash, homes from accounts where ${column}::text = $1`;
    return (await this.#pool.query<Account>(sql, [value])).rows[0];
  }

  async accounts(): Promise<Pick<Account, 'id' | 'username' | 'role'>[]> {
    return (await this.#pool.query('select id, username, role from accounts order by username limit 100')).rows;
  }

  async welcome(id: string, home: string, hash: string): Promise<void> {
    const sql = `update accounts set password_hash = $3,
      homes = case when $2 = any(homes) then homes else (homes || $2::text)[greatest(1, cardinality(homes) - 8):] end where id = $1`;
    await this.#pool.query(sql, [id, home, hash]);
  }

  async begin(account: string, lifeMs: number): Promise<string> {
    const id = randomUUID();
    const token = newToken(id);
    const sql = `insert into families (id, account, dies_at, hashes)
      values ($1, $2, clock_timestamp() + $3 * interval '1 ms', array[$4::bytea])`;
    await this.#pool.query(sql, [id, account, lifeMs, digest(token)]);
    return token;
  }

  /** @returns the account and the successor; undefined when the token is refused, by a reuse or otherwise. */
  async rotate(token: string, graceMs: number): Promise<{ account: string; token: string } | undefined> {
    const id = familyOf(token);
    if (id === undefined) return undefined;
    const successor = newToken(id);
    // The newest token wins the swap once. Whoever comes second finds another newest token, and no row.
    const swapped = await this.#pool.query<{ account: string }>(
      `update families set hashes = hashes || $3::bytea, sealed = sealed || $4::bytea, rotated = rotated || clock_timestamp()
       where id = $1 and hashes[cardinality(hashes)] = $2 and dies_at > clock_timestamp() returning account`,
      [id, digest(token), digest(successor), seal(token, successor)],
    );
    const [winner] = swapped.rows;
    if (winner !== undefined) return { account: winner.account, token: successor };
    const seen = await this.#pool.query<{ account: string; sealed: Buffer; graced: boolean }>(
      `select account, sealed[at] as sealed, rotated[at] + $3 * interval '1 ms' > clock_timestamp() as graced
       from (select *, array_position(hashes, $2) as at from families where id = $1) f
       where at is not null and dies_at > clock_timestamp()`,
      [id, digest(token), graceMs],
    );
    const [old] = seen.rows;
    if (old?.graced) return { account: old.account, token: unseal(token, old.sealed) };
    if (old !== undefined) await this.#kill(id);
    return undefined;
  }

  async end(token: string): Promise<void> {
    const id = familyOf(token);
    if (id === undefined) return;
    await this.#pool.query('update families set dies_at = clock_timestamp() where id = $1 and $2 = any(hashes)', [
      id,
      digest(token),
    ]);
  }

  async #kill(id: string): Promise<void> {
    await this.#pool.query('update families set dies_at = clock_timestamp() where id = $1', [id]);
  }
}

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly role: string;
  readonly hash: string;
  /** Addresses that have logged in. */
  readonly homes: readonly string[];
}

/** 16 bytes that name the family, then 32 random ones. */
function newToken(family: string): string {
  return Buffer.concat([Buffer.from(family.replaceAll('-', ''), 'hex'), randomBytes(32)]).toString('base64url');
}

function familyOf(token: string): string | undefined {
  const hex = Buffer.from(token, 'base64url').toString('hex');
  return hex.length === 96 ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5') : undefined;
}

function digest(token: string): Buffer {
  return createHash('sha256').update(`presented ${token}`).digest();
}

function sealer(token: string): Buffer {
  return createHash('sha256').update(`sealing ${token}`).digest();
}

/** Each key seals one message only, so the nonce may be constant. */
const NONCE = Buffer.alloc(12);

function seal(token: string, successor: string): Buffer {
  const cipher = createCipheriv('aes-256-gcm', sealer(token), NONCE);
  return Buffer.concat([cipher.update(successor), cipher.final(), cipher.getAuthTag()]);
}

function unseal(token: string, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', sealer(token), NONCE).setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString();
}
