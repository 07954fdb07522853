import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectRefusedStarts, NO_DATABASE } from '../../harness/refused-start.ts';
import { openHall, writeKeys } from './hall.ts';
import { EDDSA_KEY, ES256_KEY, RS256_KEY } from './published-keys.ts';

export async function judgeBadSettings(): Promise<void> {
  const { databaseUrl, keysFile } = await openHall('hall');
  const folder = await mkdtemp(join(tmpdir(), 'jwt-auth-start-'));
  try {
    const file = async (name: string, keys: readonly object[]) => {
      await writeKeys(join(folder, name), keys);
      return join(folder, name);
    };
    const symmetric = { kty: 'oct', kid: 'shared', alg: 'HS256', k: Buffer.alloc(32, 1).toString('base64url') };
    const cases: readonly (readonly [what: string, env: Record<string, string>, named: string | undefined])[] = [
      ['CLOCK_SKEW_S=61', { CLOCK_SKEW_S: '61' }, 'CLOCK_SKEW_S'],
      ['a symmetric key in KEYS_FILE', { KEYS_FILE: await file('oct.json', [ES256_KEY, symmetric]) }, 'KEYS_FILE'],
      [
        'an RSA key with the alg ES256 in KEYS_FILE',
        { KEYS_FILE: await file('kind.json', [ES256_KEY, { ...RS256_KEY, alg: 'ES256' }]) },
        'KEYS_FILE',
      ],
      [
        'two keys of one kid in KEYS_FILE',
        { KEYS_FILE: await file('twins.json', [ES256_KEY, EDDSA_KEY, { ...RS256_KEY, kid: EDDSA_KEY.kid }]) },
        'KEYS_FILE',
      ],
      [
        'an RSA key of 1024 bits in KEYS_FILE',
        { KEYS_FILE: await file('short.json', [ES256_KEY, shortKey()]) },
        'KEYS_FILE',
      ],
      [
        'a first key without its private part in KEYS_FILE',
        { KEYS_FILE: await file('public.json', [{ ...ES256_KEY, d: undefined }, EDDSA_KEY]) },
        'KEYS_FILE',
      ],
      [
        'a first key whose private part belongs to another public one in KEYS_FILE',
        { KEYS_FILE: await file('halves.json', [halves(), EDDSA_KEY]) },
        'KEYS_FILE',
      ],
      ['a DATABASE_URL where nobody listens', { DATABASE_URL: NO_DATABASE }, undefined],
    ];
    const defaults = { DATABASE_URL: databaseUrl, KEYS_FILE: keysFile };
    await expectRefusedStarts(
      cases.map(([sent, env, named]) => ({
        sent,
        env,
        defaults,
        wanted: named === undefined ? [] : [named],
        line: `one line on standard error${named === undefined ? '' : ` with ${named}`}`,
      })),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** RFC 7518 §3.3 wants twice as many bits. */
function shortKey(): object {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey.export({ format: 'jwk' });
  return { ...jwk, kid: 'short', alg: 'RS256' };
}

/** The private members of one key, and the modulus of another. */
function halves(): object {
  const n = Buffer.from(RS256_KEY.n ?? '', 'base64url');
  n[100] = (n[100] ?? 0) ^ 1;
  return { ...RS256_KEY, n: n.toString('base64url') };
}
