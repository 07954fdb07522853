import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { type Answer, jsonAnswer, problemAnswer, send } from './answer.ts';
import { Collection } from './collection.ts';
import { collectionHandlers } from './collection-handlers.ts';
import { CursorCodec } from './cursor.ts';
import { type Database, DatabaseUnavailable } from './database.ts';
import { document } from './document.ts';
import type { Log } from './log.ts';
import { Parties } from './party.ts';
import { partyHandlers } from './party-handlers.ts';
import { characters, quests } from './plans.ts';
import { Problem, unavailable } from './problem.ts';
import type { Settings } from './settings.ts';

/** Answers a request; throws a Problem for any other answer than the one asked for. */
export type Handler = (request: Request) => Promise<Answer> | Answer;

/** What a route offers; HEAD comes with GET. */
export type Handlers = { readonly [M in 'get' | 'post' | 'put' | 'patch' | 'delete']?: Handler };

export interface AppOptions {
  readonly settings: Settings;
  readonly database: Database;
  readonly log: Log;
  /** Whether connections are to end with their answers. */
  readonly isStopping: () => boolean;
}

/** The API as an Express application. */
export function createApp({ settings, database, log, isStopping }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // Express would make weak ones of the bytes; ours are versions

  const reply = (request: Request, response: Response, answer: Answer): void => {
    // A body that was refused unread makes the connection useless for the next request.
    send(request, response, answer, isStopping() || answer.status === 413 || request.headers.host === undefined);
    log.info({ method: request.method, path: request.path, status: answer.status }, 'request');
  };

  app.use(({ headers, httpVersion }, _, next) => {
    // RFC 9112 §3.2: a request without Host is refused, as nobody can say whom it is for.
    if (headers.host === undefined && httpVersion === '1.1')
      throw new Problem('malformed', 'The header Host is missing.');
    next();
  });

  // #region route
  const route = (path: string, handlers: Handlers): void => {
    const allowed: string[] = [];
    const at = app.route(path);
    for (const [method, handler] of Object.entries(handlers) as [keyof Handlers, Handler][]) {
      at[method](async (request, response) => reply(request, response, await handler(request)));
      allowed.push(method.toUpperCase(), ...(method === 'get' ? ['HEAD'] : []));
    }
    // RFC 9110 §15.5.6: a 405 says what is allowed instead.
    const headers = { Allow: allowed.join(', ') };
    at.all(({ method }) => {
      throw new Problem('method-not-allowed', `${method} is not offered here.`, { headers });
    });
  };
  // #endregion route

  const cursors = new CursorCodec(settings.cursorKey);
  route('/openapi.json', { get: () => jsonAnswer(200, document) });
  for (const plan of [characters, quests]) {
    const { list, member } = collectionHandlers(new Collection(plan, database), { database, cursors, settings });
    route(plan.path, list);
    route(`${plan.path}/:id`, member);
  }
  const party = partyHandlers(new Parties(database));
  route('/quests/:id/party', party.list);
  route('/quests/:id/party/:characterId', party.member);

  app.use(() => {
    throw new Problem('not-found', 'There is no such route.');
  });

  // #region error-edge
  // Every error ends here, and becomes a problem document here: Express knows it by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _: NextFunction) => {
    const problem = problemOf(error);
    if (problem.status >= 500) log.error({ err: error }, problem.kind);
    if (response.headersSent) response.destroy();
    else reply(request, response, problemAnswer(problem, request.path));
  });
  // #endregion error-edge
  return app;
}

/** What is not meant for clients stays here: they learn that something went wrong, the log learns what. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) return unavailable(error);
  // Express throws this for a path such as /characters/%zz.
  if (error instanceof URIError) return new Problem('malformed', 'The path cannot be decoded.');
  return new Problem('internal', 'The fault is ours, and has been logged.', { cause: error });
}
