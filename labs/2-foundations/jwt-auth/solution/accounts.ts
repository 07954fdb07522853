import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';

/** What others may see of an account. */
export interface Profile {
  readonly id: string;
  readonly username: string;
  readonly role: string;
}

/** What a log-in needs to know. Never leaves the server. */
export interface Credentials extends Profile {
  readonly passwordHash: string;
  /** Somebody has logged in to this account from this address before. */
  readonly isFamiliar: boolean;
}

const MAX_LISTED = 100;
const FAMILIAR_DAYS = 30;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class Accounts {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @returns undefined when the name is taken. The constraint decides, so two at once cannot both have it. */
  async create(username: string, passwordHash: string): Promise<Profile | undefined> {
    const { rows } = await this.#pool.query<Profile>(
      `insert into accounts (id, username, password_hash) values ($1, $2, $3)
       on conflict (username) do nothing returning id, username, role`,
      [randomUUID(), username, passwordHash],
    );
    return rows[0];
  }

  /** @param id a subject out of a token: any text at all. */
  async find(id: string): Promise<Profile | undefined> {
    if (!UUID.test(id)) return undefined;
    const { rows } = await this.#pool.query<Profile>('select id, username, role from accounts where id = $1', [id]);
    return rows[0];
  }

  async list(): Promise<Profile[]> {
    const { rows } = await this.#pool.query<Profile>(
      'select id, username, role from accounts order by username limit $1',
      [MAX_LISTED],
    );
    return rows;
  }

  async credentials(username: string, address: string): Promise<Credentials | undefined> {
    const { rows } = await this.#pool.query<Credentials>(
      `select a.id, a.username, a.role, a.password_hash as "passwordHash", f.address is not null as "isFamiliar"
       from accounts a left join familiar_addresses f on f.account_id = a.id and f.address = $2
         and f.seen_at > now() - $3 * interval '1 day'
       where a.username = $1`,
      [username, address, FAMILIAR_DAYS],
    );
    return rows[0];
  }

  async remember(id: string, address: string): Promise<void> {
    await this.#pool.query(
      `insert into familiar_addresses (account_id, address) values ($1, $2)
       on conflict (account_id, address) do update set seen_at = now()`,
      [id, address],
    );
  }

  /** Only if the hash is still the one that was verified: a password changed meanwhile stays changed. */
  async replaceHash(id: string, before: string, after: string): Promise<void> {
    await this.#pool.query('update accounts set password_hash = $3 where id = $1 and password_hash = $2', [
      id,
      before,
      after,
    ]);
  }
}
