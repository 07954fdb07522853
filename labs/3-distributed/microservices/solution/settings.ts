import { randomBytes } from 'node:crypto';

/** What the operator may choose, all of it by environment variables. Times are in milliseconds. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  /** Begins the name of every exchange and queue. */
  readonly amqpPrefix: string;
  /** How long the gateway waits for the services behind it, over all calls of a request. */
  readonly upstreamTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** What the gateway shows to the services, and nobody else can. */
  readonly internalSecret: string;
  /** Signs tokens. */
  readonly tokenKey: string;
  /** See drill.ts; empty: none. */
  readonly drillFolder: string;
}

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problem: string };

const DAY_MS = 24 * 60 * 60 * 1000;
const MIN_SECRET_CHARACTERS = 16;
const MAX_PREFIX_CHARACTERS = 64;

/** @returns the settings, or one line that names the variable, what was expected and, unless it is secret, what came. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): SettingsResult {
  const problems: string[] = [];
  const wholeNumber = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    problems.push(`${name} must be a whole number from ${min} to ${max}; it is "${text}"`);
    return fallback;
  };
  const address = (name: string, protocol: RegExp, schemes: string): string => {
    const url = env[name] ?? '';
    // The value holds a password, so it is not repeated.
    if (!protocol.test(URL.parse(url)?.protocol ?? ''))
      problems.push(`${name} must be a URL that begins with ${schemes}`);
    return url;
  };
  const secret = (name: string): string => {
    const value = env[name] || randomBytes(32).toString('hex');
    if (value.length < MIN_SECRET_CHARACTERS)
      problems.push(`${name} must have at least ${MIN_SECRET_CHARACTERS} characters`);
    return value;
  };
  const amqpPrefix = env.AMQP_PREFIX || 'tavern.';
  if (amqpPrefix.length > MAX_PREFIX_CHARACTERS) {
    problems.push(`AMQP_PREFIX may have ${MAX_PREFIX_CHARACTERS} characters at the most; it is "${amqpPrefix}"`);
  }
  const settings: Settings = {
    host: env.HOST || '127.0.0.1',
    port: wholeNumber('PORT', 8080, 0, 65_535),
    databaseUrl: address('DATABASE_URL', /^postgres(ql)?:$/, 'postgres:// or postgresql://'),
    amqpUrl: address('AMQP_URL', /^amqps?:$/, 'amqp:// or amqps://'),
    amqpPrefix,
    upstreamTimeoutMs: wholeNumber('UPSTREAM_TIMEOUT_MS', 2_000, 1, DAY_MS),
    shutdownTimeoutMs: wholeNumber('SHUTDOWN_TIMEOUT_MS', 5_000, 1, DAY_MS),
    internalSecret: secret('INTERNAL_SECRET'),
    tokenKey: secret('TOKEN_KEY'),
    drillFolder: env.DRILL_DIR ?? '',
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problem: problems.join('; ') };
}
