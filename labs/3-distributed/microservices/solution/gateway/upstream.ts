import { Agent, request } from 'node:http';
import type { Answer } from '../http/answer.ts';
import { unavailable } from '../http/problem.ts';
import type { ServiceSettings } from '../service-settings.ts';

const MAX_SOCKETS = 64;
/** What a client gets to see of a service's answer. */
const PASSED_ON = {
  allow: 'Allow',
  location: 'Location',
  'retry-after': 'Retry-After',
  'www-authenticate': 'WWW-Authenticate',
};

export interface Question {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly contentType: string | undefined;
  readonly accountId: string;
  readonly requestId: string;
  /** Ends the wait. One for all questions of a request, so that they share its time. */
  readonly signal: AbortSignal;
}

export type Ask = (question: Question) => Promise<Answer>;

// #region ask
/** @returns a function that asks a service, and throws the one 503 when it is down, too slow, or breaks off. */
export function createAsk({ upstreams, internalSecret }: Pick<ServiceSettings, 'upstreams' | 'internalSecret'>): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  return ({ service, method, path, body, contentType, accountId, requestId, signal }) =>
    new Promise((resolve, reject) => {
      const lost = (cause: unknown): void => reject(unavailable(cause));
      const outgoing = request(new URL(path, upstreams[service]), {
        agent,
        method,
        signal,
        // Named one by one: no header of a client's gets through that could be taken for one of ours.
        headers: {
          'Tavern-Internal': internalSecret,
          'Tavern-Account': accountId,
          'X-Request-Id': requestId,
          'Content-Length': body.length,
          ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
        },
      });
      outgoing.on('error', lost);
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', lost);
        incoming.on('end', () => {
          const headers: Record<string, string> = { 'Content-Type': incoming.headers['content-type'] ?? '' };
          for (const [name, shown] of Object.entries(PASSED_ON)) {
            const value = incoming.headers[name];
            if (typeof value === 'string') headers[shown] = value;
          }
          resolve({ status: incoming.statusCode ?? 503, headers, body: Buffer.concat(chunks).toString('utf8') });
        });
      });
      outgoing.end(body);
    });
}
// #endregion ask
