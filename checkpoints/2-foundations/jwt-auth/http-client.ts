import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
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
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: object | string;
  /** An access token. */
  readonly token?: string;
  /** What X-Forwarded-For says. Default: an address that nothing else uses. */
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ANSWERS_WITHIN_MS = 8_000;
const COMMON_ADDRESS = '203.0.113.7';
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Sends one request and reads the whole answer. A server that does not answer fails the checkpoint. */
export async function call(server: Program, path: string, options: Call = {}): Promise<Answer> {
  const { body, token, address = COMMON_ADDRESS } = options;
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  const payload = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const headers = {
    ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
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
    const sent = request({ host: server.host, port: server.port, path, method, headers, agent });
    sent.end(payload);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    return { status: response.statusCode ?? 0, headers: response.headers, text, json: asObject(text) };
  };
  const answer = exchange().catch((error: NodeJS.ErrnoException) => {
    throw silent(server.ended ? 'your server ended' : `the connection broke: ${error.code ?? error.message}`);
  });
  return within(answer, deadlineMs(ANSWERS_WITHIN_MS), () => silent('none'));
}

/** Closes what is kept open, so that a server can stop. */
export function closeConnections(): void {
  agent.destroy();
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
