import type { Request, RequestHandler, Response } from 'express';
import type { AccessTokens, Caller } from './access-token.ts';
import { sendProblem } from './problem.ts';

/** Who sent the request. Only behind `requireToken`. */
export function callerOf(res: Response): Caller {
  return res.locals.caller as Caller;
}

// #region bearer
/** Lets a request through that carries a valid access token in its Authorization header, and only there. */
export function requireToken(tokens: AccessTokens): RequestHandler {
  return async (req, res, next) => {
    const credentials = bearerCredentials(req);
    if (credentials === undefined) return sendProblem(res, 'missing-token');
    const caller = await tokens.verify(credentials);
    if (caller === undefined) return sendProblem(res, 'invalid-token');
    res.locals.caller = caller;
    next();
  };
}

/** 401 means: I do not know who you are. 403 means: I do, and you may not. Behind `requireToken`. */
export function requireRole(role: string): RequestHandler {
  return (_req, res, next) => {
    if (!callerOf(res).roles.includes(role)) return sendProblem(res, 'forbidden');
    next();
  };
}
// #endregion bearer

/** @returns what follows the scheme, undefined when there is no Authorization header or it has another scheme. */
function bearerCredentials(req: Request): string | undefined {
  // The scheme's case does not count (RFC 9110 §11.1).
  return /^bearer(?: +(.*))?$/is
    .exec(req.headers.authorization ?? '')
    ?.slice(1)
    .map((rest) => rest ?? '')[0];
}
