/**
 * `npm run bench -- jwt`: what an access token costs to make and to verify, by algorithm, and what a log-in costs, by
 * the parameters of Argon2. Tokens go through the whole verification of the solution; log-ins over HTTP to the running
 * solution. At most about half a minute.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { AccessTokens } from '../../labs/2-foundations/jwt-auth/solution/access-token.ts';
import { KeyRing } from '../../labs/2-foundations/jwt-auth/solution/key-ring.ts';
import { createLog } from '../../labs/2-foundations/jwt-auth/solution/log.ts';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import { startProgram } from '../harness/program.ts';
import { alignColumns } from './echo.ts';
import { findSolutions } from './servers-under-load.ts';

export const JWT_BENCH = {
  /** Of each, for each algorithm: by turns, so that the machine's mood is everybody's. */
  rounds: 8,
  turnMs: 100,
  /** Log-ins one after the other for so long, and then by so many clients at once, for each set of parameters. */
  aloneMs: 2_000,
  togetherMs: 2_000,
  together: 4,
  argon2: [
    { memoryKib: 19_456, passes: 2 },
    { memoryKib: 19_456, passes: 4 },
    { memoryKib: 47_104, passes: 2 },
    { memoryKib: 65_536, passes: 3 },
  ],
} as const;

const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'] as const;
const PASSWORD = 'correct horse battery staple';

export interface JwtBenchResult {
  readonly parameters: typeof JWT_BENCH;
  readonly tokens: readonly TokenCost[];
  /** Absent when PostgreSQL is not to be had; `missing` says why. */
  readonly logIns?: readonly LogInCost[];
  readonly missing?: string;
  readonly machine: { readonly cpu: string; readonly cpus: number; readonly node: string };
}

export interface TokenCost {
  readonly algorithm: string;
  /** Medians of the rounds. */
  readonly issueUs: number;
  readonly verifyUs: number;
  /** Characters of one token. */
  readonly length: number;
}

export interface LogInCost {
  readonly memoryKib: number;
  readonly passes: number;
  /** How many the median is of. */
  readonly logIns: number;
  readonly medianMs: number;
  readonly maxMs: number;
  /** With `together` under way. */
  readonly perSecond: number;
}

