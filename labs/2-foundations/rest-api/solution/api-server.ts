import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { problemAnswer } from './answer.ts';
import type { Log } from './log.ts';
import { Problem } from './problem.ts';
import type { Settings } from './settings.ts';

const MAX_HEADER_BYTES = 16 * 1024;
/** A connection that has nothing to ask is kept so long for the next request. */
const KEEP_ALIVE_MS = 5_000;
/** How long what a peer still sends is thrown away, so that it gets to see why we end the connection. */
const LINGER_MS = 500;

/** HTTP over TCP: bounds how slowly and how much a client may send, and stops without cutting off work under way. */
export class ApiServer {
  readonly #server: Server;
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #given = new WeakSet<Duplex>();
  readonly #sockets = new Set<Socket>();
  #stopping = false;

  constructor(settings: Settings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    const { headerTimeoutMs, requestTimeoutMs } = settings;
    // #region slow-clients
    this.#server = createServer({
      requireHostHeader: false, // Node would answer without a body: the application asks for it
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: Math.min(headerTimeoutMs, requestTimeoutMs), // until the header section is whole
      requestTimeout: requestTimeoutMs, // until the body is
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node looks at its connections in this rhythm, by default only every 30 s.
      connectionsCheckingInterval: Math.max(10, Math.min(headerTimeoutMs, requestTimeoutMs) / 2),
    });
    // #endregion slow-clients
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuse(error, socket));
  }

  isStopping = (): boolean => this.#stopping;

  /**
   * @returns the port, which the system has chosen if the settings say 0.
   * @throws the system's error (`EADDRINUSE`, `EACCES`, …) when it cannot listen.
   */
  async listen(onRequest: RequestListener): Promise<number> {
    this.#server.on('request', onRequest);
    this.#server.on('checkExpectation', onRequest); // RFC 9110 §10.1.1: what else is expected may be ignored
    this.#server.listen(this.#settings.port, this.#settings.host);
    await once(this.#server, 'listening');
    this.#server.on('error', (error) => this.#log.error({ error: error.message }, 'accept-failed'));
    return (this.#server.address() as AddressInfo).port;
  }

  // #region drain
  /** Stops accepting, lets requests under way get their answers, and resolves when no connection is left. */
  async stop(): Promise<void> {
    this.#stopping = true; // from now on each answer says Connection: close
    const closed = once(this.#server, 'close');
    this.#server.close(); // no new connections, and the end of those that wait for a next request
    // To Node, a connection that has sent nothing yet is busy with its first one.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    const deadline = setTimeout(() => this.#server.closeAllConnections(), this.#settings.shutdownTimeoutMs);
    await closed;
    clearTimeout(deadline);
  }
  // #endregion drain

  // #region client-error
  /** Answers what never became a request: it cannot be parsed, its header is too large, or it comes too slowly. */
  #refuse({ code }: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.#given.has(socket)) return;
    this.#given.add(socket);
    if (!socket.writable || code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const { status, headers, body } = problemAnswer(unreadable(code));
    const all = { ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} \r\n${lines.join('')}\r\n${body}`); // RFC 9112 §4: the reason may be empty
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
    this.#log.info({ code, status }, 'unreadable-request');
  }
  // #endregion client-error
}

function unreadable(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('request-timeout', 'Send it faster, or in parts.');
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem('headers-too-large', 'Send fewer or shorter headers.');
  return new Problem('malformed', 'This is not HTTP as we understand it.');
}
