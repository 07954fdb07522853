import type { CachePolicy } from './cache-aside.ts';

/** What the operator may choose, all of it by environment variables. Times are in milliseconds. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  /** For each wait on the database: for a connection, for a statement. */
  readonly databaseTimeoutMs: number;
  readonly redisUrl: string;
  readonly keyPrefix: string;
  /** For one answer of Redis. */
  readonly cacheTimeoutMs: number;
  readonly leaseMs: number;
  readonly policy: CachePolicy;
  readonly shutdownTimeoutMs: number;
}

export type SettingsResult =
  | { readonly ok: true; readonly role: 'server'; readonly settings: Settings }
  | { readonly ok: true; readonly role: 'policy'; readonly inputFile: string }
  | { readonly ok: false; readonly problem: string };

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Reads the settings. A wrong value is an expected outcome, hence a value and not an exception.
 *
 * @returns the settings, or one line that names each variable that is wrong, what was expected and what came.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): SettingsResult {
  const problems: string[] = [];

  const number = (name: string, fallback: number, min: number, max: number, form = /^[0-9]+$/): number => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    const value = form.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    problems.push(`${name} must be a number from ${min} to ${max}; it is "${text}"`);
    return fallback;
  };
  // Both hold passwords, so the values are not repeated.
  const url = (name: string, schemes: RegExp, form: string): string => {
    const text = env[name] ?? '';
    if (!schemes.test(URL.parse(text)?.protocol ?? '')) problems.push(`${name} must be a URL that begins with ${form}`);
    return text;
  };

  const role = env.ROLE || 'server';
  if (role === 'policy') {
    const inputFile = env.POLICY_INPUT ?? '';
    if (inputFile === '') return { ok: false, problem: 'POLICY_INPUT must name a file; it is not set' };
    return { ok: true, role, inputFile };
  }
  if (role !== 'server') problems.push(`ROLE must be "server" or "policy"; it is "${role}"`);

  const settings: Settings = {
    host: env.HOST || '127.0.0.1',
    port: number('PORT', 8080, 0, 65_535),
    databaseUrl: url('DATABASE_URL', /^postgres(ql)?:$/, 'postgres:// or postgresql://'),
    databasePoolSize: number('DATABASE_POOL_SIZE', 10, 1, 1_000),
    databaseTimeoutMs: number('DATABASE_TIMEOUT_MS', 2_000, 1, DAY_MS),
    redisUrl: url('REDIS_URL', /^rediss?:$/, 'redis:// or rediss://'),
    keyPrefix: env.KEY_PREFIX ?? '',
    cacheTimeoutMs: number('CACHE_TIMEOUT_MS', 100, 1, DAY_MS),
    leaseMs: number('LEASE_MS', 10_000, 1, DAY_MS),
    policy: {
      ttlMs: number('CACHE_TTL_MS', 60_000, 1, DAY_MS),
      jitterPercent: number('CACHE_JITTER_PERCENT', 10, 0, 100),
      staleMs: number('CACHE_STALE_MS', 30_000, 0, DAY_MS),
      negativeTtlMs: number('CACHE_NEGATIVE_TTL_MS', 5_000, 1, DAY_MS),
      beta: number('CACHE_BETA', 1, 0, 1_000_000_000, /^[0-9]+(\.[0-9]+)?$/),
      maxEntryBytes: number('CACHE_MAX_ENTRY_BYTES', 65_536, 1, 512 * 1024 * 1024),
      waitMs: number('CACHE_WAIT_MS', 1_000, 0, DAY_MS),
      format: number('CACHE_FORMAT', 1, 1, 1_000_000),
    },
    shutdownTimeoutMs: number('SHUTDOWN_TIMEOUT_MS', 5_000, 1, DAY_MS),
  };
  return problems.length === 0 ? { ok: true, role: 'server', settings } : { ok: false, problem: problems.join('; ') };
}
