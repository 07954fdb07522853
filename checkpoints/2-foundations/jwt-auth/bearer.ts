import { check } from '../../harness/failure.ts';
import { expectChallenge, expectInvalidToken, expectProblem, expectStatus } from './answers.ts';
import { openHall, register, resident } from './hall.ts';
import { call } from './http-client.ts';
import { BRIEF_TOKEN, EDDSA_KEY, ES256_KEY, type PublishedJwk, RS256_KEY } from './published-keys.ts';
import { AUDIENCE, claimsFor, decodedPart, ISSUER, isSignedBy, signedBy } from './token.ts';

/** So many profiles are in one answer at most. */
const MOST_LISTED = 100;

export async function judgeAccessToken(): Promise<void> {
  const { server, database } = await openHall('hall');
  const before = Math.floor(Date.now() / 1000);
  const gwen = await resident('gwen');
  const sent = 'the access token of a log-in';
  const usually = 'a member is missing, or has another name or value than in the brief';
  const [header, claims] = [decodedPart(gwen.access, 0), decodedPart(gwen.access, 1)];
  const wantedHeader = { typ: 'at+jwt', alg: ES256_KEY.alg, kid: ES256_KEY.kid };
  for (const [name, value] of Object.entries(wantedHeader)) {
    check(header?.[name] === value, {
      sent,
      expected: `"${name}": ${JSON.stringify(value)} in the header: the first key of the file signs`,
      received: JSON.stringify(header?.[name]) ?? 'none',
      usually,
    });
  }
  const wanted = { iss: ISSUER, sub: gwen.id, roles: ['player'] };
  for (const [name, value] of Object.entries(wanted)) {
    check(JSON.stringify(claims?.[name]) === JSON.stringify(value), {
      sent,
      expected: `the claim ${name} as the brief says`,
      received: claims?.[name] === undefined ? 'none' : 'another value',
      usually,
      details: [`its claims: ${JSON.stringify(claims)}`],
    });
  }
  check([claims?.aud].flat().includes(AUDIENCE), {
    sent,
    expected: 'the audience in aud',
    received: 'another or none',
    usually,
  });
  const { iat, nbf, exp, jti } = claims ?? {};
  const now = Math.ceil(Date.now() / 1000) + 1;
  check(typeof iat === 'number' && iat >= before - 1 && iat <= now && nbf === iat && exp === iat + 300, {
    sent,
    expected: 'iat now, nbf the same, and exp 300 later, as numbers in seconds',
    received: `iat ${iat}, nbf ${nbf}, exp ${exp}`,
    usually: 'times are milliseconds, texts, or missing: NumericDate is seconds since 1970 (RFC 7519 §2)',
  });
  check(isSignedBy(publicMembers(ES256_KEY), gwen.access), {
    sent,
    expected: 'a signature that the key of its kid verifies',
    received: 'one that it does not',
    usually: 'another key signs, or the signature is DER: RFC 7518 §3.4 wants R and S, 32 bytes each',
  });
  const refreshed = await call(server, '/sessions/refresh', { body: { refresh_token: gwen.refresh } });
  const second = decodedPart(String(refreshed.json.access_token), 1);
  check(typeof jti === 'string' && jti !== '' && second?.jti !== jti, {
    sent: 'two access tokens of one account',
    expected: 'a jti in each, and two different ones',
    received: jti === undefined ? 'no jti' : 'the same jti twice',
    usually: 'jti is missing or a constant',
  });
  await database.query("update accounts set role = 'warden' where username = 'gwen'");
  const promoted = await call(server, '/sessions/refresh', { body: { refresh_token: refreshed.json.refresh_token } });
  await database.query("update accounts set role = 'player' where username = 'gwen'");
  const roles = JSON.stringify(decodedPart(String(promoted.json.access_token), 1)?.roles);
  check(roles === '["warden"]', {
    sent: "update accounts set role = 'warden', then POST /sessions/refresh",
    expected: 'an access token with the roles ["warden"]',
    received: `roles ${roles}`,
    usually: 'the role is kept in the session: read it from the account whenever a token is made',
  });
}

