import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from './log.ts';
import type { Notices } from './notices.ts';
import { type Phase, readiness } from './readiness.ts';

const MAX_BODY_BYTES = 16 * 1024;
const RETRY_AFTER_S = 1;

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The notice board over HTTP, and the two questions that an orchestrator asks. */
export class BoardServer {
  readonly #notices: Notices;
  readonly #log: Log;
  readonly #server: Server;
  #phase: Phase = { name: 'starting' };

  constructor(notices: Notices, log: Log) {
    this.#notices = notices;
    this.#log = log;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** @returns the port. */
  async listen(port: number, host: string): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** The database has answered: from here on the server may be ready. */
  run(): void {
    if (this.#phase.name === 'starting') this.#phase = { name: 'running' };
  }

  // #region drain
  /** Not ready from this moment on; requests are served all the same. */
  announceStop(): void {
    this.#phase = { name: 'stopping' };
  }

  /** Accepts no more connections. Resolves when the last request under way has its answer. */
  async drain(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close(); // closes idle keep-alive connections too
    await closed;
  }
  // #endregion drain

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      this.#log('error', 'request-failed', { method: request.method, message: (error as Error).message });
      answer = { status: 503, body: { error: 'try again later' }, headers: { 'retry-after': String(RETRY_AFTER_S) } };
    }
    const { status, body, headers = {} } = answer;
    const text = body === undefined ? undefined : `${JSON.stringify(body)}\n`;
    // A connection kept alive would outlive the drain.
    const connection = this.#phase.name === 'stopping' ? { connection: 'close' } : {};
    const type = text === undefined ? {} : { 'content-type': 'application/json' };
    response.writeHead(status, { ...type, ...connection, ...headers }).end(text);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { method = '', url = '' } = request;
    const path = url.replace(/\?.*$/s, '');
    // #region probes
    // Live: the process answers. It asks nobody else, as a restart of this process would mend nobody else.
    if (path === '/livez') return { status: 200, body: { live: true } };
    if (path === '/readyz') {
      const answer = await readiness(this.#phase, () => this.#notices.answers());
      return { status: answer.ready ? 200 : 503, body: answer };
    }
    // #endregion probes
    if (path === '/notices' && method === 'GET') return { status: 200, body: await this.#notices.list() };
    if (path === '/notices' && method === 'POST') return this.#pin(request);
    const id = /^\/notices\/(\d{1,15})$/.exec(path)?.[1];
    if (id !== undefined && method === 'DELETE') {
      return { status: (await this.#notices.takeDown(id)) ? 204 : 404 };
    }
    return { status: 404, body: { error: 'no such thing' } };
  }

  async #pin(request: IncomingMessage): Promise<Answer> {
    const body = await bodyOf(request);
    if (body === undefined) return { status: 413, body: { error: `a body has at most ${MAX_BODY_BYTES} bytes` } };
    const text = textIn(body);
    if (text === undefined)
      return { status: 400, body: { error: 'send {"text": "…"}, with a text that is not empty' } };
    return { status: 201, body: await this.#notices.pin(text) };
  }
}

/** The body, or undefined when it is too long; then the rest is read and dropped. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return length <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

function textIn(body: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : undefined;
    // PostgreSQL's text holds every character but NUL.
    return typeof text === 'string' && text !== '' && !text.includes('\0') ? text : undefined;
  } catch {
    return undefined;
  }
}
