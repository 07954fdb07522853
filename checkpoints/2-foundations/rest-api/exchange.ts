import { type Method, type Reply, type Sending, exchange as send } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';

const TYPES: Readonly<Partial<Record<Method, string>>> = { PATCH: 'application/merge-patch+json' };

/** Sends one request, with the media type that its method asks for, and reads the whole answer. */
export function exchange(program: Program, method: Method, path: string, sending: Sending = {}): Promise<Reply> {
  const type = TYPES[method];
  return send(program, method, path, type === undefined ? sending : { type, ...sending });
}
