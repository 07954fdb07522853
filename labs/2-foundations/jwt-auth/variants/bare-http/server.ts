/** The same contract on bare node:http and node:crypto, with sessions as one row each. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Pool } from 'pg';
import { type Account, Store } from './store.ts';
import { issueToken, type Key, readKeys, verifyToken } from './token.ts';

const MAX_BODY_BYTES = 16_384;
const UNITS: readonly (readonly [name: string, fallback: number, min: number, max: number])[] = [
  ['PORT', 7021, 0, 65_535],
  ['KEYS_RELOAD_MS', 30_000, 1, 86_400_000],
  ['ACCESS_TOKEN_TTL_S', 300, 1, 3_600],
  ['CLOCK_SKEW_S', 5, 0, 60],
  ['REFRESH_TTL_MS', 2_592_000_000, 1, 31_536_000_000],
  ['REFRESH_GRACE_MS', 10_000, 0, 60_000],
  ['LOGIN_ACCOUNT_LIMIT', 10, 1, 1_000_000],
  ['LOGIN_ADDRESS_LIMIT', 50, 1, 1_000_000],
  ['LOGIN_WINDOW_MS', 900_000, 1, 86_400_000],
  ['PROXY_HOPS', 0, 0, 10],
  ['ARGON2_MEMORY_KIB', 19_456, 19_456, 1_048_576],
  ['ARGON2_PASSES', 2, 2, 100],
];

const env = process.env;
const numbers = new Map(
  UNITS.map(([name, fallback, min, max]) => {
    const text = env[name] || String(fallback);
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) giveUp(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
    return [name, value];
  }),
);
const setting = (name: string): number => numbers.get(name) ?? 0;
const cost = { memoryCost: setting('ARGON2_MEMORY_KIB'), timeCost: setting('ARGON2_PASSES'), parallelism: 1 };
const rules = {
  issuer: env.ISSUER || 'https://accounts.tavern.example',
  audience: env.AUDIENCE || 'https://api.tavern.example',
  ttlS: setting('ACCESS_TOKEN_TTL_S'),
  skewS: setting('CLOCK_SKEW_S'),
};
for (const name of ['DATABASE_URL', 'KEYS_FILE']) if (!env[name]) giveUp(`${name} is not set`);
let keys: readonly Key[] = await readKeys(env.KEYS_FILE ?? '').catch((error: Error) => giveUp(error.message));
// A timer instead of a look with each request: the brief leaves the choice.
setInterval(() => {
  readKeys(env.KEYS_FILE ?? '').then(
    (read) => {
      keys = read;
    },
    (error: Error) => console.error(error.message),
  );
}, setting('KEYS_RELOAD_MS')).unref();

const pool = new Pool({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 5_000 });
pool.on('error', () => console.error('a connection to the database broke'));
const store = new Store(pool);
await store.prepare().catch((error: { code?: string }) => giveUp(`no database: ${error.code ?? 'it does not answer'}`));
const nobody = await hash(randomBytes(24).toString('hex'), cost);

interface Reply {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What ends the handling of a request early. */
class Refusal extends Error {
  readonly reply: Reply;

  constructor(status: number, title: string, headers: Readonly<Record<string, string>> = {}) {
    super(title);
    this.reply = { status, body: { type: 'about:blank', title, status }, headers };
  }
}

const CHALLENGE = 'Bearer realm="tavern"';
const badCredentials = () => new Refusal(401, 'Wrong user name or password', { 'www-authenticate': CHALLENGE });

/** Failures of the window by key, with their moments; a timer forgets each. At most as many as there is room for. */
const failures = new Map<string, Map<number, number>>();
let serial = 0;

/** Counts an attempt for each key, or refuses it. @returns what takes the attempt back. */
function attempt(limits: readonly (readonly [key: string, limit: number])[]): () => void {
  const windowMs = setting('LOGIN_WINDOW_MS');
  for (const [key, limit] of limits) {
    const [oldest, ...others] = failures.get(key)?.values() ?? [];
    if (oldest === undefined || others.length + 1 < limit) continue;
    const waitMs = Math.max(1, oldest + windowMs - performance.now());
    throw new Refusal(429, 'Too many attempts', { 'retry-after': String(Math.ceil(waitMs / 1000)) });
  }
  const id = serial++;
  const forget = () => {
    for (const [key] of limits) {
      const marks = failures.get(key);
      marks?.delete(id);
      if (marks?.size === 0) failures.delete(key);
    }
  };
  for (const [key] of limits) failures.set(key, (failures.get(key) ?? new Map()).set(id, performance.now()));
  setTimeout(forget, windowMs).unref();
  return forget;
}

