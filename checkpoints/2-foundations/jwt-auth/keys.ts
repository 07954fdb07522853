import { generateKeyPairSync } from 'node:crypto';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { expectInvalidToken, expectStatus } from './answers.ts';
import { KEYS_RELOAD_MS, logIn, openHall, register, replaceFile, resident, writeKeys } from './hall.ts';
import { call } from './http-client.ts';
import { EDDSA_KEY, ES256_KEY, type PublishedJwk, RS256_KEY } from './published-keys.ts';
import { claimsFor, decodedPart, signedBy } from './token.ts';

/** `KEYS_RELOAD_MS` and a second is what the brief allows; a busy machine gets more. */
const EFFECT_WITHIN_MS = 4_000;
const UNKNOWN_KIDS = 60;

function newKey(kid: string): PublishedJwk {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return { ...jwk, kid, alg: 'ES256' };
}

export async function judgeRotation(): Promise<void> {
  const { server, keysFile } = await openHall('brisk');
  const id = await register('keeper');
  const next = newKey('es-2024-02');
  const old = signedBy(ES256_KEY, claimsFor(id));
  const fresh = signedBy(next, claimsFor(id));
  let { refresh } = await logIn('brisk', 'keeper');
  const stillValid = async (tokens: readonly string[], sent: string) => {
    for (const token of tokens) {
      expectStatus(await call(server, '/accounts/me', { token }), 200, {
        sent,
        expected: 'status 200: every key of the file verifies',
        usually: 'only the newest key verifies, so everybody who is signed in is thrown out',
      });
    }
  };
  await stillValid([old], 'a token of the only signing key');

  await writeKeys(keysFile, [ES256_KEY, next]);
  await untilStatus(server, fresh, 200, 'a token of a key that was added to the file as the second');
  await stillValid([old], 'a token of the first key, after a second was added');

  await writeKeys(keysFile, [next, ES256_KEY]);
  await pollUntil(
    async () => {
      const answer = await call(server, '/sessions/refresh', { body: { refresh_token: refresh } });
      expectStatus(answer, 200, { sent: 'POST /sessions/refresh', usually: 'sessions do not survive a new key' });
      refresh = String(answer.json.refresh_token);
      return decodedPart(String(answer.json.access_token), 0)?.kid;
    },
    (kid) => kid === next.kid,
    {
      withinMs: EFFECT_WITHIN_MS,
      otherwise: () => notYet('the new key moved to the front of the file', 'new tokens signed with the new key'),
    },
  );
  await stillValid([old, fresh], 'tokens of the old and of the new key, while both are in the file');

  await replaceFile(keysFile, '{"keys":[{"kty":"EC",');
  const until = performance.now() + KEYS_RELOAD_MS * 3;
  while (performance.now() < until)
    await stillValid([old, fresh], 'tokens of both keys, while the file is half a file');

  await writeKeys(keysFile, [next]);
  await untilStatus(server, old, 401, 'a token of a key that was taken out of the file');
  expectInvalidToken(await call(server, '/accounts/me', { token: old }), {
    sent: 'a token of a key that was taken out of the file',
    usually: 'keys are added when the file is read and never removed',
  });
  await stillValid([fresh], 'a token of the key that is left');
}

export async function judgeUnknownKid(): Promise<void> {
  const { server, keysFile } = await openHall('hall');
  const gwen = await resident('gwen');
  const newcomer = newKey('es-newcomer');
  const token = signedBy(newcomer, claimsFor(gwen.id));
  const sent = `KEYS_RELOAD_MS=86400000, a key added to the file, then ${UNKNOWN_KIDS} tokens with unknown kids`;
  expectInvalidToken(await call(server, '/accounts/me', { token }), {
    sent: 'a token with an unknown kid',
    usually: 'a key is taken from somewhere else than the file',
  });
  await writeKeys(keysFile, [ES256_KEY, EDDSA_KEY, RS256_KEY, newcomer]);
  const flood = Array.from({ length: UNKNOWN_KIDS }, (_, i) =>
    call(server, '/accounts/me', { token: signedBy({ ...newcomer, kid: `unknown-${i}` }, claimsFor(gwen.id)) }),
  );
  for (const answer of await Promise.all(flood)) {
    expectInvalidToken(answer, { sent, usually: 'an unknown kid is an error of the server: it is one of the client' });
  }
  const answer = await call(server, '/accounts/me', { token });
  check(answer.status === 401, {
    sent: `${sent}, then one with the new key`,
    expected: 'status 401: the file is read again when its time has come, and not before',
    received: `status ${answer.status}`,
    usually: 'an unknown kid makes the server read its keys: whoever sends random ones decides how often',
  });
  expectStatus(await call(server, '/accounts/me', { token: gwen.access }), 200, {
    sent: `${sent}, then one of a log-in`,
    usually: 'the keys are thrown away when a kid is not found',
  });
}

async function untilStatus(server: Program, token: string, status: number, sent: string): Promise<void> {
  await pollUntil(
    async () => (await call(server, '/accounts/me', { token })).status,
    (received) => received === status,
    { withinMs: EFFECT_WITHIN_MS, otherwise: () => notYet(sent, `status ${status}`) },
  );
}

function notYet(sent: string, expected: string): CheckpointFailure {
  return new CheckpointFailure({
    sent: `KEYS_RELOAD_MS=${KEYS_RELOAD_MS}, ${sent}`,
    expected: `${expected}, a second after KEYS_RELOAD_MS at the latest`,
    received: 'the same as before the file was replaced',
    usually: 'the file is read at the start only, or only a part of it is taken over',
  });
}
