import type { JWK } from 'jose';

/** What we sign and verify with: asymmetric, and each with its own kind of key. */
export const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** RFC 7518 §3.3. */
const MIN_RSA_BITS = 2_048;
const KINDS: Readonly<Record<Algorithm, string>> = { ES256: 'EC P-256', EdDSA: 'OKP Ed25519', RS256: 'RSA' };

/** What is wrong with an entry of the operator's file; undefined when it may be used. Never quotes a key. */
export function keyProblem(jwk: unknown): string | undefined {
  if (typeof jwk !== 'object' || jwk === null) return 'an entry is no object';
  const { kid, kty, crv, alg, use, n } = jwk as JWK;
  if (typeof kid !== 'string' || kid === '') return 'a key has no kid';
  const expected = KINDS[alg as Algorithm] as string | undefined;
  if (expected === undefined) return `the key "${kid}" has no alg of ${ALGORITHMS.join(', ')}`;
  const kind = crv === undefined ? kty : `${kty} ${crv}`;
  if (kind !== expected) return `the key "${kid}" is of the kind ${kind}, and ${alg} needs ${expected}`;
  if (use !== undefined && use !== 'sig') return `the key "${kid}" is not for signatures`;
  if (kty === 'RSA' && bitsOf(n) < MIN_RSA_BITS) return `the key "${kid}" has fewer than ${MIN_RSA_BITS} bits`;
  return undefined;
}

// #region public-part
/** The members that anybody may see, named one by one: what a later RFC adds to private keys is then left out too. */
export function publicPart({ kty, kid, alg, crv, x, y, n, e }: JWK): JWK {
  const members = { kty, kid, alg, use: 'sig', crv, x, y, n, e };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JWK;
}
// #endregion public-part

function bitsOf(n: string | undefined): number {
  return typeof n === 'string' ? Buffer.from(n, 'base64url').length * 8 : 0;
}
