import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { deadlineMs, within } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as a JSON object; empty when it is none. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Call {
  /** Default: GET, or POST when there is a body. */
  readonly method?: string;
  /** Sent as JSON; a string or bytes are sent as they are. */
  readonly body?: object | string | Uint8Array;
  /** In chunks, without a Content-Length. Default false. */
  readonly chunked?: boolean;
  /** An access token. */
  readonly token?: string;
  /** What X-Forwarded-For says. Default: an address that nothing else uses. */
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long an answer may take. Default 8,000. */
  readonly withinMs?: number;
}

const ANSWERS_WITHIN_MS = 8_000;
const COMMON_ADDRESS = '203.0.113.7';
/** How long we wait to learn whether a connection broke because the server has ended. */
const ENDED_WITHIN_MS = 1_000;
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** Sends one request and reads the whole answer. A server that does not answer fails the checkpoint. */
export async function call(server: Program, path: string, options: Call = {}): Promise<Answer> {
  const { body, token, address = COMMON_ADDRESS, chunked = false, withinMs = ANSWERS_WITHIN_MS } = options;
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  const payload = body === undefined ? undefined : bytesOf(body);
  const headers = {
    ...(payload === undefined ? {} : { 'content-type': 'application/json', ...lengthOf(payload, chunked) }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    'x-forwarded-for': address,
    ...options.headers,
  };
  const silent = (received: string) =>
    new CheckpointFailure({
      sent: `${method} ${path}`,
      expected: 'an answer',
      received,
      usually: 'an exception that nobody handles ends the process or leaves the request without an answer',
      details: server.logTail(),
    });
  const exchange = async (): Promise<Answer> => {
    // A connection that the server has ended while we were busy is noticed before it is used again.
    await nextTurn();
    const sent = request({ host: server.host, port: server.port, path, method, headers, agent });
    sent.end(payload);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    return { status: response.statusCode ?? 0, headers: response.headers, text, json: asObject(text) };
  };
  const answer = exchange().catch(async (error: NodeJS.ErrnoException) => {
    throw silent((await endOf(server)) ?? `the connection broke: ${error.code ?? error.message}`);
  });
  return within(answer, deadlineMs(withinMs), () => silent('none'));
}

/** Closes what is kept open, so that a server can stop. */
export function closeConnections(): void {
  agent.destroy();
}

/** How the server has ended, in words; undefined when it has not. */
async function endOf(server: Program): Promise<string | undefined> {
  const exit = within(server.exited, deadlineMs(ENDED_WITHIN_MS), () => new Error('it runs'));
  const { code, signal } = await exit.catch(() => ({ code: undefined, signal: null }));
  if (code === undefined) return undefined;
  return `none, as your server has ended, ${code === null ? `by ${signal}` : `with exit code ${code}`}`;
}

function bytesOf(body: object | string | Uint8Array): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function lengthOf(payload: Buffer, chunked: boolean): Record<string, string | number> {
  return chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': payload.length };
}

function asObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}
