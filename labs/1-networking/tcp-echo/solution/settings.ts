/** What the operator may choose, all of it by environment variables. Times are in milliseconds. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
}

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problem: string };

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Reads the settings. A wrong value is an expected outcome, hence a value and not an exception.
 *
 * @returns the settings, or one line that names the variable, what was expected and what came.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): SettingsResult {
  const problems: string[] = [];

  // #region whole-number
  const wholeNumber = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    // Number('1e4') is 10000, Number(' ') is 0 and parseInt('8080x') is 8080: only digits are digits.
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    problems.push(`${name} must be a whole number from ${min} to ${max}; it is "${text}"`);
    return fallback;
  };
  // #endregion whole-number

  const settings: Settings = {
    host: env.HOST || '127.0.0.1',
    port: wholeNumber('PORT', 7007, 0, 65_535),
    maxConnections: wholeNumber('MAX_CONNECTIONS', 4_096, 1, 1_000_000),
    idleTimeoutMs: wholeNumber('IDLE_TIMEOUT_MS', 60_000, 1, DAY_MS),
    shutdownTimeoutMs: wholeNumber('SHUTDOWN_TIMEOUT_MS', 5_000, 1, DAY_MS),
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problem: problems.join('; ') };
}
