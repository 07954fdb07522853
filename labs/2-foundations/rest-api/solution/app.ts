import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { type Answer, problemAnswer, send } from './answer.ts';
import type { Database } from './database.ts';
import type { Handler, Handlers } from './handler.ts';
import { namesOneHost } from './host.ts';
import type { Log } from './log.ts';
import { Parties } from './party.ts';
import { Problem } from './problem.ts';
import { problemOf } from './problem-of.ts';
import { createRoutes, methodNotAllowed } from './routes.ts';
import type { Settings } from './settings.ts';

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
    send(request, response, answer, isStopping() || answer.status === 413 || !namesOneHost(request));
    log.info({ method: request.method, path: request.path, status: answer.status }, 'request');
  };

  app.use((request, _, next) => {
    if (!namesOneHost(request)) throw new Problem('malformed', 'There has to be one header Host.');
    next();
  });

  // #region route
  for (const route of createRoutes(settings, database, new Parties(database))) {
    const at = app.route(route.path);
    for (const [method, handler] of Object.entries(route.handlers) as [keyof Handlers, Handler][]) {
      at[method](async (request, response) => reply(request, response, await handler(request)));
    }
    // Without it a method that is not offered would fall through to the 404.
    at.all(({ method }) => {
      throw methodNotAllowed(route, method);
    });
  }
  // #endregion route

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
