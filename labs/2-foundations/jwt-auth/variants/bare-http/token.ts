import {
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** JSON Web Tokens with nothing but node:crypto: what a library does for you, and what it leaves to you. */
export interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject | undefined;
  readonly jwk: JsonWebKey;
}

export interface Rules {
  readonly issuer: string;
  readonly audience: string;
  readonly ttlS: number;
  readonly skewS: number;
}

const KINDS: Readonly<Record<string, string>> = { ES256: 'EC P-256', EdDSA: 'OKP Ed25519', RS256: 'RSA' };
const MIN_RSA_BITS = 2_048;
const MAX_CHARS = 4_096;

/** @throws Error whose message names KEYS_FILE and quotes no key. */
export async function readKeys(path: string): Promise<Key[]> {
  const set: unknown = await readFile(path, 'utf8')
    .then(JSON.parse, () => undefined)
    .catch(() => undefined);
  const entries = (set as { keys?: unknown } | undefined)?.keys;
  if (!Array.isArray(entries) || entries.length === 0) throw new Error('KEYS_FILE holds no JWK Set');
  const keys = entries.map((entry: JsonWebKey) => {
    try {
      return readKey(entry);
    } catch {
      throw new Error(`KEYS_FILE: the key "${entry?.kid}" cannot be used`);
    }
  });
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new Error('KEYS_FILE: a kid stands twice');
  if (keys[0]?.privateKey === undefined) throw new Error('KEYS_FILE: the first key has no private part');
  return keys;
}

function readKey(jwk: JsonWebKey): Key {
  const { kid, alg, kty, crv, use } = jwk;
  const kind = crv === undefined ? kty : `${kty} ${crv}`;
  if (typeof kid !== 'string' || kid === '' || typeof alg !== 'string' || KINDS[alg] !== kind) throw new Error('kind');
  if (use !== undefined && use !== 'sig') throw new Error('use');
  const publicKey = createPublicKey({ format: 'jwk', key: jwk });
  if ((publicKey.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) < MIN_RSA_BITS) throw new Error('bits');
  const privateKey = jwk.d === undefined ? undefined : createPrivateKey({ format: 'jwk', key: jwk });
  // node:crypto takes two halves of two keys for one.
  const digest = alg === 'EdDSA' ? null : 'sha256';
  const probe = Buffer.from('probe');
  if (privateKey && !verify(digest, probe, publicKey, sign(digest, probe, privateKey))) throw new Error('halves');
  return { kid, alg, publicKey, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

export function issueToken(key: Key, { issuer, audience, ttlS }: Rules, accountId: string, role: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: audience, sub: accountId, roles: [role], iat: now, nbf: now, exp: now + ttlS };
  const input = `${encode({ alg: key.alg, typ: 'at+jwt', kid: key.kid })}.${encode({ ...claims, jti: randomUUID() })}`;
  if (key.privateKey === undefined) throw new Error('the first key signs');
  const digest = key.alg === 'EdDSA' ? null : 'sha256';
  const signature = sign(digest, Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

export interface Bearer {
  readonly accountId: string;
  readonly roles: readonly string[];
}

/** @returns undefined for whatever is no valid access token. */
export function verifyToken(token: string, keys: readonly Key[], rules: Rules): Bearer | undefined {
  const parts = token.split('.');
  if (token.length > MAX_CHARS || parts.length !== 3) return undefined;
  const [head, body, signature] = parts.map(decode);
  const header = head && parse(head);
  if (!header || !body || !signature || 'crit' in header) return undefined;
  if (!/^(application\/)?at\+jwt$/i.test(typeof header.typ === 'string' ? header.typ : '')) return undefined;
  const key = keys.find(({ kid }) => kid === header.kid);
  if (key === undefined || header.alg !== key.alg) return undefined;
  const digest = key.alg === 'EdDSA' ? null : 'sha256';
  const input = Buffer.from(token.slice(0, token.lastIndexOf('.')));
  // Left to itself, node:crypto would take DER for an ES256 signature.
  if (!verify(digest, input, { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, signature)) return undefined;
  const claims = parse(body);
  return claims && bearerOf(claims, rules);
}

function bearerOf(claims: Record<string, unknown>, { issuer, audience, skewS }: Rules): Bearer | undefined {
  const { iss, aud, sub, exp, iat, nbf = 0, roles = [] } = claims;
  const now = Date.now() / 1000;
  if (!isTime(exp) || !isTime(iat) || !isTime(nbf)) return undefined;
  if (now >= exp + skewS || now < nbf - skewS || now < iat - skewS) return undefined;
  if (iss !== issuer || !(aud === audience || (Array.isArray(aud) && aud.includes(audience)))) return undefined;
  if (typeof sub !== 'string' || sub === '' || !Array.isArray(roles)) return undefined;
  return roles.every((role) => typeof role === 'string') ? { accountId: sub, roles } : undefined;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return part !== '' && bytes.toString('base64url') === part ? bytes : undefined;
}

/** @returns undefined for what is no JSON object, or has a name twice: then it has more colons behind texts than names. */
function parse(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    let names = 0;
    const value: unknown = JSON.parse(text, function (this: unknown, key, child) {
      if (!Array.isArray(this) && key !== '') names += 1;
      return child;
    });
    const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/g)].filter(([, colon]) => colon !== undefined).length;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && names === written ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
