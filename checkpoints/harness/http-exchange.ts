import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { deadlineMs } from './deadline.ts';
import { CheckpointFailure, fail } from './failure.ts';
import type { Program } from './program.ts';

/** Generous: an answer takes milliseconds, and a busy machine is no reason to fail. */
const ANSWER_WITHIN_MS = 8_000;
/** How long we wait to learn that a server has died, when all that we see is the end of a connection. */
const DEATH_WITHIN_MS = 2_000;
const SHOWN_CHARS = 300;

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'TRACE';

/** Where requests go: a program, or whoever else can say what its log holds. */
export type HttpServer = Pick<Program, 'host' | 'port' | 'logTail'> & Partial<Pick<Program, 'ended' | 'exited'>>;

export interface Sending {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Uint8Array;
  /** The media type of what is sent; `headers` may say another. Default: application/json. */
  readonly type?: string;
  /** A value of undefined takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly withinMs?: number;
  /** A bearer token, which a failure does not show. */
  readonly token?: string;
  /** On a connection that nothing else uses, and that ends with the answer. Default false. */
  readonly ownConnection?: boolean;
}

/** What came back for a request. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** How long the answer took. */
  readonly tookMs: number;
  /** The request, for the `sent` line of a failure. */
  readonly sent: string;
  readonly details: readonly string[];
}

const kept = new Agent({ keepAliveTimeout: 1_000, keepAliveMaxTimeout: 1_000 });
const unkept = new Agent({ pipelining: 0 });

/** Sends one request and reads the whole answer. @throws CheckpointFailure when none comes. */
export function exchange(server: HttpServer, method: Method, path: string, sending: Sending = {}): Promise<Reply> {
  return begun(ask(server, method, path, sending));
}

/** What is sent first and looked at later: a checkpoint that fails in between ends the server, and with it the answer. */
export function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

async function ask(server: HttpServer, method: Method, path: string, sending: Sending): Promise<Reply> {
  const { json, body, type = 'application/json', headers = {}, token } = sending;
  const { withinMs = ANSWER_WITHIN_MS, ownConnection = false } = sending;
  const content = json === undefined ? body : JSON.stringify(json);
  const all = {
    ...(content === undefined ? {} : { 'content-type': type }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...headers,
  };
  const given = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const sent = describe(method, path, headers, content);
  const limitMs = deadlineMs(withinMs);
  const since = performance.now();
  // A connection that the server has ended while we were busy is noticed before it is used again.
  await nextTurn();
  try {
    const response = await request(`http://${server.host}:${server.port}${path}`, {
      method,
      headers: given,
      body: content ?? null,
      dispatcher: ownConnection ? unkept : kept,
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await response.body.text();
    const replied = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
    const tookMs = performance.now() - since;
    return {
      status: response.statusCode,
      headers: Object.fromEntries(replied),
      text,
      tookMs,
      sent,
      details: shown(text),
    };
  } catch (error) {
    return noAnswer(server, sent, error as Error, limitMs);
  }
}

/** The body of a reply as JSON. @throws CheckpointFailure when it is none. */
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
    usually: 'the answer was written by something else than your own code, such as a framework',
    details: reply.details,
  });
}

/** Fails unless the reply has one of the statuses. */
export function expectStatus(
  reply: Reply,
  status: number | readonly number[],
  { usually, expected }: { readonly usually: string; readonly expected?: string },
): void {
  const statuses = typeof status === 'number' ? [status] : status;
  if (statuses.includes(reply.status)) return;
  fail({
    sent: reply.sent,
    expected: expected ?? `status ${statuses.join(' or ')}`,
    received: statusOf(reply),
    usually,
    details: reply.details,
  });
}

/** `status 422 (validation)`: what a person would say of a reply. */
export function statusOf({ status, text }: Reply): string {
  const kind = /"type":\s*"[^"]*\/([a-z-]+)"/.exec(text)?.[1];
  return `status ${status}${kind === undefined ? '' : ` (${kind})`}`;
}

async function noAnswer(server: HttpServer, sent: string, error: Error, limitMs: number): Promise<never> {
  if (error instanceof CheckpointFailure) throw error;
  const late = error.name === 'TimeoutError' || error.name === 'AbortError';
  if (!late && server.exited) await Promise.race([server.exited, delay(deadlineMs(DEATH_WITHIN_MS))]);
  return fail({
    sent,
    expected: 'an answer',
    received: server.ended
      ? 'your server ended'
      : late
        ? `nothing within ${limitMs.toLocaleString('en')} ms`
        : 'the connection ended without an answer',
    usually: server.ended
      ? 'an error that nobody handles ends the process: its log below says which'
      : late
        ? 'a handler waits for something that never comes, and nothing bounds the wait'
        : 'the handler threw and nobody answered, or the connection was closed too early',
    details: [`${error.name}: ${error.message}`, ...server.logTail()],
  });
}

function describe(
  method: Method,
  path: string,
  headers: Sending['headers'] = {},
  content: string | Uint8Array | undefined,
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value ?? '(none)'}`);
  const text = content === undefined ? '' : Buffer.from(content as string).toString('utf8');
  const body = text.length > 160 ? `${text.slice(0, 160)}… (${text.length.toLocaleString('en')} characters)` : text;
  return [`${method} ${path.slice(0, 200)}`, ...lines, body].filter((part) => part !== '').join('  ');
}

function shown(text: string): string[] {
  return text === '' ? [] : [`the body: ${text.slice(0, SHOWN_CHARS)}${text.length > SHOWN_CHARS ? '…' : ''}`];
}
