import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Read } from './cache-aside.ts';
import { DatabaseUnavailable } from './database.ts';
import type { Leaderboard, Leaders } from './leaderboard.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { Problem, unavailable } from './problem.ts';
import type { Quests } from './quests.ts';
import { readClaim, readId, readPage, readQuest } from './validation.ts';

export interface AppOptions {
  readonly quests: Quests;
  readonly leaderboard: Leaderboard;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Whether the cache has fallen so far behind that no write may be taken. */
  readonly isOverdue: () => boolean;
  readonly isStopping: () => boolean;
}

const BODY_LIMIT_BYTES = 1024 * 1024;

// #region cache-status
/** RFC 9211: how the cache has handled the request. */
const CACHE_STATUS: Readonly<Record<Read<unknown>['from'] | Leaders<unknown>['from'], string>> = {
  'fresh entry': 'tavern; hit',
  'stale entry': 'tavern; hit; detail=stale',
  load: 'tavern; fwd=miss',
  'load of another': 'tavern; fwd=miss; collapsed',
  bypass: 'tavern; fwd=bypass',
};
// #endregion cache-status

export function createApp({ quests, leaderboard, metrics, log, isOverdue, isStopping }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_, response, next) => {
    if (isStopping()) response.set('Connection', 'close');
    next();
  });
  app.use((request, _, next) => {
    if (request.method === 'PUT' || request.method === 'POST') requireJson(request);
    next();
  });
  app.use(express.json({ limit: BODY_LIMIT_BYTES, strict: false }));
  app.use((request, _, next) => {
    if (isOverdue() && !['GET', 'HEAD'].includes(request.method)) {
      throw unavailable('The cache cannot be told of further writes. Try again later.');
    }
    next();
  });

  const give = <T>(response: Response, { value, from }: Read<T> | Leaders<T>): void => {
    response.set('Cache-Status', CACHE_STATUS[from]);
    if (value === null || value === undefined) throw new Problem('not-found', 'There is no such thing.');
    response.json(value);
  };

  app
    .route('/quests/:id')
    .get(async ({ params }, response) => give(response, await quests.read(readId(params.id))))
    .put(async ({ params, body }, response) => {
      const { quest, created } = await quests.write(readId(params.id), readQuest(body));
      response.status(created ? 201 : 200).json(quest);
    })
    .delete(async ({ params }, response) => {
      await quests.remove(readId(params.id));
      response.status(204).end();
    })
    .all(notAllowed('GET, HEAD, PUT, DELETE'));
  app
    .route('/quests/:id/claims')
    .post(async ({ params, body }, response) => {
      response.status(201).json(await quests.claim(readId(params.id), readClaim(body)));
    })
    .all(notAllowed('POST'));
  app
    .route('/board')
    .get(async (_, response) => {
      const { value, from } = await quests.readBoard();
      give(response, { value: { items: value }, from });
    })
    .all(notAllowed('GET, HEAD'));
  app
    .route('/leaderboard')
    .get(async ({ url }, response) => {
      const { offset, limit } = readPage(url);
      give(response, await leaderboard.page(offset, limit));
    })
    .all(notAllowed('GET, HEAD'));
  app
    .route('/leaderboard/:name')
    .get(async ({ params }, response) => give(response, await leaderboard.standing(params.name)))
    .all(notAllowed('GET, HEAD'));
  app
    .route('/metrics')
    .get((_, response) => {
      response.type('text/plain; version=0.0.4').send(metrics.toText());
    })
    .all(notAllowed('GET, HEAD'));
  app.use(() => {
    throw new Problem('not-found', 'There is no such route.');
  });

  // Every error ends here, and becomes a problem document here: Express knows it by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _: NextFunction) => {
    const problem = problemOf(error);
    if (problem.status >= 500) log.error({ err: error }, problem.kind);
    response.status(problem.status).set(problem.headers).type('application/problem+json');
    response.send(JSON.stringify(problem.toDocument(request.path)));
  });
  return app;
}

function requireJson({ headers }: Request): void {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new Problem('unsupported-media-type', 'The body must be application/json.');
}

function notAllowed(allow: string) {
  return ({ method }: Request): never => {
    throw new Problem('method-not-allowed', `${method} is not offered here.`, { headers: { Allow: allow } });
  };
}

/** What is not meant for clients stays here: they learn that something went wrong, the log learns what. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) return unavailable('The database does not answer. Try again later.', error);
  if (error instanceof URIError) return new Problem('malformed', 'The path cannot be decoded.');
  const { type } = error as { type?: unknown };
  if (type === 'entity.too.large') return new Problem('too-large', 'The body is too large.');
  // What the parser of bodies throws has a type; it is always about what was sent.
  if (typeof type === 'string') return new Problem('malformed', 'The body is not JSON in UTF-8.');
  return new Problem('internal', 'The fault is ours, and has been logged.', { cause: error });
}
