import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { EDDSA_KEY, PUBLISHED_TOKENS, type PublishedJwk, RS256_KEY } from './published-keys.ts';

export const ISSUER = 'https://accounts.tavern.example';
export const AUDIENCE = 'https://api.tavern.example';

/** A JSON object, or the very text (or bytes) that stands for it, so that it can be wrong in every way. */
export type Json = Readonly<Record<string, unknown>> | string | Uint8Array;

const privateKeys = new Map<string, KeyObject>();

/** The private key of a JWK. Parsed once. */
export function privateKeyOf(jwk: PublishedJwk): KeyObject {
  const id = `${jwk.kid} ${jwk.d}`;
  const key = privateKeys.get(id) ?? createPrivateKey({ format: 'jwk', key: jwk });
  privateKeys.set(id, key);
  return key;
}

export function base64url(json: Json): string {
  if (json instanceof Uint8Array) return Buffer.from(json).toString('base64url');
  return Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url');
}

/** Signs with any of the algorithms of RFC 7518 that node:crypto knows, whatever the key is meant for. */
export function signatureOf(alg: string, key: KeyObject, input: string): Buffer {
  const bytes = Buffer.from(input);
  const digest = `sha${alg.slice(2)}`;
  if (alg === 'EdDSA') return sign(null, bytes, key);
  if (alg.startsWith('ES')) return sign(digest, bytes, { key, dsaEncoding: 'ieee-p1363' });
  if (alg.startsWith('PS')) {
    return sign(digest, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(alg.slice(2)) / 8 });
  }
  return sign(digest, bytes, key);
}

export function hmacOf(secret: string | Uint8Array, input: string): Buffer {
  return createHmac('sha256', secret).update(input).digest();
}

/** A compact JWS of any header and claims, with whatever signature `signer` makes. */
export function compact(header: Json, claims: Json, signer: (input: string) => Uint8Array | string): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  const signature = signer(input);
  return `${input}.${typeof signature === 'string' ? signature : base64url(signature)}`;
}

export function headerOf(key: PublishedJwk): Record<string, unknown> {
  return { typ: 'at+jwt', alg: key.alg, kid: key.kid };
}

/** Claims of an access token that is good for five minutes. */
export function claimsFor(accountId: string): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, nbf: now, exp: now + 300 };
  return { iss: ISSUER, aud: AUDIENCE, sub: accountId, roles: ['player'], jti: randomUUID(), ...times };
}

/** What `key` signs as it is meant to. */
export function signedBy(key: PublishedJwk, claims: Json, header: Json = headerOf(key)): string {
  return compact(header, claims, (input) => signatureOf(key.alg, privateKeyOf(key), input));
}

/** Whether a token's signature is right for a public key. */
export function isSignedBy(jwk: JsonWebKey & { readonly alg?: string }, token: string): boolean {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const key = createPublicKey({ format: 'jwk', key: jwk });
  const options = jwk.alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  const digest = jwk.alg === 'EdDSA' ? null : 'sha256';
  return verify(digest, Buffer.from(`${header}.${claims}`), options, Buffer.from(signature, 'base64url'));
}

/** One part of a token as JSON; undefined when it is none. */
export function decodedPart(token: string, part: 0 | 1): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The suite's own signatures are those of the RFCs, where these are deterministic. */
export function checkSigner(): void {
  for (const [key, source] of [
    [RS256_KEY, 'RFC 7520 §4.1'],
    [EDDSA_KEY, 'RFC 8037 A.4'],
  ] as const) {
    const token = PUBLISHED_TOKENS.find(([name]) => name.startsWith(source))?.[1] ?? '';
    const input = token.slice(0, token.lastIndexOf('.'));
    const signature = signatureOf(key.alg, privateKeyOf(key), input).toString('base64url');
    if (`${input}.${signature}` !== token) throw new Error(`the suite does not sign as ${source} does`);
  }
}
