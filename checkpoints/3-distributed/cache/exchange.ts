import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { deadlineMs } from '../../harness/deadline.ts';
import { CheckpointFailure, fail } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';

/** Generous: an answer takes milliseconds, and a busy machine is no reason to fail. */
const ANSWER_WITHIN_MS = 8_000;
/** How long we wait to learn that a server has died, when all that we see is the end of a connection. */
const DEATH_WITHIN_MS = 2_000;
const SHOWN_CHARS = 300;

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Sending {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, as JSON; `headers` may say another type. */
  readonly body?: string | Uint8Array;
  /** A value of undefined takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly withinMs?: number;
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

const dispatcher = new Agent({ keepAliveTimeout: 1_000, keepAliveMaxTimeout: 1_000 });

/** Sends one request and reads the whole answer. @throws CheckpointFailure when none comes. */
export function exchange(program: Program, method: Method, path: string, sending: Sending = {}): Promise<Reply> {
  return begun(ask(program, method, path, sending));
}

/** What is sent first and looked at later: a checkpoint that fails in between ends the server, and with it the answer. */
export function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

async function ask(
  program: Program,
  method: Method,
  path: string,
  { json, body, headers = {}, withinMs = ANSWER_WITHIN_MS }: Sending,
): Promise<Reply> {
  const content = json === undefined ? body : JSON.stringify(json);
  const all = {
    ...(content === undefined ? {} : { 'content-type': 'application/json' }),
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
    const response = await request(`http://${program.host}:${program.port}${path}`, {
      method,
      headers: given,
      body: content ?? null,
      dispatcher,
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
    return noAnswer(program, sent, error as Error, limitMs);
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

async function noAnswer(program: Program, sent: string, error: Error, limitMs: number): Promise<never> {
  if (error instanceof CheckpointFailure) throw error;
  const late = error.name === 'TimeoutError' || error.name === 'AbortError';
  if (!late) await Promise.race([program.exited, delay(deadlineMs(DEATH_WITHIN_MS))]);
  return fail({
    sent,
    expected: 'an answer',
    received: program.ended
      ? 'your server ended'
      : late
        ? `nothing within ${limitMs.toLocaleString('en')} ms`
        : 'the connection ended without an answer',
    usually: program.ended
      ? 'an error that nobody handles ends the process: its log below says which'
      : late
        ? 'a handler waits for something that never comes, and nothing bounds the wait'
        : 'the handler threw and nobody answered, or the connection was closed too early',
    details: [`${error.name}: ${error.message}`, ...program.logTail()],
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