export async function judgeJwks(): Promise<void> {
  const { server } = await openHall('hall');
  const answer = await call(server, '/.well-known/jwks.json');
  const sent = 'GET /.well-known/jwks.json';
  const usually = 'the set is the keys file, or differs from the brief';
  expectStatus(answer, 200, { sent, usually });
  const mediaType = (answer.headers['content-type'] ?? 'none').split(';')[0]?.trim();
  check(mediaType === 'application/jwk-set+json', {
    sent,
    expected: 'application/jwk-set+json (RFC 7517 §8.5)',
    received: mediaType ?? 'none',
    usually,
  });
  const keys = (Array.isArray(answer.json.keys) ? answer.json.keys : []) as Record<string, unknown>[];
  for (const jwk of [ES256_KEY, EDDSA_KEY, RS256_KEY]) {
    const wanted = { ...publicMembers(jwk), use: 'sig' };
    const found = keys.find(({ kid }) => kid === jwk.kid) ?? {};
    const missing = Object.entries(wanted).filter(([name, value]) => found[name] !== value);
    check(missing.length === 0, {
      sent,
      expected: `every key of the file, with kty, kid, alg, use and its public members`,
      received: `${jwk.alg} without ${missing.map(([name]) => name).join(', ')}`,
      usually,
    });
    const tooMuch = Object.keys(found).filter((name) => !(name in wanted));
    check(tooMuch.length === 0, {
      sent,
      expected: 'public members only',
      received: `${jwk.alg} with ${tooMuch.join(', ')}`,
      usually: 'private members are taken out one by one, and some are forgotten: choose the public ones instead',
    });
  }
  const maxAge = Number(/\bmax-age=(\d+)/.exec(answer.headers['cache-control'] ?? '')?.[1] ?? Number.NaN);
  check(maxAge >= 1 && maxAge <= 3_600, {
    sent,
    expected: 'Cache-Control with a max-age from 1 to 3600',
    received: `Cache-Control: ${answer.headers['cache-control'] ?? 'none'}`,
    usually: 'without it, everybody who verifies asks for the keys with every token',
  });
}

export async function judgeWhoAmI(): Promise<void> {
  const { server } = await openHall('hall');
  const gwen = await resident('gwen');
  const profile = await call(server, '/accounts/me', { headers: { authorization: `bearer ${gwen.access}` } });
  const sent = 'GET /accounts/me';
  expectStatus(profile, 200, {
    sent: `${sent} with the token of a log-in, and the scheme in lower case`,
    usually: 'the scheme is compared with its case (RFC 9110 §11.1 says that it does not count)',
  });
  check(profile.json.id === gwen.id && profile.json.username === 'gwen' && profile.json.role === 'player', {
    sent,
    expected: 'the profile of the account in sub',
    received: 'another one',
    usually: 'the profile is not looked up by sub',
  });
  const usually = 'the token is taken from somewhere else, or nobody asks for one';
  const strangers: readonly (readonly [what: string, path: string, headers: Record<string, string>])[] = [
    ['without Authorization', '/accounts/me', {}],
    ['with Basic', '/accounts/me', { authorization: `Basic ${btoa('gwen:secret')}` }],
    ['with the token as it is, without a scheme', '/accounts/me', { authorization: gwen.access }],
    ['with the token in the query string', `/accounts/me?access_token=${gwen.access}`, {}],
    ['with the token in a cookie', '/accounts/me', { cookie: `access_token=${gwen.access}` }],
  ];
  for (const [what, path, headers] of strangers) {
    const answer = await call(server, path, { headers });
    const step = { sent: `${sent} ${what}`, usually };
    expectStatus(answer, 401, step);
    expectProblem(answer, step);
    expectChallenge(answer, undefined, step);
  }
  const gone: readonly (readonly [what: string, token: string])[] = [
    ['"Bearer" alone', ''],
    ['a token of another account’s id that does not exist', signedBy(ES256_KEY, claimsFor(crypto.randomUUID()))],
    ['a token whose sub is no UUID', signedBy(ES256_KEY, claimsFor("gwen' or 1=1 --"))],
  ];
  for (const [what, token] of gone) {
    const answer = await call(server, '/accounts/me', { token });
    const step = { sent: `${sent} with ${what}`, usually: 'sub is used unchecked: it is text from outside' };
    expectInvalidToken(answer, step);
    expectProblem(answer, step);
  }
}

