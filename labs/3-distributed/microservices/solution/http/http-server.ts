import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { DatabaseUnavailable } from '../database.ts';
import type { Log } from '../log.ts';
import { type Answer, problemAnswer } from './answer.ts';
import { readBody } from './body.ts';
import { Problem, unavailable } from './problem.ts';
import type { Call } from './router.ts';

/** A request before anybody knows who sent it. */
export type Incoming = Omit<Call, 'params' | 'accountId'> & { readonly headers: IncomingMessage['headers'] };

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly answer: (incoming: Incoming) => Promise<Answer> | Answer;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
/** How long a body that nobody wants is thrown away, so that its sender gets to see the answer. */
const LINGER_MS = 1_000;

/** HTTP for one process: bodies are bounded, every error becomes a problem document, every request has an id. */
export class HttpServer {
  readonly #server: Server;
  readonly #options: HttpServerOptions;
  readonly #sockets = new Set<Socket>();
  #stopping = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws the system's error (`EADDRINUSE`, …) when it cannot listen. */
  async listen(): Promise<number> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops accepting, and resolves when the requests under way have their answers. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*/s, '');
    const method = request.method ?? '';
    // #region request-id
    // One id for all that a request sets off, in every log. A client may choose it; it must not choose our log lines.
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    const log = this.#options.log.child({ requestId });
    // #endregion request-id
    let answer: Answer;
    try {
      const body = await readBody(request);
      const contentType = request.headers['content-type'];
      answer = await this.#options.answer({
        method,
        path,
        body,
        contentType,
        requestId,
        log,
        headers: request.headers,
      });
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status >= 500) log.error({ err: error }, problem.kind);
      answer = problemAnswer(problem);
    }
    log.info({ method, path, status: answer.status }, 'request');
    send(request, response, answer, { requestId, closes: this.#stopping || !request.complete });
  }
}

interface SendOptions {
  readonly requestId: string;
  readonly closes: boolean;
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer, { requestId, closes }: SendOptions) {
  response.on('error', () => {}); // The client has gone: nobody is left to tell.
  response.writeHead(answer.status, {
    ...answer.headers,
    'X-Request-Id': requestId,
    'Content-Length': Buffer.byteLength(answer.body),
    ...(closes ? { Connection: 'close' } : {}),
  });
  if (request.complete) {
    response.end(answer.body);
    return;
  }
  // Closing a socket with unread bytes resets it, and the answer is lost on its way (RFC 9112 §9.6).
  response.write(answer.body);
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  request.once('end', finish).once('close', finish).resume();
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) return unavailable(error);
  return new Problem('internal', 'The fault is ours, and has been logged.', { cause: error });
}
