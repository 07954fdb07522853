import type { Response } from 'express';

/** What can go wrong for a client, by the last part of the problem's type (RFC 9457 §3.1.1). */
export type ProblemCode = keyof typeof PROBLEMS;

const PROBLEMS = {
  'invalid-request': [400, 'The request cannot be understood'],
  'bad-credentials': [401, 'User name or password is wrong'],
  'missing-token': [401, 'An access token is needed'],
  'invalid-token': [401, 'The access token is not valid'],
  'invalid-refresh-token': [401, 'The refresh token is not valid'],
  forbidden: [403, 'Your role does not allow this'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'This method is not supported here'],
  'name-taken': [409, 'This user name is taken'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body must be JSON in UTF-8'],
  'too-many-attempts': [429, 'Too many attempts; wait'],
  internal: [500, 'Something went wrong on our side'],
  unavailable: [503, 'Not available at the moment'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

const REALM = 'Bearer realm="tavern"';

/** What RFC 6750 §3 asks for with each refusal; the attribute `error` only where a token was sent. */
const CHALLENGES: { readonly [C in ProblemCode]?: string } = {
  'bad-credentials': REALM,
  'missing-token': REALM,
  'invalid-token': `${REALM}, error="invalid_token"`,
  'invalid-refresh-token': REALM,
  forbidden: `${REALM}, error="insufficient_scope"`,
};

/**
 * Answers with a problem document (RFC 9457). Status, title and type are all there is to say, but for `detail`, which
 * is of our own words: never the text of an error, which may quote the request.
 */
export function sendProblem(res: Response, code: ProblemCode, detail?: string): void {
  const [status, title] = PROBLEMS[code];
  const challenge = CHALLENGES[code];
  // RFC 9110 §15.5.2: a 401 without a challenge is malformed.
  if (challenge !== undefined) res.set('WWW-Authenticate', challenge);
  res
    .status(status)
    .set('Cache-Control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify({ type: `/problems/${code}`, title, status, ...(detail === undefined ? {} : { detail }) }));
}