export async function judgeRoles(): Promise<void> {
  const { server } = await openHall('hall');
  await register('aaron');
  const gwen = await resident('gwen');
  const sent = 'GET /accounts';
  const usually = '401 says "I do not know who you are", 403 says "I do, and you may not"';
  const nobody = await call(server, '/accounts');
  expectStatus(nobody, 401, { sent: `${sent} without a token`, usually });
  const player = await call(server, '/accounts', { token: gwen.access });
  expectStatus(player, 403, { sent: `${sent} as a player`, usually });
  expectProblem(player, { sent, usually });
  expectChallenge(player, 'insufficient_scope', { sent: `${sent} as a player` });
  const withRoles = (roles: unknown) => signedBy(ES256_KEY, { ...claimsFor(gwen.id), roles });
  for (const roles of [[], ['wardens'], ['WARDEN'], ['player', 'bard'], undefined]) {
    const answer = await call(server, '/accounts', { token: withRoles(roles) });
    const what = roles === undefined ? 'no roles' : `the roles ${JSON.stringify(roles)}`;
    expectStatus(answer, 403, { sent: `${sent} with ${what}`, usually: 'roles are compared by a part of the text' });
  }
  for (const roles of ['warden', { warden: true }, ['warden', 1]]) {
    const answer = await call(server, '/accounts', { token: withRoles(roles) });
    const step = {
      sent: `${sent} with the roles ${JSON.stringify(roles)}`,
      usually:
        'a text has includes() too, and finds a part of itself: roles is a list of texts, or the token is refused',
    };
    expectInvalidToken(answer, step);
  }
  expectInvalidToken(await call(server, '/accounts', { token: withRoles(null) }), {
    sent: `${sent} with the roles null`,
    usually: 'null is taken for a claim that is missing: only one that is not there is an empty list',
  });
  for (const [what, token] of [
    ['a warden among others', withRoles(['player', 'warden'])],
    ["the brief's example", BRIEF_TOKEN],
  ] as const) {
    const answer = await call(server, '/accounts', { token });
    expectStatus(answer, 200, { sent: `${sent} as ${what}`, usually });
    const listed = (Array.isArray(answer.json.accounts) ? answer.json.accounts : []) as Record<string, unknown>[];
    const names = listed.map(({ username }) => String(username));
    const members = new Set(listed.flatMap((profile) => Object.keys(profile)));
    check(names[0] === 'aaron' && names.includes('gwen') && [...members].sort().join() === 'id,role,username', {
      sent: `${sent} as ${what}`,
      expected: 'the profiles by name, each with id, username and role',
      received: `${names.length} of them, with ${[...members].sort().join(', ')}`,
      usually: 'the rows of the table go out as they are, hashes included, or in no order',
    });
  }
  await expectAtMostHundred(withRoles(['warden']));
}

async function expectAtMostHundred(token: string): Promise<void> {
  const { server, database } = await openHall('hall');
  const extras = `from generate_series(1, ${MOST_LISTED}) as n`;
  await database.query(
    `insert into accounts (id, username, password_hash, role)
     select gen_random_uuid(), 'zz.' || n, 'none', 'player' ${extras}`,
  );
  try {
    const { json } = await call(server, '/accounts', { token });
    const count = Array.isArray(json.accounts) ? json.accounts.length : 0;
    check(count === MOST_LISTED, {
      sent: `GET /accounts as a warden, with more than ${MOST_LISTED} accounts`,
      expected: `${MOST_LISTED} profiles`,
      received: count > MOST_LISTED ? 'all of them' : `${count}`,
      usually: 'an answer without a bound grows with the table, until it is the one that takes the server down',
    });
  } finally {
    await database.query(`delete from accounts where username like 'zz.%'`);
  }
}

function publicMembers({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...members }: PublishedJwk) {
  return members;
}
