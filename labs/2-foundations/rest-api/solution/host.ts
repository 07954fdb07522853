import type { IncomingMessage } from 'node:http';

/**
 * Whether it is clear whom a request is for. RFC 9112 §3.2: without Host, or with two, it is refused, as the proxy in
 * front may have believed the other one. `headers.host` holds the first and drops the second.
 */
export function namesOneHost({ headersDistinct, httpVersion }: IncomingMessage): boolean {
  const count = headersDistinct.host?.length ?? 0;
  return count === 1 || (count === 0 && httpVersion !== '1.1');
}
