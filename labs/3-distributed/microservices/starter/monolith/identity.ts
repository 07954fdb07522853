import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from './http/problem.ts';

const TOKEN_LIFE_MS = 60 * 60 * 1000;

// #region token
/** Simplified: one key for both who sign and who check. In production: a key pair, and the gateway has the public half. */
export function signToken(accountId: string, key: string): string {
  const payload = Buffer.from(JSON.stringify({ sub: accountId, exp: Date.now() + TOKEN_LIFE_MS })).toString(
    'base64url',
  );
  return `${payload}.${mac(payload, key)}`;
}

/** @throws Problem 401 unless the token is ours and still valid. */
export function accountOf(authorization: string | undefined, key: string): string {
  const [, payload = '', signature = ''] = /^Bearer ([\w-]+)\.([\w-]+)$/i.exec(authorization ?? '') ?? [];
  if (payload !== '' && same(signature, mac(payload, key))) {
    const { sub, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { sub: string; exp: number };
    if (exp > Date.now()) return sub;
  }
  throw new Problem('unauthenticated', 'Send a token of POST /sessions as Authorization: Bearer.', {
    headers: { 'WWW-Authenticate': 'Bearer' },
  });
}
// #endregion token

/** Compares in a time that does not depend on where they differ. */
export function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function mac(text: string, key: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
