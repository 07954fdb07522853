import type { IncomingMessage, ServerResponse } from 'node:http';
import { DatabaseUnavailable } from '../../solution/database.ts';
import type { Log } from '../../solution/log.ts';
import { Problem, unavailable } from '../../solution/problem.ts';

export interface Asked {
  readonly url: string;
  /** The parts of the path that vary, decoded. */
  readonly parts: readonly string[];
  /** The body, read and parsed when it is asked for. */
  body(): Promise<unknown>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
}

export type Handler = (asked: Asked) => Promise<Answer> | Answer;

export interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Handler>>;
}

const BODY_LIMIT_BYTES = 1024 * 1024;

/** Requests to handlers, and whatever they throw to problem documents. */
export function createListener(routes: readonly Route[], log: Log, isStopping: () => boolean) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').replace(/\?.*/s, '');
    const answer = await handle(routes, request, path).catch((error: unknown): Answer => {
      const problem = problemOf(error);
      if (problem.status >= 500) log.error({ err: error }, problem.kind);
      const headers = { ...problem.headers, 'Content-Type': 'application/problem+json' };
      return { status: problem.status, headers, body: problem.toDocument(path) };
    });
    const { status, headers, body } = answer;
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
    response.writeHead(status, {
      'Content-Type': 'application/json',
      ...headers,
      ...(status === 204 ? {} : { 'Content-Length': Buffer.byteLength(text) }),
      ...(isStopping() || status === 413 ? { Connection: 'close' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
    request.resume();
  };
}

async function handle(routes: readonly Route[], request: IncomingMessage, path: string): Promise<Answer> {
  for (const { path: pattern, methods } of routes) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const handler = methods[request.method === 'HEAD' ? 'GET' : (request.method ?? '')];
    if (handler === undefined) {
      const allow = Object.keys(methods).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]));
      const headers = { Allow: allow.join(', ') };
      throw new Problem('method-not-allowed', `${request.method} is not offered here.`, { headers });
    }
    const parts = match.slice(1).map(decodeURIComponent);
    return handler({ url: request.url ?? '', parts, body: () => readBody(request) });
  }
  throw new Problem('not-found', 'There is no such route.');
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new Problem('unsupported-media-type', 'The body must be application/json.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_LIMIT_BYTES) throw new Problem('too-large', 'The body is too large.');
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (cause) {
    throw new Problem('malformed', 'The body is not JSON in UTF-8.', { cause });
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) return unavailable('The database does not answer. Try again later.', error);
  if (error instanceof URIError) return new Problem('malformed', 'The path cannot be decoded.');
  return new Problem('internal', 'The fault is ours, and has been logged.', { cause: error });
}
