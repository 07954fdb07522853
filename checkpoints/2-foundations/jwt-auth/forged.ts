import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { check } from '../../harness/failure.ts';
import { expectInvalidToken, expectStatus } from './answers.ts';
import { openHall, resident, SKEW_S } from './hall.ts';
import { call } from './http-client.ts';
import { BRIEF_TOKEN, EDDSA_KEY, ES256_KEY, PUBLISHED_TOKENS, type PublishedJwk, RS256_KEY } from './published-keys.ts';
import {
  AUDIENCE,
  checkSigner,
  claimsFor,
  compact,
  headerOf,
  hmacOf,
  ISSUER,
  type Json,
  privateKeyOf,
  signatureOf,
  signedBy,
} from './token.ts';

type Case = readonly [what: string, token: string];

const PATH = '/accounts/me';

async function accept(cases: readonly Case[], usually: string): Promise<void> {
  const { server } = await openHall('hall');
  for (const [what, token] of cases) {
    const answer = await call(server, PATH, { token });
    expectStatus(answer, 200, {
      sent: `GET ${PATH} with ${what}`,
      expected: 'status 200: the token is valid',
      usually,
    });
  }
}

async function refuse(cases: readonly Case[], usually: string): Promise<void> {
  const { server } = await openHall('hall');
  for (const [what, token] of cases) {
    expectInvalidToken(await call(server, PATH, { token }), { sent: `GET ${PATH} with ${what}`, usually });
  }
}

export async function judgeClaims(): Promise<void> {
  const gwen = await resident('gwen');
  const now = Math.floor(Date.now() / 1000);
  const good = claimsFor(gwen.id);
  const token = (change: Record<string, unknown>) => signedBy(ES256_KEY, { ...good, ...change });
  // In the text itself, as JSON.stringify knows no such numbers.
  const rawExp = (exp: string) =>
    signedBy(ES256_KEY, JSON.stringify({ ...good, exp: 0 }).replace('"exp":0', `"exp":${exp}`));
  await accept(
    [
      ['claims as they are meant to be', token({})],
      ['aud as a list with ours in it', token({ aud: ['https://other.example', AUDIENCE] })],
      ['an exp that was 10 seconds ago, within the skew', token({ exp: now - 10 })],
      ['an nbf and an iat 10 seconds ahead, within the skew', token({ nbf: now + 10, iat: now + 10 })],
      ['no nbf', token({ nbf: undefined })],
      ['an exp with a fraction', rawExp(`${now + 300}.5`)],
    ],
    'a check is stricter than the brief, or CLOCK_SKEW_S is not used',
  );
  await refuse(
    [
      ['another iss', token({ iss: 'https://accounts.tavern.example.evil' })],
      ['an iss that only begins like ours', token({ iss: ISSUER.slice(0, -1) })],
      ['iss as a list', token({ iss: [ISSUER] })],
      ['no iss', token({ iss: undefined })],
      ['another aud', token({ aud: 'https://shop.tavern.example' })],
      ['aud as a list without ours', token({ aud: [`${AUDIENCE}/`, 'api'] })],
      ['an aud that contains ours', token({ aud: `${AUDIENCE}.evil.example` })],
      ['an empty list as aud', token({ aud: [] })],
      ['no aud', token({ aud: undefined })],
    ],
    'iss or aud is not compared, or by a part of it: compare the whole text (RFC 8725 §3.8, §3.9)',
  );
  await refuse(
    [
      ['an exp before the skew', token({ exp: now - SKEW_S - 1 })],
      ['an exp long ago', token({ exp: 1 })],
      ['no exp', token({ exp: undefined })],
      ['exp as a text', token({ exp: String(now + 300) })],
      ['exp null', token({ exp: null })],
      ['exp 1e999', rawExp('1e999')],
      ['an nbf beyond the skew', token({ nbf: now + SKEW_S + 60 })],
      ['nbf as a text', token({ nbf: String(now) })],
      ['an iat in the far future', token({ iat: now + 86_400, exp: now + 90_000 })],
      ['iat as a text', token({ iat: String(now) })],
      ['no iat', token({ iat: undefined })],
    ],
    'a time is not asked for, not a number, or not held against the clock: exp and iat are needed, and finite',
  );
  await refuse(
    [
      ['no sub', token({ sub: undefined })],
      ['an empty sub', token({ sub: '' })],
      ['sub as a list', token({ sub: [gwen.id] })],
    ],
    'sub is used unchecked',
  );
}

