/** The parts of the solution behind Fastify, with its own parsing, hooks and error handler. */
import { isUtf8 } from 'node:buffer';
import type { AddressInfo } from 'node:net';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { Pool } from 'pg';
import { AccessTokens, type Caller } from '../../solution/access-token.ts';
import { Accounts } from '../../solution/accounts.ts';
import { AttemptLimit } from '../../solution/attempt-limit.ts';
import { clientAddress } from '../../solution/client-address.ts';
import { isDatabaseGone } from '../../solution/database-gone.ts';
import { KeyRing } from '../../solution/key-ring.ts';
import { createLog } from '../../solution/log.ts';
import { LogIn } from '../../solution/log-in.ts';
import { isAcceptablePassword, Passwords, PasswordsBusy } from '../../solution/password.ts';
import { readTexts } from '../../solution/request-body.ts';
import { createTables } from '../../solution/schema.ts';
import { Sessions } from '../../solution/sessions.ts';
import { readSettings } from '../../solution/settings.ts';
import { answerUnreadable } from '../../solution/unreadable-request.ts';
import { canonicalUserName } from '../../solution/user-name.ts';

const reading = readSettings(process.env);
if (!reading.ok) stop(reading.problem);
const { settings } = reading;
const log = createLog(settings.logLevel);
const keys = await KeyRing.open({ path: settings.keysFile, reloadMs: settings.keysReloadMs, log }).catch(
  (error: Error) => stop(error.message),
);
const pool = new Pool({ connectionString: settings.databaseUrl });
pool.on('error', () => log.warn('database-connection-lost'));
await createTables(pool).catch(() => stop('the database does not answer'));
const passwords = await Passwords.open({ memoryKib: settings.argon2MemoryKib, passes: settings.argon2Passes });
const accounts = new Accounts(pool);
const sessions = new Sessions(pool, { ttlMs: settings.refreshTtlMs, graceMs: settings.refreshGraceMs });
const limits = { account: settings.loginAccountLimit, address: settings.loginAddressLimit };
const logIn = new LogIn(accounts, passwords, new AttemptLimit(settings.loginWindowMs), limits);
const { issuer, audience, accessTokenTtlS: ttlS, clockSkewS } = settings;
const tokens = new AccessTokens(keys, { issuer, audience, ttlS, clockSkewS });

const app = fastify({ bodyLimit: 16 * 1024, clientErrorHandler: answerUnreadable });
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => {
  if (!isUtf8(body)) throw notReadable();
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    throw notReadable();
  }
});

function notReadable(): Error {
  return Object.assign(new Error('the body is no JSON in UTF-8'), { statusCode: 400 });
}

const addressOf = ({ raw }: FastifyRequest) => clientAddress(raw, settings.proxyHops);

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Who are you?',
  403: 'For wardens',
  404: 'Nothing here',
  405: 'Not with this method',
  409: 'This name is taken',
  413: 'Too large',
  415: 'JSON, please',
  429: 'Too many attempts',
  503: 'Come back in a moment',
};

function refuse(reply: FastifyReply, status: number, headers: Readonly<Record<string, string>> = {}): FastifyReply {
  const body = { type: 'about:blank', title: TITLES[status] ?? 'Our fault', status };
  return reply.code(status).headers(headers).type('application/problem+json').send(JSON.stringify(body));
}

function challenge(error?: string): Record<string, string> {
  return { 'www-authenticate': error === undefined ? 'Bearer' : `Bearer error="${error}"` };
}

// After SIGTERM nobody is to wait for a next request on a connection.
app.addHook('onSend', async (_request, reply) => {
  if (!app.server.listening) reply.header('connection', 'close');
});

app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
  const { statusCode: status = 500, name } = error;
  if (error instanceof PasswordsBusy || isDatabaseGone(error)) return refuse(reply, 503, { 'retry-after': '1' });
  if (status >= 500) log.error({ name }, 'unexpected-error');
  return refuse(reply, status in TITLES ? status : 500);
});
app.setNotFoundHandler((_request, reply) => refuse(reply, 404));

