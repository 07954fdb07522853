import type { HouseRules } from './tavern.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly maxPendingBytes: number;
  readonly drainTimeoutMs: number;
  readonly rules: HouseRules;
}

/** The environment asks for something that cannot be. Nothing was started. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
}

type Environment = Readonly<Record<string, string | undefined>>;

const HOUR_MS = 3_600_000;

/** @throws ConfigError that names the variable, what was expected and what came. */
export function readConfig(env: Environment): Config {
  // #region whole-number
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name] || String(fallback);
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new ConfigError(`${name} must be a whole number from ${min} to ${max}; it is ${JSON.stringify(text)}`);
  };
  // #endregion whole-number
  return {
    host: env.HOST || '127.0.0.1',
    port: number('PORT', 7_070, 0, 65_535),
    maxPendingBytes: number('MAX_PENDING_BYTES', 1_048_576, 4_096, 1_073_741_824),
    drainTimeoutMs: number('DRAIN_TIMEOUT_MS', 2_000, 10, 60_000),
    rules: {
      maxClients: number('MAX_CLIENTS', 1_000, 1, 10_000),
      maxRooms: number('MAX_ROOMS', 100, 1, 10_000),
      rateLimit: {
        perSecond: number('RATE_LIMIT_PER_SECOND', 20, 1, 1_000_000),
        burst: number('RATE_LIMIT_BURST', 40, 1, 1_000_000),
      },
      timeouts: {
        handshakeTimeoutMs: number('HANDSHAKE_TIMEOUT_MS', 10_000, 10, HOUR_MS),
        heartbeatIntervalMs: number('HEARTBEAT_INTERVAL_MS', 15_000, 10, HOUR_MS),
        heartbeatTimeoutMs: number('HEARTBEAT_TIMEOUT_MS', 10_000, 10, HOUR_MS),
      },
    },
  };
}
