import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { fail } from '../../harness/failure.ts';
import { tokensOf } from './answers.ts';
import { openHall, outputOfAll, passwordOf, stopServers } from './hall.ts';
import { type Answer, type Call, call } from './http-client.ts';
import { EDDSA_KEY, ES256_KEY, RS256_KEY } from './published-keys.ts';
import { claimsFor, signedBy } from './token.ts';

/** What must not be found, and what it is. */
type Secret = readonly [what: string, text: string];

const USUALLY =
  'a body, a header, a URL or a whole error is logged: an error of a JSON parser carries the body, or quotes it';

export async function judgeSecrets(): Promise<void> {
  const { server, database } = await openHall('hall');
  const secrets: Secret[] = [
    ['a private key', ES256_KEY.d ?? ''],
    ['a private key', EDDSA_KEY.d ?? ''],
    ['a private key', RS256_KEY.d ?? ''],
  ];
  /** A new secret, to be found by its own text. */
  const secret = (what: string): string => {
    const text = `secret-${randomBytes(12).toString('hex')}`;
    secrets.push([what, text]);
    return text;
  };
  const refusals: Answer[] = [];
  const refused = async (path: string, options: Call) => {
    refusals.push(await call(server, path, options));
  };

  const [username, password] = ['discreet', secret('a password that was registered')];
  await call(server, '/accounts', { body: { username, password } });
  const step = { sent: 'POST /sessions', usually: 'the log-in fails' };
  const first = tokensOf(await call(server, '/sessions', { body: { username, password } }), step);
  const answer = await call(server, '/sessions/refresh', { body: { refresh_token: first.refresh } });
  const second = tokensOf(answer, { ...step, sent: 'POST /sessions/refresh' });
  for (const { access, refresh } of [first, second]) {
    secrets.push(['an access token', access], ['the signature of an access token', access.split('.')[2] ?? '']);
    secrets.push(['a refresh token', refresh]);
  }

  const inBody = (what: string) => JSON.stringify({ username, password: secret(what) });
  await refused('/sessions', { body: inBody('a wrong password') });
  await refused('/sessions', {
    body: {
      username: secret('a password that was typed into the field for the user name'),
      password: 'mistyped field',
    },
  });
  await refused('/accounts', { body: inBody('the password of a name that is taken') });
  await refused('/sessions', { body: inBody('a password in a body that breaks off').slice(0, -1) });
  await refused('/sessions', { body: `{"password":${secret('a password without quotes')}}` });
  await refused('/accounts', {
    body: { username, password: secret('a password beside another member'), role: 'warden' },
  });
  await refused('/accounts', { body: { username: 'x', password: secret('a password beside a bad user name') } });
  await refused('/accounts', { body: { username, password: [secret('a password in a list')] } });
  await refused('/sessions', { body: inBody('a password in a form'), headers: { 'content-type': 'text/plain' } });
  await refused('/sessions', { body: `${inBody('a password in a body that is too large')}${' '.repeat(20_000)}` });
  await refused('/sessions/refresh', { body: { refresh_token: secret('a refresh token that is not known') } });
  await refused(`/accounts/me?access_token=${second.access}`, {});
  await refused(`/nowhere?password=${secret('a password in a query string')}`, {});
  await refused('/accounts/me', { headers: { authorization: `Basic ${secret('the credentials of Basic')}` } });
  await refused('/accounts/me', { token: secret('a bearer token that is none') });
  const forged = signedBy(ES256_KEY, { ...claimsFor('x'), exp: 1 });
  secrets.push(['an access token that has expired', forged]);
  await refused('/accounts/me', { token: forged });
  await refused('/accounts/me', { token: signedBy(ES256_KEY, { ...claimsFor('x'), sub: secret('a sub') }) });
  await call(server, '/accounts/me', { token: second.access });
  await call(server, '/sessions/log-out', { body: { refresh_token: second.refresh } });
  secrets.push(...(await storedHashes(database)), ['a password', passwordOf('gwen')]);

  for (const { text } of refusals) {
    const found = find(secrets, text);
    if (found === undefined) continue;
    fail({
      sent: 'requests that are refused, with a secret in each',
      expected: 'answers in which none of them stands',
      received: `one with ${found}`,
      usually: 'the answer quotes the request, or the message of an error does',
    });
  }
  // After SIGTERM a log that is written in portions is complete.
  await stopServers();
  const found = find(secrets, await outputOfAll());
  if (found === undefined) return;
  fail({
    sent: 'every kind of request with a secret in it, at LOG_LEVEL=debug, then SIGTERM',
    expected: 'output in which no secret stands',
    received: `one with ${found}`,
    usually: USUALLY,
  });
}

async function storedHashes(database: Client): Promise<Secret[]> {
  const { rows } = await database.query<{ hash: string }>('select password_hash as hash from accounts');
  return rows.map(({ hash }): Secret => ['a password hash', hash]);
}

/** The first secret of the list that stands in the text, as it is or as a URL or JSON writes it. */
function find(secrets: readonly Secret[], text: string): string | undefined {
  return secrets.find(
    ([, secret]) => secret !== '' && (text.includes(secret) || text.includes(encodeURIComponent(secret))),
  )?.[0];
}
