import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { check } from '../../harness/failure.ts';
import { openHall, resident } from './hall.ts';
import { EDDSA_KEY, ES256_KEY, type PublishedJwk, RS256_KEY } from './published-keys.ts';
import {
  checkSigner,
  claimsFor,
  compact,
  headerOf,
  hmacOf,
  type Json,
  privateKeyOf,
  signatureOf,
  signedBy,
} from './token.ts';
import { accept, type Case, refuse } from './token-cases.ts';

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
