import { check, fail } from '../../harness/failure.ts';
import type { Answer } from './http-client.ts';

/** What a step sent and why an answer to it is usually wrong. */
export interface Step {
  readonly sent: string;
  readonly usually: string;
  /** What is asked for, in words. Default: the status. */
  readonly expected?: string;
}

/** The status line; and for all errors that the answer is a problem document. */
export function expectStatus(answer: Answer, status: number | readonly number[], step: Step): void {
  const wanted = typeof status === 'number' ? [status] : status;
  check(wanted.includes(answer.status), () => ({
    sent: step.sent,
    expected: step.expected ?? `status ${wanted.join(' or ')}`,
    received: `status ${answer.status}`,
    usually: step.usually,
    details: [`its body: ${withoutTokens(answer.text).slice(0, 300)}`],
  }));
}

/** What fills a screen and tells nothing. */
function withoutTokens(text: string): string {
  return text.replaceAll(/("(?:access|refresh)_token"\s*:\s*")[^"]+/g, '$1…');
}

/** 401 for a bearer token that is not valid, with the challenge of RFC 6750 §3. */
export function expectInvalidToken(answer: Answer, step: Step): void {
  expectStatus(answer, 401, { ...step, expected: 'status 401: the token is refused' });
  expectChallenge(answer, 'invalid_token', step);
}

/** @param error the value of the attribute; undefined when there must be none. */
export function expectChallenge(answer: Answer, error: string | undefined, { sent }: Pick<Step, 'sent'>): void {
  const challenge = answer.headers['www-authenticate'];
  const usually = 'RFC 6750 §3: every 401 carries a challenge, and names the error only if a token was sent';
  const text = {
    sent,
    expected: `WWW-Authenticate: Bearer … ${error === undefined ? 'without error' : `with error="${error}"`}`,
    usually,
  };
  if (challenge === undefined) fail({ ...text, received: 'no WWW-Authenticate' });
  const received = `WWW-Authenticate: ${challenge}`;
  check(/^Bearer\b/i.test(challenge), { ...text, received });
  const attribute = /\berror="?([^",]*)"?/.exec(challenge)?.[1];
  check(attribute === error, { ...text, received });
}

/** RFC 9457: media type, type, title and status, which is that of the status line. */
export function expectProblem(answer: Answer, { sent, usually }: Step): void {
  const text = { sent, expected: 'a problem document with type, title and status', usually };
  const mediaType = (answer.headers['content-type'] ?? 'none').split(';')[0]?.trim();
  check(mediaType === 'application/problem+json', { ...text, received: `content type ${mediaType}` });
  const { type, title, status } = answer.json;
  check(typeof type === 'string' && typeof title === 'string' && title !== '', {
    ...text,
    received: 'one without type or title',
  });
  check(status === answer.status, { ...text, received: `status ${answer.status}, and ${status} in the document` });
}

/** What must be in an answer with tokens. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

export function tokensOf(answer: Answer, step: Step): Tokens {
  expectStatus(answer, 200, step);
  const { access_token: access, refresh_token: refresh } = answer.json;
  if (typeof access !== 'string' || typeof refresh !== 'string') {
    fail({
      sent: step.sent,
      expected: 'access_token and refresh_token',
      received: `the members ${Object.keys(answer.json).join(', ') || 'none'}`,
      usually: 'the answer has other names than the brief gives',
    });
  }
  return { access, refresh };
}
