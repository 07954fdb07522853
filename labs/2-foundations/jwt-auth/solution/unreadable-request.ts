import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** How long what a peer still sends is thrown away, so that it gets to see why the connection ends. */
const LINGER_MS = 500;
const TITLES = {
  400: 'The request cannot be read',
  408: 'The request came too slowly',
  431: 'The headers are too large',
};

/** Answers what never became a request, and ends its connection: for the event `clientError` of an HTTP server. */
export function answerUnreadable({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  // What comes behind the error is an error again.
  if (socket.writableEnded) return;
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const body = JSON.stringify({ type: 'about:blank', title: TITLES[status], status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
