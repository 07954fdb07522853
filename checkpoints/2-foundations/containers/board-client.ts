import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { deadlineMs, pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';

/** An answer, or why there is none. */
export type Reply =
  | { readonly status: number; readonly text: string; readonly headers: IncomingMessage['headers'] }
  | { readonly status: undefined; readonly error: string };

export interface Question {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default 5,000. */
  readonly withinMs?: number;
}

const ANSWER_WITHIN_MS = 5_000;
/** How long a state may take to show at /readyz, from a change of the database on. The brief's number and some more. */
export const STATE_WITHIN_MS = 5_000;

/** One request over a connection of its own. Never rejects. */
export function ask(address: Pick<Program, 'host' | 'port'>, question: Question): Promise<Reply> {
  const { method = 'GET', path, body, withinMs = ANSWER_WITHIN_MS } = question;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const sent = open(address, { method, path, ...(text === undefined ? {} : { length: Buffer.byteLength(text) }) });
  sent.end(text);
  return replyTo(sent, withinMs);
}

/** A request whose body is still on its way. */
export interface HalfSent {
  /** Sends the rest, and waits for the answer. */
  finish(): Promise<Reply>;
  abort(): void;
}

/** A POST of a notice of which the server has the first half. Resolves when the server has read the head. */
export async function beginNotice(address: Pick<Program, 'host' | 'port'>, text: string): Promise<HalfSent> {
  const body = JSON.stringify({ text });
  const sent = open(address, { method: 'POST', path: '/notices', length: Buffer.byteLength(body), expect: true });
  const half = Math.floor(body.length / 2);
  const reply = replyTo(sent, deadlineMs(20_000));
  // 100 Continue says that the server has the head and is waiting for the body (RFC 9110 §10.1.1).
  await Promise.race([once(sent, 'continue'), reply, once(sent, 'error').catch(() => {})]);
  sent.write(body.slice(0, half));
  return {
    finish: () => {
      sent.end(body.slice(half));
      return reply;
    },
    abort: () => sent.destroy(),
  };
}

/** Asks until the answer has the status, and returns that answer. */
export async function untilStatus(
  program: Program,
  path: string,
  status: number,
  text: { readonly sent: string; readonly usually: string; readonly withinMs?: number },
): Promise<Reply> {
  const { sent, usually, withinMs = STATE_WITHIN_MS } = text;
  return pollUntil(
    () => ask(program, { path }),
    (reply) => reply.status === status,
    {
      withinMs,
      everyMs: 25,
      otherwise: (last) =>
        new CheckpointFailure({
          sent,
          expected: `${status} from ${path} within ${deadlineMs(withinMs) / 1_000} s`,
          received: described(last),
          usually,
          details: program.logTail(),
        }),
    },
  );
}

/** `503`, or `no answer (ECONNREFUSED)`. */
export function described(reply: Reply): string {
  return reply.status === undefined ? `no answer (${reply.error})` : `status ${reply.status}`;
}

function open(
  { host, port }: Pick<Program, 'host' | 'port'>,
  { method, path, length, expect }: { method: string; path: string; length?: number; expect?: true },
): ClientRequest {
  const sent = request({
    host,
    port,
    method,
    path,
    agent: false,
    headers: {
      connection: 'close',
      ...(length === undefined ? {} : { 'content-type': 'application/json', 'content-length': length }),
      ...(expect ? { expect: '100-continue' } : {}),
    },
  });
  if (expect) sent.flushHeaders();
  return sent;
}

function replyTo(sent: ClientRequest, withinMs: number): Promise<Reply> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ status: undefined, error: `none within ${deadlineMs(withinMs)} ms` });
      sent.destroy();
    }, deadlineMs(withinMs));
    const settle = (reply: Reply) => {
      clearTimeout(timer);
      resolve(reply);
    };
    sent.once('error', (error: NodeJS.ErrnoException) =>
      settle({ status: undefined, error: error.code ?? error.message }),
    );
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => settle({ status: response.statusCode ?? 0, text, headers: response.headers }));
      response.once('error', () => settle({ status: undefined, error: 'an answer that breaks off' }));
    });
  });
}
