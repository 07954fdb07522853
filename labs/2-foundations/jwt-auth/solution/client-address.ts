import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

// #region client-address
/**
 * What attempts are counted by: the address of the connection or, behind `proxyHops` proxies of our own, the entry of
 * X-Forwarded-For that the outermost of them has written. What stands further left, anybody may have written. With
 * fewer entries than proxies the request came past one of them, and the connection is all that can be believed.
 *
 * Simplified: who has one IPv6 address usually has 2⁶⁴ of them. In production: count those by their first 64 bits.
 */
export function clientAddress({ headers, socket }: IncomingMessage, proxyHops: number): string {
  const entries = String(headers['x-forwarded-for'] ?? '').split(',');
  const entry = proxyHops > 0 ? entries.at(-proxyHops)?.trim() : undefined;
  const address = entry !== undefined && isIP(entry) > 0 ? entry : (socket.remoteAddress ?? 'unknown');
  // IPv4 addresses come as ::ffff:127.0.0.1 on a socket that speaks both.
  return address.replace(/^::ffff:/i, '');
}
// #endregion client-address
