import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { createRefreshToken, hashRefreshToken, sealSuccessor, unsealSuccessor } from './refresh-token.ts';
import { transaction } from './transaction.ts';

/** What became of a refresh token that was presented. `reused` has ended the session. */
export type Rotation =
  | { readonly kind: 'rotated'; readonly accountId: string; readonly role: string; readonly refreshToken: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'reused'; readonly sessionId: string };

/**
 * Sessions: one for each log-in, with the family of refresh tokens that descend from it (RFC 9700 §4.14.2).
 *
 * Simplified: ended sessions stay in the tables. In production: a job deletes them some time after they have expired.
 */
export class Sessions {
  readonly #pool: Pool;
  readonly #ttlMs: number;
  readonly #graceMs: number;

  constructor(pool: Pool, { ttlMs, graceMs }: { readonly ttlMs: number; readonly graceMs: number }) {
    this.#pool = pool;
    this.#ttlMs = ttlMs;
    this.#graceMs = graceMs;
  }

  /** Begins a session. @returns its first refresh token. */
  async start(accountId: string): Promise<string> {
    const [id, token] = [randomUUID(), createRefreshToken()];
    await transaction(this.#pool, async (client) => {
      await client.query(
        `insert into sessions (id, account_id, expires_at)
         values ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')`,
        [id, accountId, this.#ttlMs],
      );
      await addToken(client, token, id);
    });
    return token;
  }

  // #region rotate
  /** Exchanges a refresh token for its successor, in one transaction that nobody else of the family can enter. */
  async rotate(token: string): Promise<Rotation> {
    const hash = hashRefreshToken(token);
    return transaction(this.#pool, async (client): Promise<Rotation> => {
      const session = await lockSession(client, hash);
      if (session === undefined || !session.is_live) return { kind: 'refused' };
      // A statement of its own: it sees what whoever held the lock before us has committed. The one that waited for
      // the lock still sees the other tables as they were when it began (READ COMMITTED).
      const { rows } = await client.query<{ successor: Buffer | null; in_grace: boolean | null }>(
        `select successor, clock_timestamp() < rotated_at + $2 * interval '1 millisecond' as in_grace
         from refresh_tokens where token_hash = $1`,
        [hash, this.#graceMs],
      );
      const { successor: sealed, in_grace: inGrace } = rows[0] ?? { successor: null, in_grace: null };
      const { id: sessionId, account_id: accountId, role } = session;
      if (sealed === null) {
        const successor = createRefreshToken();
        await addToken(client, successor, sessionId);
        await client.query(
          'update refresh_tokens set successor = $2, rotated_at = clock_timestamp() where token_hash = $1',
          [hash, sealSuccessor(token, successor)],
        );
        return { kind: 'rotated', accountId, role, refreshToken: successor };
      }
      // Two tabs, or a client whose answer was lost: the same successor again, so that there is one line of tokens, and
      // a thief who took part in it is still found out later.
      if (inGrace) return { kind: 'rotated', accountId, role, refreshToken: unsealSuccessor(token, sealed) };
      // Returned and not thrown: an exception would roll back the very thing that has to be remembered.
      await endSession(client, sessionId);
      return { kind: 'reused', sessionId };
    });
  }
  // #endregion rotate

  /** Ends the session that a refresh token belongs to, be it the newest of its family or not. */
  async end(token: string): Promise<void> {
    await transaction(this.#pool, async (client) => {
      const session = await lockSession(client, hashRefreshToken(token));
      if (session !== undefined) await endSession(client, session.id);
    });
  }
}

interface SessionRow {
  readonly id: string;
  readonly account_id: string;
  readonly role: string;
  readonly is_live: boolean;
}

// #region lock-session
/** Finds the session of a token and holds it until the transaction ends: two rotations come one after the other. */
async function lockSession(client: PoolClient, tokenHash: Buffer): Promise<SessionRow | undefined> {
  const { rows } = await client.query<SessionRow>(
    `select s.id, s.account_id, a.role, s.ended_at is null and s.expires_at > clock_timestamp() as is_live
     from sessions s join accounts a on a.id = s.account_id
     where s.id = (select session_id from refresh_tokens where token_hash = $1)
     for update of s`,
    [tokenHash],
  );
  return rows[0];
}
// #endregion lock-session

async function addToken(client: PoolClient, token: string, sessionId: string): Promise<void> {
  await client.query('insert into refresh_tokens (token_hash, session_id) values ($1, $2)', [
    hashRefreshToken(token),
    sessionId,
  ]);
}

async function endSession(client: PoolClient, sessionId: string): Promise<void> {
  await client.query('update sessions set ended_at = clock_timestamp() where id = $1 and ended_at is null', [
    sessionId,
  ]);
}
