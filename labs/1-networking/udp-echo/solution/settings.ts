/** The program's configuration: read once, from the environment, and refused as a whole if any of it is wrong. */
import { isIPv4 } from 'node:net';

export interface ServerSettings {
  readonly role: 'server';
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tokensPerSecond: number;
  readonly burst: number;
  readonly maxSources: number;
  readonly logIntervalMs: number;
}

export interface ClientSettings {
  readonly role: 'client';
  readonly targetHost: string;
  readonly targetPort: number;
  readonly count: number;
  readonly intervalMs: number;
  readonly waitMs: number;
}

export type Settings = ServerSettings | ClientSettings;

/** A variable has a value that the program cannot run with. The message is for the person who set it. */
export class SettingsError extends Error {
  readonly code = 'BAD_SETTING';

  constructor(name: string, expected: string, value: string | undefined) {
    super(`${name} must be ${expected}; it is ${value === undefined ? 'not set' : JSON.stringify(value)}`);
    this.name = 'SettingsError';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Range {
  readonly min: number;
  readonly max: number;
  /** Absent: the variable must be set. */
  readonly fallback?: number;
  /** Default: whole numbers only. */
  readonly fractions?: boolean;
}

/** @throws SettingsError for the first variable that is wrong. */
export function readSettings(env: Environment): Settings {
  const role = env.ROLE || 'server';
  if (role === 'client') {
    return {
      role,
      targetHost: readAddress(env, 'TARGET_HOST'),
      targetPort: readNumber(env, 'TARGET_PORT', { min: 1, max: 65_535 }),
      count: readNumber(env, 'COUNT', { min: 1, max: 100_000, fallback: 100 }),
      intervalMs: readNumber(env, 'INTERVAL_MS', { min: 1, max: 60_000, fallback: 10 }),
      waitMs: readNumber(env, 'WAIT_MS', { min: 1, max: 60_000, fallback: 1_000 }),
    };
  }
  if (role !== 'server') throw new SettingsError('ROLE', '"server" or "client"', role);
  return {
    role,
    host: readAddress(env, 'HOST'),
    port: readNumber(env, 'PORT', { min: 0, max: 65_535, fallback: 7_007 }),
    tokensPerSecond: readNumber(env, 'RATE_LIMIT_PER_SECOND', {
      min: 0.001,
      max: 1_000_000,
      fallback: 1_000,
      fractions: true,
    }),
    burst: readNumber(env, 'RATE_LIMIT_BURST', { min: 1, max: 1_000_000, fallback: 1_000 }),
    maxSources: readNumber(env, 'MAX_SOURCES', { min: 1, max: 1_000_000, fallback: 10_000 }),
    logIntervalMs: readNumber(env, 'LOG_INTERVAL_MS', { min: 10, max: 60_000, fallback: 1_000 }),
  };
}

// #region read-number
/** Digits only: `Number` alone takes '', ' 7 ', '0x10' and '1e3' for numbers. */
function readNumber(env: Environment, name: string, { min, max, fallback, fractions = false }: Range): number {
  const text = env[name] || undefined;
  if (text === undefined && fallback !== undefined) return fallback;
  const value = (fractions ? /^\d+(\.\d+)?$/ : /^\d+$/).test(text ?? '') ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new SettingsError(name, `a ${fractions ? '' : 'whole '}number from ${min} to ${max}`, text);
  }
  return value;
}
// #endregion read-number

function readAddress(env: Environment, name: string): string {
  const text = env[name] || '127.0.0.1';
  if (!isIPv4(text)) throw new SettingsError(name, 'an IPv4 address such as 127.0.0.1', text);
  return text;
}
