import { isIPv4 } from 'node:net';

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly perSecond: number;
  readonly burst: number;
  readonly maxSources: number;
  readonly logIntervalMs: number;
}

export function variable(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** A whole number. Throws with the sentence to print. */
export function required(name: string, min: number, max: number, fallback?: number): number {
  return numeric(name, /^[0-9]{1,9}$/, { min, max, fallback });
}

function numeric(
  name: string,
  form: RegExp,
  { min, max, fallback }: { readonly min: number; readonly max: number; readonly fallback: number | undefined },
): number {
  const text = variable(name) ?? fallback?.toString();
  if (text === undefined || !form.test(text) || Number(text) < min || Number(text) > max) {
    throw new Error(`${name} is ${text === undefined ? 'missing' : `"${text}"`}; it can be ${min} to ${max}`);
  }
  return Number(text);
}

export function serverConfig(): ServerConfig {
  const host = variable('HOST') ?? '127.0.0.1';
  if (!isIPv4(host)) throw new Error(`HOST is "${host}"; it can be an IPv4 address`);
  return {
    host,
    port: required('PORT', 0, 65_535, 7_007),
    perSecond: numeric('RATE_LIMIT_PER_SECOND', /^[0-9]{1,9}(\.[0-9]+)?$/, {
      min: 0.001,
      max: 1_000_000,
      fallback: 1_000,
    }),
    burst: required('RATE_LIMIT_BURST', 1, 1_000_000, 1_000),
    maxSources: required('MAX_SOURCES', 1, 1_000_000, 10_000),
    logIntervalMs: required('LOG_INTERVAL_MS', 10, 60_000, 1_000),
  };
}
