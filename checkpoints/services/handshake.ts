import type { Service } from '../../labs/course-schema.ts';

/** What a server answered to the first words of its own protocol. */
export type Handshake =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly reason: string; readonly refused?: boolean };

/** A server that takes longer is of no use to a lab either. */
const TIMEOUT_MS = 3_000;

/** The features that labs may use are those of these versions. */
export const MINIMUM_VERSIONS: Readonly<Record<Service, readonly [number, number]>> = {
  postgresql: [15, 0],
  redis: [7, 0],
  rabbitmq: [3, 10],
};

/**
 * Speaks to the server at `url` in its own protocol, logs in, and asks for its version. An open port alone says nothing.
 * Never rejects; the reason names host and port, and no password.
 */
export async function shakeHands(service: Service, url: string, timeoutMs: number = TIMEOUT_MS): Promise<Handshake> {
  const at = hostOf(url);
  if (at === undefined) return { ok: false, reason: `the address is not a URL such as ${EXAMPLES[service]}` };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    const version = await Promise.race([GREETINGS[service](url, timeoutMs), late]);
    const [needMajor, needMinor] = MINIMUM_VERSIONS[service];
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major > needMajor || (major === needMajor && minor >= needMinor)) return { ok: true, version };
    return { ok: false, reason: `${at} runs version ${version}; the labs need ${needMajor}.${needMinor} or newer` };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const what = code === 'ECONNREFUSED' ? 'nobody listens there' : message || code || String(error);
    return { ok: false, reason: `${at}: ${what.split('\n')[0]}`, refused: code === 'ECONNREFUSED' };
  } finally {
    clearTimeout(timer);
  }
}

export const EXAMPLES: Readonly<Record<Service, string>> = {
  postgresql: 'postgres://postgres@127.0.0.1:5432/postgres',
  redis: 'redis://127.0.0.1:6379',
  rabbitmq: 'amqp://guest:guest@127.0.0.1:5672',
};

// The clients are loaded when they are needed: most commands ask no service at all.
const GREETINGS: Readonly<Record<Service, (url: string, timeoutMs: number) => Promise<string>>> = {
  postgresql: async (url, timeoutMs) => {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    // After the time is up an error may still come; there is nobody left to tell.
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      return rows[0]?.server_version ?? '';
    } finally {
      void client.end().catch(() => {});
    }
  },
  redis: async (url, timeoutMs) => {
    const { createClient } = await import('redis');
    const client = createClient({ url, socket: { connectTimeout: timeoutMs, reconnectStrategy: false } });
    client.on('error', () => {});
    try {
      await client.connect();
      const info = await client.info('server');
      return /^redis_version:(\S+)/m.exec(info)?.[1] ?? '';
    } finally {
      client.destroy();
    }
  },
  rabbitmq: async (url, timeoutMs) => {
    const { connect } = await import('amqplib');
    const connection = await connect(url, { timeout: timeoutMs });
    connection.on('error', () => {});
    const { version } = connection.connection.serverProperties;
    void connection.close().catch(() => {});
    return String(version);
  },
};

function hostOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  return new URL(url).host || undefined;
}
