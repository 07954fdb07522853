import type { Log } from '../log.ts';
import type { Answer } from './answer.ts';
import { Problem } from './problem.ts';

/** What a handler gets to know of a request. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** The parts of the path that vary, in order. */
  readonly params: readonly string[];
  readonly body: Buffer;
  readonly contentType: string | undefined;
  /** Who asks. Empty where nobody has to be known. */
  readonly accountId: string;
  readonly requestId: string;
  readonly log: Log;
}

export type Handler = (call: Call) => Promise<Answer> | Answer;

export interface Route {
  readonly method: string;
  /** For example `/quests/:id`. */
  readonly path: string;
  readonly handler: Handler;
}

/** @throws Problem 404 for a path that is not known, 405 for a method that its path does not have. */
export function dispatch(routes: readonly Route[], call: Call): Promise<Answer> | Answer {
  const allowed: string[] = [];
  for (const { method, path, handler } of routes) {
    const params = paramsOf(path, call.path);
    if (params === undefined) continue;
    if (method === call.method) return handler({ ...call, params });
    allowed.push(method);
  }
  if (allowed.length === 0) throw new Problem('not-found', 'There is no such route.');
  throw new Problem('method-not-allowed', 'This path has other methods.', { headers: { Allow: allowed.join(', ') } });
}

function paramsOf(pattern: string, path: string): string[] | undefined {
  const parts = path.split('/');
  const names = pattern.split('/');
  if (names.length !== parts.length) return undefined;
  const params: string[] = [];
  for (const [i, name] of names.entries()) {
    const part = parts[i] ?? '';
    if (name.startsWith(':')) params.push(part);
    else if (name !== part) return undefined;
  }
  return params;
}
