/**
 * The experiment of the write-up Sessions or tokens?: what it costs to learn, at every request, who sent it. A signed
 * token is verified in the process; a session is looked up in PostgreSQL. About half a minute.
 *
 *     npm run record -- --experiment sessions-or-tokens
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose';
import pg from 'pg';
import { createDatabase } from '../../harness/database.ts';
import { ensureServices } from '../../services/ensure-services.ts';
import { type Distribution, distributionOf, rounded } from '../distribution.ts';

export { plotSignIn } from './sign-in-plots.ts';

/** What is held the same. */
export const SIGN_IN = {
  algorithms: ['EdDSA', 'ES256', 'RS256'],
  /** Rows in the table of sessions. */
  sessions: 100_000,
  /** How many checks are under way at once. */
  concurrency: [1, 16],
  secondsPerCell: 2,
  warmUpChecks: 200,
} as const;

export interface CheckCost {
  /** An algorithm, or `session`. */
  readonly way: string;
  readonly concurrency: number;
  readonly checksPerSecond: number;
  readonly latency: Pick<Distribution, 'unit' | 'n' | 'p50' | 'p99' | 'max'>;
  /** Of this process for one check; what the database spends is not in it. */
  readonly cpuMicrosPerCheck: number;
  /** What the client sends with every request. */
  readonly credentialBytes: number;
}

export interface SignInFigures {
  readonly parameters: typeof SIGN_IN;
  readonly server: string;
  readonly notes: readonly string[];
  readonly results: { readonly checks: readonly CheckCost[] };
}

const NOTES: readonly string[] = [
  'Token: jose verifies signature, issuer, audience, expiry and type, one token after another in one thread. At a concurrency above 1 a check waits for those before it.',
  'Session: the SHA-256 of a random token of 256 bits is looked up by primary key, over one pooled connection for each check under way, on the same machine. A database on another machine adds a round trip of the network to each.',
];

interface Way {
  readonly name: string;
  readonly credential: string;
  check(): Promise<void>;
}

export async function runSignIn(onProgress: (line: string) => void = console.error): Promise<SignInFigures> {
  const ensured = await ensureServices(['postgresql']);
  if (!ensured.ok) throw new Error(`${ensured.reason}. Mend: ${ensured.remedy}`);
  const { postgresql } = ensured.addresses;
  if (postgresql === undefined) throw new Error('postgresql was found and has no address');
  await using database = await createDatabase({ address: postgresql });
  const lanes = Math.max(...SIGN_IN.concurrency);
  const pool = new pg.Pool({ connectionString: database.url, max: lanes });
  pool.on('error', () => {
    // `end` does not wait for the server to close idle connections, and the database may be dropped first.
  });
  try {
    const ways = [...(await Promise.all(SIGN_IN.algorithms.map(tokenWay))), await sessionWay(pool)];
    const checks: CheckCost[] = [];
    for (const way of ways) {
      for (const concurrency of SIGN_IN.concurrency) {
        onProgress(`${way.name}, ${concurrency} at once …`);
        checks.push(await measure(way, concurrency));
      }
    }
    const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
    const server = `PostgreSQL ${rows[0]?.server_version ?? '(unknown version)'}`;
    return { parameters: SIGN_IN, server, notes: NOTES, results: { checks } };
  } finally {
    await pool.end();
  }
}

const ISSUER = 'https://accounts.tavern.example';
const AUDIENCE = 'https://api.tavern.example';

async function tokenWay(algorithm: string): Promise<Way> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const credential = await new SignJWT({ roles: ['player'] })
    .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: 'k1' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(randomUUID())
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(pair.privateKey);
  // As a server has it: imported once from its key set.
  const key = await importJWK(await exportJWK(pair.publicKey), algorithm);
  const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm], typ: 'at+jwt' };
  return {
    name: algorithm,
    credential,
    check: async () => {
      await jwtVerify(credential, key, options);
    },
  };
}

async function sessionWay(pool: pg.Pool): Promise<Way> {
  await pool.query(
    'CREATE TABLE session (token_hash bytea PRIMARY KEY, account uuid NOT NULL, role text NOT NULL, expires_at timestamptz NOT NULL)',
  );
  await pool.query(
    `INSERT INTO session SELECT sha256(i::text::bytea), gen_random_uuid(), 'player', now() + interval '1 hour'
     FROM generate_series(1, $1::int) AS i`,
    [SIGN_IN.sessions],
  );
  const credential = randomBytes(32).toString('base64url');
  const hashOf = (token: string) => createHash('sha256').update(token).digest();
  await pool.query(`INSERT INTO session VALUES ($1, gen_random_uuid(), 'player', now() + interval '1 hour')`, [
    hashOf(credential),
  ]);
  await pool.query('ANALYZE session');
  return {
    name: 'session',
    credential,
    check: async () => {
      const { rowCount } = await pool.query({
        name: 'session',
        text: 'SELECT account, role FROM session WHERE token_hash = $1 AND expires_at > now()',
        values: [hashOf(credential)],
      });
      if (rowCount !== 1) throw new Error('the session is gone: something else uses this database');
    },
  };
}

async function measure(way: Way, concurrency: number): Promise<CheckCost> {
  for (let i = 0; i < SIGN_IN.warmUpChecks; i++) await way.check();
  const latencies: number[] = [];
  const started = performance.now();
  const cpu = process.cpuUsage();
  const end = started + SIGN_IN.secondsPerCell * 1_000;
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      const begun = performance.now();
      await way.check();
      latencies.push((performance.now() - begun) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const { unit, n, p50, p99, max } = distributionOf(latencies, { unit: 'µs', binWidth: 50 });
  return {
    way: way.name,
    concurrency,
    checksPerSecond: Math.round(latencies.length / seconds),
    latency: { unit, n, p50: rounded(p50), p99: rounded(p99), max: rounded(max) },
    cpuMicrosPerCheck: rounded((user + system) / latencies.length),
    credentialBytes: Buffer.byteLength(way.credential),
  };
}
