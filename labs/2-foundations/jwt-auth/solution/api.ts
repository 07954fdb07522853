import { isUtf8 } from 'node:buffer';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { AccessTokens } from './access-token.ts';
import type { Accounts, Profile } from './accounts.ts';
import { callerOf, requireRole, requireToken } from './bearer.ts';
import { clientAddress } from './client-address.ts';
import { isDatabaseGone } from './database-gone.ts';
import type { KeyRing } from './key-ring.ts';
import { type Logger, logRequests } from './log.ts';
import type { LogIn } from './log-in.ts';
import { isAcceptablePassword, type Passwords, PasswordsBusy } from './password.ts';
import { sendProblem } from './problem.ts';
import { readTexts } from './request-body.ts';
import type { Sessions } from './sessions.ts';
import { canonicalUserName } from './user-name.ts';

const MAX_BODY_BYTES = 16 * 1024;
const JWKS_MAX_AGE_S = 300;

export interface ApiParts {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly logIn: LogIn;
  readonly passwords: Passwords;
  readonly tokens: AccessTokens;
  readonly keys: KeyRing;
  readonly accessTokenTtlS: number;
  readonly proxyHops: number;
  readonly log: Logger;
}

/** The routes. Which status an outcome gets is decided here and nowhere else. */
export function createApi(parts: ApiParts): Express {
  const { accounts, sessions, logIn, passwords, tokens, keys, log } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.use(logRequests(log));
  const json = express.json({ limit: MAX_BODY_BYTES, strict: false, inflate: false, verify: requireUtf8 });
  const signedIn = requireToken(tokens);
  const addressOf = (req: Request) => clientAddress(req, parts.proxyHops);

  const sendTokens = async (res: Response, { id, role }: Pick<Profile, 'id' | 'role'>, refreshToken: string) => {
    const accessToken = await tokens.issue({ accountId: id, roles: [role] });
    // RFC 6749 §5.1: what holds tokens is not to be stored by anybody on the way.
    res.set('Cache-Control', 'no-store').json({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: parts.accessTokenTtlS,
      refresh_token: refreshToken,
    });
  };

  app
    .route('/accounts')
    .post(requireJson, json, async (req, res) => {
      const read = readTexts(req.body, ['username', 'password']);
      if (!read.ok) return sendProblem(res, 'invalid-request', read.problem);
      const username = canonicalUserName(read.texts.username);
      if (username === undefined) {
        return sendProblem(res, 'invalid-request', 'username has 3 to 32 letters, digits, "_", "." or "-"');
      }
      if (!isAcceptablePassword(read.texts.password)) {
        return sendProblem(res, 'invalid-request', 'password has 12 to 128 characters');
      }
      const refused = logIn.admitRegistration(addressOf(req));
      if (refused) return tooMany(res, refused.retryAfterMs);
      const profile = await accounts.create(username, await passwords.hash(read.texts.password));
      if (profile === undefined) return sendProblem(res, 'name-taken');
      log.info({ account: profile.id }, 'registered');
      res.status(201).location('/accounts/me').json(profile);
    })
    .get(signedIn, requireRole('warden'), async (_req, res) => {
      res.set('Cache-Control', 'no-store').json({ accounts: await accounts.list() });
    })
    .all(onlyMethods('GET, HEAD, POST'));

  app
    .route('/accounts/me')
    .get(signedIn, async (_req, res) => {
      const profile = await accounts.find(callerOf(res).accountId);
      // Signed by us, and about nobody: the account has gone since.
      if (profile === undefined) return sendProblem(res, 'invalid-token');
      res.set('Cache-Control', 'no-store').json(profile);
    })
    .all(onlyMethods('GET, HEAD'));

  // #region log-in-route
  app
    .route('/sessions')
    .post(requireJson, json, async (req, res) => {
      const read = readTexts(req.body, ['username', 'password']);
      if (!read.ok) return sendProblem(res, 'invalid-request', read.problem);
      const result = await logIn.attempt({ ...read.texts, address: addressOf(req) });
      if (result.kind === 'too-many') return tooMany(res, result.retryAfterMs);
      if (result.kind === 'wrong') {
        // Without the name: people type their password into that field.
        log.info({ address: addressOf(req) }, 'log-in-refused');
        return sendProblem(res, 'bad-credentials');
      }
      log.info({ account: result.profile.id }, 'logged-in');
      await sendTokens(res, result.profile, await sessions.start(result.profile.id));
    })
    .all(onlyMethods('POST'));
  // #endregion log-in-route

  app
    .route('/sessions/refresh')
    .post(requireJson, json, async (req, res) => {
      const read = readTexts(req.body, ['refresh_token']);
      if (!read.ok) return sendProblem(res, 'invalid-request', read.problem);
      const rotation = await sessions.rotate(read.texts.refresh_token);
      if (rotation.kind === 'reused') log.warn({ session: rotation.sessionId }, 'refresh-token-reused');
      // The client is not told which of the two it is.
      if (rotation.kind !== 'rotated') return sendProblem(res, 'invalid-refresh-token');
      await sendTokens(res, { id: rotation.accountId, role: rotation.role }, rotation.refreshToken);
    })
    .all(onlyMethods('POST'));

  app
    .route('/sessions/log-out')
    .post(requireJson, json, async (req, res) => {
      const read = readTexts(req.body, ['refresh_token']);
      if (!read.ok) return sendProblem(res, 'invalid-request', read.problem);
      await sessions.end(read.texts.refresh_token);
      // Also for a token that we do not know: what was asked for is the case (RFC 7009 §2.2).
      res.status(204).end();
    })
    .all(onlyMethods('POST'));

  app
    .route('/.well-known/jwks.json')
    .get(async (_req, res) => {
      res
        .set('Cache-Control', `public, max-age=${JWKS_MAX_AGE_S}`)
        .type('application/jwk-set+json')
        .send(JSON.stringify(await keys.published()));
    })
    .all(onlyMethods('GET, HEAD'));

  app.use((_req, res) => sendProblem(res, 'not-found'));
  app.use(answerErrors(log));
  return app;
}