/** Runs both halves. Every part has its time, however slow the machine is, so that the whole is bounded too. */
export async function runJwtBench(): Promise<JwtBenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-jwt-'));
  try {
    const tokens = await measureTokens(folder);
    const common = { parameters: JWT_BENCH, tokens, machine: machineNow() };
    const [solution] = await findSolutions('jwt-auth', ['solution']);
    if (!solution?.ok) return { ...common, missing: solution?.reason ?? 'there is no solution' };
    return { ...common, logIns: await measureLogIns(solution.target, folder) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureTokens(folder: string): Promise<TokenCost[]> {
  const subjects = await Promise.all(
    ALGORITHMS.map(async (algorithm) => {
      const keys = await KeyRing.open({
        path: await keysFile(folder, algorithm),
        reloadMs: 3_600_000,
        log: createLog('error'),
      });
      const rules = { issuer: 'bench', audience: 'bench', ttlS: 3_600, clockSkewS: 5 };
      const tokens = new AccessTokens(keys, rules);
      const caller = { accountId: '5e8a2c1e-7f7b-4c0e-9a55-0d6a3c1b2f10', roles: ['player'] };
      const sample = await tokens.issue(caller);
      const verify = async () => {
        if ((await tokens.verify(sample)) === undefined) throw new Error(`${algorithm} does not verify its own token`);
      };
      return {
        algorithm,
        sample,
        issue: () => tokens.issue(caller),
        verify,
        issued: [] as number[],
        verified: [] as number[],
      };
    }),
  );
  // The first round only warms up.
  for (let round = 0; round <= JWT_BENCH.rounds; round += 1) {
    for (const { issue, verify, issued, verified } of subjects) {
      const [issueUs, verifyUs] = [await costUs(issue), await costUs(verify)];
      if (round === 0) continue;
      issued.push(issueUs);
      verified.push(verifyUs);
    }
  }
  return subjects.map(({ algorithm, sample, issued, verified }) => ({
    algorithm,
    issueUs: Math.round(median(issued)),
    verifyUs: Math.round(median(verified)),
    length: sample.length,
  }));
}

/** Mean microseconds of one call, over one turn. */
async function costUs(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  let calls = 0;
  while (performance.now() - since < JWT_BENCH.turnMs) {
    await work();
    calls += 1;
  }
  return ((performance.now() - since) / calls) * 1_000;
}

async function measureLogIns(target: InjectedTarget, folder: string): Promise<LogInCost[]> {
  const administrator = target.services?.postgresql;
  if (administrator === undefined) throw new Error('the target has no PostgreSQL');
  const name = `bench_jwt_${randomBytes(6).toString('hex')}`;
  const client = new Client({ connectionString: administrator });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
    const url = new URL(administrator);
    url.pathname = `/${name}`;
    const env = { DATABASE_URL: url.href, KEYS_FILE: await keysFile(folder, 'ES256'), LOG_LEVEL: 'error' };
    const costs: LogInCost[] = [];
    for (const parameters of JWT_BENCH.argon2) costs.push(await measureLogIn(target, env, parameters));
    return costs;
  } finally {
    await client.query(`drop database if exists ${name} with (force)`);
    await client.end();
  }
}

async function measureLogIn(
  target: InjectedTarget,
  env: Readonly<Record<string, string>>,
  parameters: (typeof JWT_BENCH.argon2)[number],
): Promise<LogInCost> {
  const { memoryKib, passes } = parameters;
  const cost = { ARGON2_MEMORY_KIB: String(memoryKib), ARGON2_PASSES: String(passes) };
  await using server = await startProgram({ target, env: { ...env, ...cost } });
  const body = JSON.stringify({ username: `bench-${memoryKib}-${passes}`, password: PASSWORD });
  const post = async (path: string, status: number): Promise<number> => {
    const since = performance.now();
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`http://${server.host}:${server.port}${path}`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    if (response.status !== status) throw new Error(`POST ${path} gave ${response.status} and not ${status}`);
    return performance.now() - since;
  };
  await post('/accounts', 201);
  await post('/sessions', 200);
  const logInsFor = async (ms: number): Promise<number[]> => {
    const end = performance.now() + ms;
    const times: number[] = [];
    while (performance.now() < end) times.push(await post('/sessions', 200));
    return times;
  };
  const alone = await logInsFor(JWT_BENCH.aloneMs);
  const since = performance.now();
  const together = Array.from({ length: JWT_BENCH.together }, () => logInsFor(JWT_BENCH.togetherMs));
  const logIns = (await Promise.all(together)).flat().length;
  const seconds = (performance.now() - since) / 1_000;
  return {
    memoryKib,
    passes,
    logIns: alone.length,
    medianMs: tenths(median(alone)),
    maxMs: tenths(Math.max(...alone)),
    perSecond: tenths(logIns / seconds),
  };
}

async function keysFile(folder: string, algorithm: (typeof ALGORITHMS)[number]): Promise<string> {
  const { privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  const path = join(folder, `${algorithm}.json`);
  const key = { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: algorithm };
  await writeFile(path, JSON.stringify({ keys: [key] }));
  return path;
}

function machineNow(): JwtBenchResult['machine'] {
  return { cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length, node: process.version };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Two tables for a terminal, with the parameters above them. */
export function formatJwtBench({ parameters, tokens, logIns, missing, machine }: JwtBenchResult): string {
  const tokenRows = tokens.map(({ algorithm, issueUs, verifyUs, length }) => [
    algorithm,
    `${issueUs} µs`,
    `${verifyUs} µs`,
    String(length),
  ]);
  const logInRows = (logIns ?? []).map(({ memoryKib, passes, logIns: count, medianMs, maxMs, perSecond }) => [
    `m=${memoryKib}, t=${passes}, p=1`,
    String(count),
    `${medianMs.toFixed(1)} ms`,
    `${maxMs.toFixed(1)} ms`,
    perSecond.toFixed(1),
  ]);
  return [
    `${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
    '',
    `access tokens, one at a time: medians of ${parameters.rounds} rounds of ${parameters.turnMs} ms`,
    ...alignColumns([['algorithm', 'issue', 'verify', 'characters'], ...tokenRows]),
    '',
    `log-ins over HTTP: one after the other for ${parameters.aloneMs} ms; a second by ${parameters.together} clients for ${parameters.togetherMs} ms`,
    ...(missing === undefined
      ? alignColumns([['Argon2id', 'log-ins', 'median', 'slowest', 'log-ins/s'], ...logInRows])
      : [`could not check: ${missing}`]),
  ].join('\n');
}