async function callerOf(request: FastifyRequest, reply: FastifyReply): Promise<Caller | undefined> {
  const [scheme = '', ...rest] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer') {
    refuse(reply, 401, challenge());
    return undefined;
  }
  const caller = await tokens.verify(rest.join(' '));
  if (caller === undefined) refuse(reply, 401, challenge('invalid_token'));
  return caller;
}

async function sendTokens(reply: FastifyReply, accountId: string, role: string, refreshToken: string) {
  const accessToken = await tokens.issue({ accountId, roles: [role] });
  const body = { access_token: accessToken, token_type: 'Bearer', expires_in: ttlS, refresh_token: refreshToken };
  return reply.header('cache-control', 'no-store').send(body);
}

const tooMany = (reply: FastifyReply, waitMs: number) =>
  refuse(reply, 429, { 'retry-after': String(Math.ceil(waitMs / 1000)) });

app.post('/accounts', async (request, reply) => {
  const read = readTexts(request.body, ['username', 'password']);
  const username = read.ok ? canonicalUserName(read.texts.username) : undefined;
  if (!read.ok || username === undefined || !isAcceptablePassword(read.texts.password)) return refuse(reply, 400);
  const refused = logIn.admitRegistration(addressOf(request));
  if (refused) return tooMany(reply, refused.retryAfterMs);
  const profile = await accounts.create(username, await passwords.hash(read.texts.password));
  return profile === undefined ? refuse(reply, 409) : reply.code(201).send(profile);
});

app.get('/accounts', async (request, reply) => {
  const caller = await callerOf(request, reply);
  if (caller === undefined) return reply;
  if (!caller.roles.includes('warden')) return refuse(reply, 403, challenge('insufficient_scope'));
  return { accounts: await accounts.list() };
});

app.get('/accounts/me', async (request, reply) => {
  const caller = await callerOf(request, reply);
  if (caller === undefined) return reply;
  return (await accounts.find(caller.accountId)) ?? refuse(reply, 401, challenge('invalid_token'));
});

app.post('/sessions', async (request, reply) => {
  const read = readTexts(request.body, ['username', 'password']);
  if (!read.ok) return refuse(reply, 400);
  const result = await logIn.attempt({ ...read.texts, address: addressOf(request) });
  if (result.kind === 'too-many') return tooMany(reply, result.retryAfterMs);
  if (result.kind === 'wrong') return refuse(reply, 401, challenge());
  const { id, role } = result.profile;
  return sendTokens(reply, id, role, await sessions.start(id));
});

app.post('/sessions/refresh', async (request, reply) => {
  const read = readTexts(request.body, ['refresh_token']);
  if (!read.ok) return refuse(reply, 400);
  const rotation = await sessions.rotate(read.texts.refresh_token);
  if (rotation.kind !== 'rotated') return refuse(reply, 401, challenge());
  return sendTokens(reply, rotation.accountId, rotation.role, rotation.refreshToken);
});

app.post('/sessions/log-out', async (request, reply) => {
  const read = readTexts(request.body, ['refresh_token']);
  if (!read.ok) return refuse(reply, 400);
  await sessions.end(read.texts.refresh_token);
  return reply.code(204).send();
});

app.get('/.well-known/jwks.json', async (_request, reply) =>
  reply
    .header('cache-control', 'public, max-age=60')
    .type('application/jwk-set+json')
    .send(JSON.stringify(await keys.published())),
);

/** Fastify answers 404 to a method that a path does not have. */
const PATHS: Readonly<Record<string, readonly ('GET' | 'HEAD' | 'POST')[]>> = {
  '/accounts': ['GET', 'HEAD', 'POST'],
  '/accounts/me': ['GET', 'HEAD'],
  '/sessions': ['POST'],
  '/sessions/refresh': ['POST'],
  '/sessions/log-out': ['POST'],
  '/.well-known/jwks.json': ['GET', 'HEAD'],
};
for (const [url, allowed] of Object.entries(PATHS)) {
  const method = (['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).filter(
    (each) => !(allowed as readonly string[]).includes(each),
  );
  app.route({ method, url, handler: (_request, reply) => refuse(reply, 405, { allow: allowed.join(', ') }) });
}

await app.listen({ port: settings.port, host: settings.host });
process.stdout.write(`READY ${(app.server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => {
  void app
    .close()
    .then(() => pool.end())
    .then(() => process.exit(0));
});

function stop(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