const MAX_HASHING = 64;
let hashing = 0;

/** Every use of Argon2 comes through here, under way or waiting for a thread. */
async function hashed<T>(work: () => Promise<T>): Promise<T> {
  if (hashing >= MAX_HASHING) throw unavailable();
  hashing += 1;
  try {
    return await work();
  } finally {
    hashing -= 1;
  }
}

function unavailable(): Refusal {
  return new Refusal(503, 'Come back in a moment', { 'retry-after': '1' });
}

type Route = (req: IncomingMessage) => Promise<Reply>;

const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/accounts': {
    POST: async (req) => {
      const [typed = '', password = ''] = await texts(req, ['username', 'password']);
      const username = canonical(typed);
      const length = [...password.normalize('NFC')].length;
      if (username === undefined || length < 12 || length > 128) throw new Refusal(400, 'Not acceptable as an account');
      attempt([[`from ${addressOf(req)}`, setting('LOGIN_ADDRESS_LIMIT')]]);
      const account = await store.addAccount(username, await hashed(() => hash(password.normalize('NFC'), cost)));
      if (account === undefined) throw new Refusal(409, 'This name is taken');
      return { status: 201, body: profileOf(account) };
    },
    GET: async (req) => {
      if (!bearer(req).roles.includes('warden')) {
        throw new Refusal(403, 'For wardens', { 'www-authenticate': `${CHALLENGE}, error="insufficient_scope"` });
      }
      return { status: 200, body: { accounts: await store.accounts() } };
    },
  },
  '/accounts/me': {
    GET: async (req) => {
      const account = await store.account('id', bearer(req).accountId);
      if (account === undefined) throw invalidToken();
      return { status: 200, body: profileOf(account) };
    },
  },
  '/sessions': {
    POST: async (req) => {
      const [typed = '', password = ''] = await texts(req, ['username', 'password']);
      const name = canonical(typed) ?? '';
      const account = name === '' ? undefined : await store.account('username', name);
      const from = addressOf(req);
      const isHome = account?.homes.includes(from) ?? false;
      const takeBack = attempt([
        [`from ${from}`, setting('LOGIN_ADDRESS_LIMIT')],
        [isHome ? `${name} at home ${from}` : `strangers to ${name}`, setting('LOGIN_ACCOUNT_LIMIT')],
      ]);
      const isRight = await hashed(() => verify(account?.hash ?? nobody, password.normalize('NFC'))).catch((error) => {
        takeBack();
        throw error;
      });
      if (!isRight || account === undefined) throw badCredentials();
      takeBack();
      const { memoryCost, timeCost } = parseOptions(account.hash);
      const isWeak = memoryCost < cost.memoryCost || timeCost < cost.timeCost;
      await store.welcome(
        account.id,
        from,
        isWeak ? await hashed(() => hash(password.normalize('NFC'), cost)) : account.hash,
      );
      return pair(account, await store.begin(account.id, setting('REFRESH_TTL_MS')));
    },
  },
  '/sessions/refresh': {
    POST: async (req) => {
      const [token = ''] = await texts(req, ['refresh_token']);
      const rotated = await store.rotate(token, setting('REFRESH_GRACE_MS'));
      const account = rotated && (await store.account('id', rotated.account));
      if (!account) throw new Refusal(401, 'This refresh token is not good', { 'www-authenticate': CHALLENGE });
      return pair(account, rotated.token);
    },
  },
  '/sessions/log-out': {
    POST: async (req) => {
      const [token = ''] = await texts(req, ['refresh_token']);
      await store.end(token);
      return { status: 204 };
    },
  },
  '/.well-known/jwks.json': {
    GET: async () => ({
      status: 200,
      body: { keys: keys.map(({ jwk }) => jwk) },
      headers: { 'content-type': 'application/jwk-set+json', 'cache-control': 'max-age=60' },
    }),
  },
};