const requireJson: RequestHandler = (req, res, next) => {
  if (!req.is('application/json')) return sendProblem(res, 'unsupported-media-type');
  next();
};

/** The parser would read every byte that is no UTF-8 as U+FFFD, and two passwords as one. */
function requireUtf8(_req: unknown, _res: unknown, body: Buffer): void {
  if (!isUtf8(body)) throw Object.assign(new Error('the body is no UTF-8'), { status: 400 });
}

function onlyMethods(methods: string): RequestHandler {
  return (_req, res) => {
    res.set('Allow', methods);
    sendProblem(res, 'method-not-allowed');
  };
}

function tooMany(res: Response, retryAfterMs: number): void {
  res.set('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  sendProblem(res, 'too-many-attempts');
}

// #region errors
/**
 * The last resort. An error of the body parser carries the whole body, and the message of a JSON error a piece of it:
 * neither may reach the log or the answer, so only what the error is called does.
 */
function answerErrors(log: Logger): ErrorRequestHandler {
  return (error: Error & { status?: number; type?: string; code?: string }, _req, res, next) => {
    if (res.headersSent) return next(error);
    const { name, type, code, status = 500 } = error;
    if (error instanceof PasswordsBusy || isDatabaseGone(error)) {
      log.warn({ code }, 'unavailable');
      res.set('Retry-After', '1');
      return sendProblem(res, 'unavailable');
    }
    if (status >= 400 && status < 500) {
      log.debug({ type, status }, 'request-refused');
      if (status === 413) return sendProblem(res, 'too-large');
      return sendProblem(res, status === 415 ? 'unsupported-media-type' : 'invalid-request');
    }
    const at = error.stack?.split('\n').filter((line) => line.startsWith('    at '));
    log.error({ name, code, at }, 'unexpected-error');
    sendProblem(res, 'internal');
  };
}
// #endregion errors
