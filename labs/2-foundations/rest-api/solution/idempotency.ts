import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Answer } from './answer.ts';
import type { Queryable, Store } from './database.ts';
import { Problem } from './problem.ts';

interface KeyRow {
  readonly fingerprint: Buffer;
  readonly answer: Answer;
}

/** @throws Problem 400 when there is a key and it is none. */
export function readIdempotencyKey({ headers }: IncomingMessage): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[!-~]{1,128}$/.test(key)) return key;
  throw new Problem('bad-header', 'Idempotency-Key must be 1 to 128 visible ASCII characters.');
}

/** What a key stands for: the same method, path and bytes. */
export function fingerprintOf(method: string, path: string, body: Buffer): Buffer {
  return createHash('sha256').update(`${method} ${path}\n`).update(body).digest();
}

// #region once
/**
 * Does `work` once for a key, and gives everybody else its answer.
 *
 * Key, effect and answer are of one transaction: all of it stays or nothing does, whatever crashes between. Whoever
 * comes while it is under way waits at the unique key: until it commits, and then reads the answer, or until it is
 * taken back, and then has the key. Should `work` throw, the key is free again.
 *
 * Simplified: keys stay for ever. In production: a job deletes those that are older than a day.
 */
export function once(
  database: Store,
  { key, fingerprint }: { readonly key: string; readonly fingerprint: Buffer },
  work: (client: Queryable) => Promise<Answer>,
): Promise<Answer> {
  return database.transaction(async (client) => {
    const taken = await client.query(
      'INSERT INTO idempotency_keys (key, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING key',
      [key, fingerprint],
    );
    if (taken.length === 0) return replay(client, key, fingerprint);
    const answer = await work(client);
    await client.query('UPDATE idempotency_keys SET answer = $2 WHERE key = $1', [key, answer]);
    return answer;
  });
}
// #endregion once

async function replay(client: Queryable, key: string, fingerprint: Buffer): Promise<Answer> {
  const rows = await client.query<KeyRow>('SELECT fingerprint, answer FROM idempotency_keys WHERE key = $1', [key]);
  const [first] = rows;
  if (first === undefined) throw new Error(`the key ${key} is taken and cannot be read`);
  if (!first.fingerprint.equals(fingerprint)) {
    throw new Problem('key-reused', 'This Idempotency-Key came with another request before. Make a new key.');
  }
  return { ...first.answer, headers: { ...first.answer.headers, 'Idempotency-Replayed': 'true' } };
}