export async function judgeTokenType(): Promise<void> {
  const gwen = await resident('gwen');
  const typed = (typ: unknown) => signedBy(ES256_KEY, claimsFor(gwen.id), { ...headerOf(ES256_KEY), typ });
  await accept(
    [
      ['typ application/at+jwt', typed('application/at+jwt')],
      ['typ AT+JWT', typed('AT+JWT')],
    ],
    'typ is a media type: its case does not count, and "application/" may stand before it (RFC 7515 §4.1.9)',
  );
  await refuse(
    [
      ['typ JWT, as an ID token has it', typed('JWT')],
      ['typ refresh+jwt', typed('refresh+jwt')],
      ['no typ', typed(undefined)],
      ['typ as a list', typed(['at+jwt'])],
      ['a typ that contains ours', typed('not-at+jwt')],
      ['the refresh token of a session', gwen.refresh],
    ],
    'every token with a good signature is taken, whatever it was made for: ask for typ at+jwt (RFC 8725 §3.11)',
  );
}

export async function judgeAlgorithms(): Promise<void> {
  const gwen = await resident('gwen');
  const claims = claimsFor(gwen.id);
  checkSigner();
  await accept(
    [ES256_KEY, EDDSA_KEY, RS256_KEY].map((key): Case => [`${key.alg}, as its key says`, signedBy(key, claims)]),
    'keys behind the first in the file verify too',
  );
  const unsecured = ['none', 'None', 'NONE', ''].map((alg): Case => {
    const header = { ...headerOf(ES256_KEY), alg };
    return [`alg "${alg}" and no signature`, compact(header, claims, () => '')];
  });
  await refuse(unsecured, 'the token says that it needs no signature, and is believed (RFC 8725 §3.2)');
  const publicKey = createPublicKey({ format: 'jwk', key: RS256_KEY });
  const { n, e, kid } = RS256_KEY;
  const secrets: readonly (readonly [string, string | Uint8Array])[] = [
    ['PEM', publicKey.export({ format: 'pem', type: 'spki' })],
    ['PEM without its last line end', String(publicKey.export({ format: 'pem', type: 'spki' })).trim()],
    ['PKCS #1 PEM', publicKey.export({ format: 'pem', type: 'pkcs1' })],
    ['DER', publicKey.export({ format: 'der', type: 'spki' })],
    ['JWK', JSON.stringify({ kty: 'RSA', n, e })],
    ['modulus', Buffer.from(n ?? '', 'base64url')],
    ['empty text', ''],
  ];
  const confused = secrets.map(([form, secret]): Case => {
    const header = { typ: 'at+jwt', alg: 'HS256', kid };
    return [`HS256 with the public RSA key as its secret (${form})`, compact(header, claims, (i) => hmacOf(secret, i))];
  });
  await refuse(confused, 'the token chooses the algorithm, and the public key becomes a password that everybody knows');
  const other = (key: PublishedJwk, alg: string) =>
    compact({ ...headerOf(key), alg }, claims, (input) => signatureOf(alg, privateKeyOf(key), input));
  await refuse(
    [
      ['PS256, signed with the RS256 key', other(RS256_KEY, 'PS256')],
      ['RS512, signed with the RS256 key', other(RS256_KEY, 'RS512')],
      ['RS384, signed with the RS256 key', other(RS256_KEY, 'RS384')],
      ['alg es256 in small letters', signedBy(ES256_KEY, claims, { ...headerOf(ES256_KEY), alg: 'es256' })],
      ['no alg', signedBy(ES256_KEY, claims, { ...headerOf(ES256_KEY), alg: undefined })],
      ['alg as a list', signedBy(ES256_KEY, claims, { ...headerOf(ES256_KEY), alg: ['ES256'] })],
    ],
    'a key is good for exactly the alg that stands beside it in the file (RFC 8725 §3.1)',
  );
  const es256 = (signer: (input: string) => Uint8Array) => compact(headerOf(ES256_KEY), claims, signer);
  const right = (input: string) => signatureOf('ES256', privateKeyOf(ES256_KEY), input);
  await refuse(
    [
      ['an ES256 signature of zeros', es256(() => Buffer.alloc(64))],
      ['an ES256 signature in DER', es256((input) => derOf(right(input)))],
      ['an ES256 signature cut short', es256((input) => right(input).subarray(0, 63))],
      ['an ES256 signature with a byte more', es256((input) => Buffer.concat([right(input), Buffer.of(0)]))],
      ['an ES256 signature with one bit changed', es256((input) => flipped(right(input)))],
      ['the signature of another token', es256(() => right('another.token'))],
      ['a signature by another key of the file', signedBy(RS256_KEY, claims, headerOf(ES256_KEY))],
    ],
    'the signature is decoded but not verified, or in another form than RFC 7518 §3.4 has it',
  );
}

