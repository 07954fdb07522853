/** What the operator may choose, all of it by environment variables. Each name carries its unit. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly keysFile: string;
  readonly keysReloadMs: number;
  readonly issuer: string;
  readonly audience: string;
  readonly accessTokenTtlS: number;
  readonly clockSkewS: number;
  readonly refreshTtlMs: number;
  readonly refreshGraceMs: number;
  readonly loginAccountLimit: number;
  readonly loginAddressLimit: number;
  readonly loginWindowMs: number;
  readonly proxyHops: number;
  readonly argon2MemoryKib: number;
  readonly argon2Passes: number;
  readonly logLevel: string;
}

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problem: string };

const DAY_MS = 24 * 60 * 60 * 1000;
const LOG_LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'];

/**
 * Reads the settings. A wrong value is an expected outcome, hence a value and not an exception.
 *
 * @returns the settings, or one line that names each wrong variable. The line never shows a URL: it holds a password.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): SettingsResult {
  const problems: string[] = [];

  const wholeNumber = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    // Number('1e4') is 10000 and parseInt('8080x') is 8080: only digits are digits.
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    problems.push(`${name} must be a whole number from ${min} to ${max}; it is "${text}"`);
    return fallback;
  };
  const needed = (name: string, what: string): string => {
    const text = env[name] ?? '';
    if (text === '') problems.push(`${name} is not set: give ${what}`);
    return text;
  };

  const logLevel = env.LOG_LEVEL || 'info';
  if (!LOG_LEVELS.includes(logLevel)) {
    problems.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}; it is "${logLevel}"`);
  }
  const settings: Settings = {
    host: env.HOST || '127.0.0.1',
    port: wholeNumber('PORT', 7021, 0, 65_535),
    databaseUrl: needed('DATABASE_URL', 'the URL of a PostgreSQL database'),
    keysFile: needed('KEYS_FILE', 'the path of a JWK Set with private keys'),
    keysReloadMs: wholeNumber('KEYS_RELOAD_MS', 30_000, 1, DAY_MS),
    issuer: env.ISSUER || 'https://accounts.tavern.example',
    audience: env.AUDIENCE || 'https://api.tavern.example',
    accessTokenTtlS: wholeNumber('ACCESS_TOKEN_TTL_S', 300, 1, 3_600),
    // RFC 7519 §4.1.4 speaks of "no more than a few minutes"; one is plenty where clocks are synchronized.
    clockSkewS: wholeNumber('CLOCK_SKEW_S', 5, 0, 60),
    refreshTtlMs: wholeNumber('REFRESH_TTL_MS', 30 * DAY_MS, 1, 365 * DAY_MS),
    refreshGraceMs: wholeNumber('REFRESH_GRACE_MS', 10_000, 0, 60_000),
    loginAccountLimit: wholeNumber('LOGIN_ACCOUNT_LIMIT', 10, 1, 1_000_000),
    loginAddressLimit: wholeNumber('LOGIN_ADDRESS_LIMIT', 50, 1, 1_000_000),
    loginWindowMs: wholeNumber('LOGIN_WINDOW_MS', 15 * 60_000, 1, DAY_MS),
    proxyHops: wholeNumber('PROXY_HOPS', 0, 0, 10),
    argon2MemoryKib: wholeNumber('ARGON2_MEMORY_KIB', 19_456, 19_456, 1_048_576),
    argon2Passes: wholeNumber('ARGON2_PASSES', 2, 2, 100),
    logLevel,
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problem: problems.join('; ') };
}