const server = createServer(async (req, res) => {
  const { pathname } = new URL(req.url ?? '/', 'http://tavern');
  const { status, body, headers } = await answer(req, pathname).catch((error: unknown) => {
    if (error instanceof Refusal) return error.reply;
    if (isDatabaseGone(error as Error & { code?: string })) return unavailable().reply;
    console.error('unexpected', (error as Error).name, (error as { code?: string }).code ?? '');
    return new Refusal(500, 'Our fault').reply;
  });
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  // What is left of a body that was refused is read and thrown away, so that the connection can go on.
  req.resume();
  // Nobody is to wait for a next request on this connection.
  if (!server.listening) res.shouldKeepAlive = false;
  res.writeHead(status, { ...(body ? { 'content-type': type } : {}), 'cache-control': 'no-store', ...headers });
  res.end(body && JSON.stringify(body));
  console.error(req.method, pathname.slice(0, 100), status);
});
server.listen(setting('PORT'), env.HOST || '127.0.0.1', () => {
  console.log(`READY ${(server.address() as AddressInfo).port}`);
});
server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const body = JSON.stringify({ type: 'about:blank', title: 'This is no request', status });
  const head = `content-type: application/problem+json\r\ncontent-length: ${body.length}\r\nconnection: close`;
  if (socket.writable) socket.end(`HTTP/1.1 ${status} \r\n${head}\r\n\r\n${body}`);
});
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

async function answer(req: IncomingMessage, pathname: string): Promise<Reply> {
  const methods = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
  if (methods === undefined) throw new Refusal(404, 'Nothing here');
  const route = methods[req.method ?? ''];
  if (route === undefined) throw new Refusal(405, 'Not with this method', { allow: Object.keys(methods).join(', ') });
  return route(req);
}

/** By PostgreSQL's own codes, the system's, and the words of the driver, which has no codes for what it notices. */
function isDatabaseGone({ code = '', message }: Error & { code?: string }): boolean {
  return /^(08|53|57)...$|^E[A-Z]+$/.test(code) || /^(Connection|Client|timeout)/.test(message);
}

async function texts(req: IncomingMessage, names: readonly string[]): Promise<string[]> {
  if (!/^application\/json\s*(;|$)/i.test(req.headers['content-type'] ?? '')) throw new Refusal(415, 'JSON, please');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, 'Too large');
    chunks.push(chunk as Buffer);
  }
  const body = parsed(Buffer.concat(chunks));
  const values = names.map((name) => (Object.hasOwn(body, name) ? body[name] : undefined));
  const isRight = values.every((value) => typeof value === 'string' && value.isWellFormed());
  if (!isRight || Object.keys(body).length !== names.length) throw new Refusal(400, 'Not the body that was asked for');
  return values as string[];
}

function parsed(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Not JSON: the same answer as for JSON that is no object.
  }
  throw new Refusal(400, 'Not a JSON object');
}

function bearer(req: IncomingMessage) {
  const [, token] = /^bearer(?:\s+(.*))?$/i.exec(`${req.headers.authorization ?? ''}`) ?? [];
  if (token === undefined && !/^bearer$/i.test(req.headers.authorization ?? '')) {
    throw new Refusal(401, 'An access token is needed', { 'www-authenticate': CHALLENGE });
  }
  const found = verifyToken(token ?? '', keys, rules);
  if (found === undefined) throw invalidToken();
  return found;
}

function invalidToken(): Refusal {
  return new Refusal(401, 'Not a valid access token', { 'www-authenticate': `${CHALLENGE}, error="invalid_token"` });
}

function pair(account: Account, refreshToken: string): Reply {
  const [key] = keys;
  if (key === undefined) throw new Error('there is a first key');
  const accessToken = issueToken(key, rules, account.id, account.role);
  const body = { access_token: accessToken, token_type: 'Bearer', expires_in: rules.ttlS, refresh_token: refreshToken };
  return { status: 200, body };
}

function profileOf({ id, username, role }: Account) {
  return { id, username, role };
}

function canonical(text: string): string | undefined {
  const name = text.normalize('NFKC').toLowerCase().normalize('NFKC');
  return /^[\p{L}\p{N}_.-]{3,32}$/u.test(name) ? name : undefined;
}

function addressOf(req: IncomingMessage): string {
  const entries = String(req.headers['x-forwarded-for'] ?? '').split(',');
  const entry = setting('PROXY_HOPS') > 0 ? entries.at(-setting('PROXY_HOPS'))?.trim() : undefined;
  return entry || (req.socket.remoteAddress ?? '');
}

function giveUp(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