export async function judgeKeySources(): Promise<void> {
  const { server } = await openHall('hall');
  const gwen = await resident('gwen');
  const claims = claimsFor(gwen.id);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'mallory', alg: 'ES256', use: 'sig' };
  const byMallory = (header: Json) => compact(header, claims, (input) => signatureOf('ES256', privateKey, input));
  const asked: string[] = [];
  await using library = await listen((path) => {
    asked.push(path);
    return JSON.stringify({ keys: [jwk] });
  });
  const url = `http://127.0.0.1:${library.port}`;
  const base = { typ: 'at+jwt', alg: 'ES256' };
  const certificate = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const named = (extra: object): Case[] =>
    [undefined, 'mallory', ES256_KEY.kid].map((kid) => [
      `a key of its own (${Object.keys(extra).join(', ')}) and ${kid === undefined ? 'no kid' : kid === ES256_KEY.kid ? 'our kid' : `the kid ${kid}`}`,
      byMallory({ ...base, kid, ...extra }),
    ]);
  await accept([['a token of ours', signedBy(ES256_KEY, claims)]], 'good tokens are refused');
  await refuse(
    [
      ...named({ jwk }),
      ...named({ jku: `${url}/jwks.json` }),
      ...named({ x5u: `${url}/chain.pem` }),
      ...named({ x5c: [certificate] }),
    ],
    'whoever makes a token would also choose the key that verifies it: take keys from the file only (RFC 8725 §3.10)',
  );
  // Everything that was asked for is there by now: a server that uses what it fetches has waited for it.
  check(asked.length === 0, {
    sent: 'tokens with jku and x5u that lead to the suite',
    expected: 'nothing to be fetched',
    received: `${asked.length} requests`,
    usually: 'a token makes your server send requests to wherever its maker likes (SSRF)',
  });
  const empty = (kid: unknown) => compact({ typ: 'at+jwt', alg: 'HS256', kid }, claims, (input) => hmacOf('', input));
  await refuse(
    [
      ['kid ../../../../dev/null', empty('../../../../../../dev/null')],
      ['kid with SQL', empty("x' union select '' --")],
      ['kid __proto__', byMallory({ ...base, kid: '__proto__' })],
      ['kid constructor', byMallory({ ...base, kid: 'constructor' })],
      ['kid as a number', byMallory({ ...base, kid: 0 })],
      ['kid as a list with ours', signedBy(ES256_KEY, claims, { ...base, kid: [ES256_KEY.kid] })],
      ['no kid', signedBy(ES256_KEY, claims, base)],
      ['our kid in capitals', signedBy(ES256_KEY, claims, { ...base, kid: ES256_KEY.kid.toUpperCase() })],
    ],
    'kid is a name from outside: look it up in a map, and take it as nothing else than a text',
  );
  check(!server.ended, { expected: 'a server that runs', received: 'one that ended', usually: 'an unhandled error' });
}

