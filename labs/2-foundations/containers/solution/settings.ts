/** What the environment says, checked as a whole before anything starts. */
export interface Settings {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** Holds a password: it is passed to the driver and shown to nobody. */
  readonly databaseUrl: string;
  /** How long the server goes on accepting after SIGTERM, so that whoever routes to it can see that it leaves. */
  readonly shutdownDelayMs: number;
  /** From SIGTERM to the exit, whatever is still under way then. */
  readonly shutdownTimeoutMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Reading = { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly problem: string };

// #region settings
/** Reads the settings, or says in one line which variable is wrong. The value of DATABASE_URL is never shown. */
export function readSettings(environment: Environment): Reading {
  try {
    const settings: Settings = {
      host: environment.HOST || '127.0.0.1',
      port: wholeNumber(environment, 'PORT', { fallback: 8080, min: 0, max: 65_535 }),
      databaseUrl: postgresUrl(environment, 'DATABASE_URL'),
      shutdownDelayMs: wholeNumber(environment, 'SHUTDOWN_DELAY_MS', { fallback: 0, min: 0, max: 60_000 }),
      shutdownTimeoutMs: wholeNumber(environment, 'SHUTDOWN_TIMEOUT_MS', { fallback: 8_000, min: 1, max: 600_000 }),
    };
    return { ok: true, settings };
  } catch (error) {
    if (error instanceof BadSetting) return { ok: false, problem: error.message };
    throw error;
  }
}
// #endregion settings

class BadSetting extends Error {
  readonly code = 'BAD_SETTING';
}

interface Range {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

function wholeNumber(environment: Environment, name: string, { fallback, min, max }: Range): number {
  const text = environment[name];
  if (text === undefined || text === '') return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new BadSetting(`${name} must be a whole number from ${min} to ${max}; it is "${text}"`);
}

function postgresUrl(environment: Environment, name: string): string {
  const text = environment[name];
  if (!text) throw new BadSetting(`${name} is missing: set it to postgres://<user>:<password>@<host>/<database>`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'postgres:' || url.protocol === 'postgresql:') && url.hostname !== '') return text;
  throw new BadSetting(`${name} must be postgres://<user>:<password>@<host>/<database>; what it is stays unsaid here`);
}
