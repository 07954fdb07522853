import {
  expectStatus as expectAnyStatus,
  type HttpServer,
  type Method,
  type Reply,
  type Sending,
  exchange as send,
} from '../../harness/http-exchange.ts';

const ANSWER_WITHIN_MS = 10_000;

/** Where requests go: the gateway, one service, or the monolith. */
export interface Door extends HttpServer {
  /** When something was last seen to happen behind it: an event, or a service that began to serve. */
  readonly lastSignMs?: () => number;
}

/** Each request has a connection of its own: a process that was killed took the old ones with it. */
export function exchange(door: Door, method: Method, path: string, sending: Sending = {}): Promise<Reply> {
  return send(door, method, path, { withinMs: ANSWER_WITHIN_MS, ownConnection: true, ...sending });
}

export interface StatusText {
  readonly usually: string;
  readonly expected?: string;
  readonly sent?: string;
}

/** Fails unless the reply has the status. */
export function expectStatus(reply: Reply, status: number, { sent = reply.sent, ...text }: StatusText): void {
  expectAnyStatus({ ...reply, sent }, status, text);
}

/** Without its parameters, which frameworks add as they like. */
export function mediaTypeOf({ headers }: Pick<Reply, 'headers'>): string | undefined {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase();
}

/** The name of a problem, without the address that is common to all. */
export function kindOf(text: string): string | undefined {
  return /"type":\s*"[^"]*\/([a-z-]+)"/.exec(text)?.[1];
}
