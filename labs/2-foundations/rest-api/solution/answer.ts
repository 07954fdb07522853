import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem } from './problem.ts';

/** A response before it is bytes: plain data, so that it can be kept and given again. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

export function emptyAnswer(status: 204 | 304, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: '' };
}

export function problemAnswer(problem: Problem, instance?: string): Answer {
  return {
    status: problem.status,
    headers: { ...problem.headers, 'Content-Type': 'application/problem+json' },
    body: JSON.stringify(problem.toDocument(instance)),
  };
}

/** How long a refused body is read on, so that its sender gets to see the answer. */
const LINGER_MS = 1_000;

/**
 * Sends an answer. When the connection ends with it and a body is still coming, that body is thrown away for a moment
 * first: closing a socket with unread bytes resets it, and the answer is lost on its way (RFC 9112 §9.6).
 */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer, closes: boolean): void {
  const { status, headers, body } = answer;
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length, ...(closes ? { Connection: 'close' } : {}) });
  // #region linger
  if (!closes || request.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  request.once('end', finish).once('close', finish).resume();
  // #endregion linger
}
