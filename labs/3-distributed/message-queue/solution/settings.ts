/** What the operator may choose, all of it by environment variables. Times are in milliseconds where nothing else is said. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly role: Role;
  readonly broker: BrokerName;
  readonly amqpUrl: string;
  /** `host:port` of each Kafka broker to begin with. */
  readonly kafkaBrokers: readonly string[];
  /** Undefined: the service itself. */
  readonly sqsEndpoint: string | undefined;
  readonly databaseUrl: string;
  /** What the names of queues, exchanges and topics begin with. */
  readonly queue: string;
  /** Messages that a worker holds of each queue. */
  readonly prefetch: number;
  readonly maxAttempts: number;
  readonly retryDelayMs: number;
  /** How often the broker hands a message out before it takes it for poison by itself. */
  readonly deliveryLimit: number;
  readonly visibilityTimeoutS: number;
  readonly heartbeatS: number;
  readonly publishTimeoutMs: number;
  readonly databaseTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
}

export type Role = 'all' | 'publisher' | 'worker' | 'redrive';
export type BrokerName = 'rabbitmq' | 'kafka' | 'sqs';

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problem: string };

const DAY_MS = 24 * 60 * 60 * 1000;
const ROLES: readonly string[] = ['all', 'publisher', 'worker', 'redrive'] satisfies Role[];
const BROKERS: readonly string[] = ['rabbitmq', 'kafka', 'sqs'] satisfies BrokerName[];

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
    // Number('1e4') is 10000 and parseInt('20x') is 20: only digits are digits.
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    problems.push(`${name} must be a whole number from ${min} to ${max}; it is "${text}"`);
    return fallback;
  };
  const oneOf = (name: string, known: readonly string[]): string => {
    const value = env[name] || (known[0] ?? '');
    if (!known.includes(value)) problems.push(`${name} must be one of ${known.join(', ')}; it is "${value}"`);
    return value;
  };
  /** The value holds a password, so it is not repeated. */
  const url = (name: string, schemes: RegExp, needed: boolean): string => {
    const value = env[name] ?? '';
    if (needed && !schemes.test(URL.parse(value)?.protocol ?? '')) problems.push(`${name} is not a URL of its kind`);
    return value;
  };

  const role = oneOf('ROLE', ROLES) as Role;
  const broker = oneOf('BROKER', BROKERS) as BrokerName;
  const queue = env.QUEUE || 'rewards';
  if (!/^[A-Za-z0-9._-]{1,60}$/.test(queue)) {
    problems.push(`QUEUE must have 1 to 60 letters, digits, dots, hyphens and underscores; it is "${queue}"`);
  }
  if (broker === 'sqs' && queue.includes('.'))
    problems.push(`QUEUE must have no dot where BROKER is sqs; it is "${queue}"`);
  const kafkaBrokers = (env.KAFKA_BROKERS ?? '').split(',').filter(Boolean);
  if (broker === 'kafka' && kafkaBrokers.length === 0) problems.push('KAFKA_BROKERS must name at least one host:port');

  const settings: Settings = {
    host: env.HOST || '127.0.0.1',
    port: wholeNumber('PORT', 8080, 0, 65_535),
    role,
    broker,
    amqpUrl: url('AMQP_URL', /^amqps?:$/, broker === 'rabbitmq'),
    kafkaBrokers,
    sqsEndpoint: env.SQS_ENDPOINT || undefined,
    databaseUrl: url('DATABASE_URL', /^postgres(ql)?:$/, role === 'all' || role === 'worker'),
    queue,
    prefetch: wholeNumber('PREFETCH', 20, 1, 1_000),
    maxAttempts: wholeNumber('MAX_ATTEMPTS', 5, 1, 100),
    retryDelayMs: wholeNumber('RETRY_DELAY_MS', 1_000, 1, 900_000),
    deliveryLimit: wholeNumber('DELIVERY_LIMIT', 20, 1, 1_000),
    visibilityTimeoutS: wholeNumber('VISIBILITY_TIMEOUT_S', 30, 1, 43_200),
    heartbeatS: wholeNumber('HEARTBEAT_S', 10, 1, 600),
    publishTimeoutMs: wholeNumber('PUBLISH_TIMEOUT_MS', 5_000, 1, DAY_MS),
    databaseTimeoutMs: wholeNumber('DATABASE_TIMEOUT_MS', 30_000, 1, DAY_MS),
    startTimeoutMs: wholeNumber('START_TIMEOUT_MS', 30_000, 1, DAY_MS),
    shutdownTimeoutMs: wholeNumber('SHUTDOWN_TIMEOUT_MS', 5_000, 1, DAY_MS),
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problem: problems.join('; ') };
}
