import { Agent, request } from 'undici';
import { deadlineMs } from '../../harness/deadline.ts';
import { CheckpointFailure, fail } from '../../harness/failure.ts';

/** Generous: an answer takes milliseconds, and a busy machine is no reason to fail. */
const ANSWER_WITHIN_MS = 10_000;
const SHOWN_CHARS = 300;

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';

/** Where requests go: the gateway, one service, or the monolith. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly logTail: () => string[];
  /** When something was last seen to happen behind it: an event, or a service that began to serve. */
  readonly lastSignMs?: () => number;
}

export interface Sending {
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly withinMs?: number;
}

/** What came back for a request. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** The request, for the `sent` line of a failure. */
  readonly sent: string;
  readonly details: readonly string[];
}

/** Each request has a connection of its own: a process that was killed took the old ones with it. */
const dispatcher = new Agent({ pipelining: 0 });

/** Sends one request and reads the whole answer. @throws CheckpointFailure when none comes. */
export async function exchange(door: Door, method: Method, path: string, sending: Sending = {}): Promise<Reply> {
  const { json, body, token, headers = {}, withinMs = ANSWER_WITHIN_MS } = sending;
  const content = json === undefined ? body : JSON.stringify(json);
  const sent = [
    `${method} ${path}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    content ?? '',
  ]
    .filter((part) => part !== '')
    .join('  ')
    .slice(0, SHOWN_CHARS);
  const limitMs = deadlineMs(withinMs);
  try {
    const response = await request(`http://${door.host}:${door.port}${path}`, {
      method,
      headers: {
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: content ?? null,
      dispatcher,
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await response.body.text();
    const given = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
    const details = text === '' ? [] : [`the body: ${text.slice(0, SHOWN_CHARS)}`];
    return { status: response.statusCode, headers: Object.fromEntries(given), text, sent, details };
  } catch (error) {
    const late = ['TimeoutError', 'AbortError'].includes((error as Error).name);
    return fail({
      sent,
      expected: 'an answer',
      received: late ? `nothing within ${limitMs.toLocaleString('en')} ms` : 'the connection ended without an answer',
      usually: late
        ? 'somebody waits for something that never comes, and nothing bounds the wait'
        : 'whoever listens there has died, or ends connections without an answer',
      details: [`${(error as Error).name}: ${(error as Error).message}`, ...door.logTail()],
    });
  }
}

/** The body of a reply as a JSON object. @throws CheckpointFailure when it is none. */
export function jsonOf(reply: Reply): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(reply.text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  return fail({
    sent: reply.sent,
    expected: 'a body that is a JSON object',
    received: `status ${reply.status} with ${reply.text === '' ? 'an empty body' : 'another body'}`,
    usually: 'the answer was written by something else than your own code',
    details: reply.details,
  });
}

export interface StatusText {
  readonly usually: string;
  readonly expected?: string;
  readonly sent?: string;
}

/** Fails unless the reply has the status. */
export function expectStatus(reply: Reply, status: number, { usually, expected, sent }: StatusText): void {
  if (reply.status === status) return;
  throw new CheckpointFailure({
    sent: sent ?? reply.sent,
    expected: expected ?? `status ${status}`,
    received: statusOf(reply),
    usually,
    details: reply.details,
  });
}

/** `status 422 (validation)`: what a person would say of a reply. */
export function statusOf({ status, text }: Reply): string {
  const kind = kindOf(text);
  return `status ${status}${kind === undefined ? '' : ` (${kind})`}`;
}

/** Without its parameters, which frameworks add as they like. */
export function mediaTypeOf({ headers }: Pick<Reply, 'headers'>): string | undefined {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase();
}

/** The name of a problem, without the address that is common to all. */
export function kindOf(text: string): string | undefined {
  return /"type":\s*"[^"]*\/([a-z-]+)"/.exec(text)?.[1];
}
