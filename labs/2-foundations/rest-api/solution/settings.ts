import { randomBytes } from 'node:crypto';

/** What the operator may choose, all of it by environment variables. Times are in milliseconds. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  /** `serve` brings the schema up to date first; the other two change the schema and end. */
  readonly task: 'serve' | 'migrate-up' | 'migrate-down';
  readonly poolSize: number;
  /** For each wait on the database: for a connection, for a statement. */
  readonly databaseTimeoutMs: number;
  /** How long the start waits for a database that does not answer yet. */
  readonly startTimeoutMs: number;
  readonly bodyLimitBytes: number;
  readonly headerTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** Signs cursors. */
  readonly cursorKey: string;
}

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problem: string };

const DAY_MS = 24 * 60 * 60 * 1000;
const MIN_KEY_CHARACTERS = 16;
const TASKS: Readonly<Record<string, Settings['task']>> = { '': 'serve', up: 'migrate-up', down: 'migrate-down' };

/**
 * Reads the settings. A wrong value is an expected outcome, hence a value and not an exception.
 *
 * @returns the settings, or one line that names the variable, what was expected and what came.
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

  const databaseUrl = env.DATABASE_URL ?? '';
  // The value holds a password, so it is not repeated.
  if (!/^postgres(ql)?:$/.test(URL.parse(databaseUrl)?.protocol ?? '')) {
    problems.push('DATABASE_URL must be a URL that begins with postgres:// or postgresql://');
  }
  const task = TASKS[env.MIGRATE ?? ''];
  if (task === undefined) problems.push(`MIGRATE must be up, down or empty; it is "${env.MIGRATE}"`);
  const cursorKey = env.CURSOR_KEY || randomBytes(32).toString('hex');
  if (cursorKey.length < MIN_KEY_CHARACTERS) {
    problems.push(`CURSOR_KEY must have at least ${MIN_KEY_CHARACTERS} characters; it has ${cursorKey.length}`);
  }

  const settings: Settings = {
    host: env.HOST || '127.0.0.1',
    port: wholeNumber('PORT', 8080, 0, 65_535),
    databaseUrl,
    task: task ?? 'serve',
    poolSize: wholeNumber('DATABASE_POOL_SIZE', 10, 1, 1_000),
    databaseTimeoutMs: wholeNumber('DATABASE_TIMEOUT_MS', 3_000, 1, DAY_MS),
    startTimeoutMs: wholeNumber('START_TIMEOUT_MS', 30_000, 1, DAY_MS),
    bodyLimitBytes: wholeNumber('BODY_LIMIT_BYTES', 65_536, 1_024, 1_073_741_824),
    headerTimeoutMs: wholeNumber('HEADER_TIMEOUT_MS', 10_000, 1, DAY_MS),
    requestTimeoutMs: wholeNumber('REQUEST_TIMEOUT_MS', 30_000, 1, DAY_MS),
    shutdownTimeoutMs: wholeNumber('SHUTDOWN_TIMEOUT_MS', 5_000, 1, DAY_MS),
    cursorKey,
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problem: problems.join('; ') };
}
