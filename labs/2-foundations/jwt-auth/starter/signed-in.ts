import type { RequestHandler } from 'express';
import { decodeJwt } from 'jose';

/** Puts the claims of the request's token into `res.locals.claims`. */
export const signedIn: RequestHandler = (req, res, next) => {
  const [, token] = req.headers.authorization?.split(' ') ?? [];
  if (token === undefined) return void res.status(401).json({ error: 'no token' });
  // TODO(token-form): three parts of base64url in their one spelling, no name twice, nothing critical.
  // TODO(algorithms): the signature is verified, with the algorithm of the key that kid names.
  // TODO(key-sources): which comes from the file and from nowhere else.
  // TODO(token-type): typ is at+jwt.
  // TODO(claims): issuer, audience, times and subject are there, of the right type, and right.
  res.locals.claims = decodeJwt(token);
  next();
};