export async function judgeTokenForm(): Promise<void> {
  const gwen = await resident('gwen');
  const claims = claimsFor(gwen.id);
  const token = signedBy(EDDSA_KEY, claims);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const signed = (h: Json, c: Json) => signedBy(EDDSA_KEY, c, h);
  const text = JSON.stringify(claims);
  await accept([['a token of ours', token]], 'good tokens are refused');
  const spelling =
    'the decoder is lenient: base64url without padding, one spelling only, or a blocked token comes back as another';
  await refuse(
    [
      ['padding', `${token}==`],
      ['padding inside', `${header}=.${payload}.${signature}`],
      ['unused bits that are not zero', withUnusedBits(token)],
      ["the brief's other last character", `${BRIEF_TOKEN.slice(0, -1)}h`],
      ['the alphabet of base64', withBase64Alphabet(claims)],
      ['an asterisk in the signature', `${token.slice(0, -3)}*${token.slice(-3)}`],
    ],
    spelling,
  );
  await refuse(
    [
      ['two parts', `${header}.${payload}`],
      ['four parts', `${token}.`],
      ['five parts, as an encrypted token has', `${token}.${payload}.${signature}`],
      ['an empty header', `.${payload}.${signature}`],
      ['no claims', `${header}..${signature}`],
      ['only dots', '..'],
      ['a token of 5,000 characters', signed(headerOf(EDDSA_KEY), { ...claims, filler: 'x'.repeat(3_500) })],
      ...PUBLISHED_TOKENS,
    ],
    'a part is not there, not JSON, or not what the brief calls a token: 401, and never an error of the server',
  );
  await refuse(
    [
      ['claims that are a list', signed(headerOf(EDDSA_KEY), JSON.stringify([claims]))],
      ['claims that are null', signed(headerOf(EDDSA_KEY), 'null')],
      [
        'claims with invalid UTF-8',
        signed(headerOf(EDDSA_KEY), Buffer.from(text.replace('{', '{"x":"\xff",'), 'latin1')),
      ],
      ['a header that is no JSON', signed('{"alg":"EdDSA"', text)],
      ['sub twice', signed(headerOf(EDDSA_KEY), text.replace('{', '{"sub":"somebody else",'))],
      ['exp twice', signed(headerOf(EDDSA_KEY), text.replace('{', '{"exp":1,'))],
      ['alg twice', signed(JSON.stringify(headerOf(EDDSA_KEY)).replace('{', '{"alg":"none",'), text)],
      ['a name twice, deep inside', signed(headerOf(EDDSA_KEY), text.replace('{', '{"x":[{"a":1,"\\u0061":2}],'))],
    ],
    'JSON is read by a parser that takes what comes: refuse names that stand twice, and whatever is no object',
  );
  const critical = (extra: object) => signed({ ...headerOf(EDDSA_KEY), ...extra }, text);
  await refuse(
    [
      ['crit with an unknown extension', critical({ crit: ['tavern'], tavern: true })],
      ['crit with b64, as RFC 7797 has it', critical({ crit: ['b64'], b64: true })],
      ['crit with exp', critical({ crit: ['exp'], exp: 4_102_444_800 })],
      ['an empty crit', critical({ crit: [] })],
      ['crit as a text', critical({ crit: 'exp' })],
    ],
    'crit names what must be understood, and nothing of it is: refuse the token (RFC 7515 §4.1.11)',
  );
}

/** The same bytes with another last character. An Ed25519 signature leaves four bits of it unused. */
function withUnusedBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? 'A') + 1];
}

/** A token whose signature needs a character on which base64 and base64url differ, in the wrong one of them. */
function withBase64Alphabet(claims: Record<string, unknown>): string {
  for (let i = 0; ; i += 1) {
    const token = signedBy(EDDSA_KEY, { ...claims, i });
    const at = token.lastIndexOf('.') + 1;
    if (/[-_]/.test(token.slice(at)))
      return token.slice(0, at) + token.slice(at).replaceAll('-', '+').replaceAll('_', '/');
  }
}

/** SEQUENCE { INTEGER r, INTEGER s }, as ECDSA signatures are written elsewhere. */
function derOf(signature: Buffer): Buffer {
  const integer = (bytes: Buffer): Buffer => {
    const trimmed = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    const body = (trimmed[0] ?? 0) > 127 ? Buffer.concat([Buffer.of(0), trimmed]) : trimmed;
    return Buffer.concat([Buffer.of(2, body.length), body]);
  };
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

function flipped(signature: Buffer): Buffer {
  const copy = Buffer.from(signature);
  copy[20] = (copy[20] ?? 0) ^ 1;
  return copy;
}

async function listen(answer: (path: string) => string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(answer(req.url ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
