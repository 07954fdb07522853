/**
 * The same API on Fastify, at READ COMMITTED, with locks in a fixed order where the solution lets SERIALIZABLE find
 * conflicts. Nothing fails for having been too optimistic, so nearly nothing is repeated; writers wait instead.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, { type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify';
import { type Answer, problemAnswer, send } from '../../solution/answer.ts';
import { ApiServer } from '../../solution/api-server.ts';
import type { Handler } from '../../solution/handler.ts';
import { namesOneHost } from '../../solution/host.ts';
import { createLog } from '../../solution/log.ts';
import { migrate } from '../../solution/migrations.ts';
import { notFound, Problem } from '../../solution/problem.ts';
import { problemOf } from '../../solution/problem-of.ts';
import { createRoutes, methodNotAllowed } from '../../solution/routes.ts';
import { readSettings, type Settings } from '../../solution/settings.ts';
import { LockingDatabase } from './locking-database.ts';
import { LockingParties } from './locking-parties.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'options'] as const;
const log = createLog();

function fail(message: string): void {
  log.error(message);
  process.exitCode = 1;
}

async function serve(settings: Settings): Promise<void> {
  const server = new ApiServer(settings, log);
  const database = new LockingDatabase(settings);
  const reply = (request: IncomingMessage, response: ServerResponse, answer: Answer): void =>
    send(request, response, answer, server.isStopping() || answer.status === 413);

  const answerError = (error: unknown, { raw }: FastifyRequest, response: FastifyReply): void => {
    const { code } = error as { readonly code?: string };
    const bad = code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH';
    const problem = bad ? new Problem('malformed', 'The path cannot be decoded.') : problemOf(error);
    if (problem.status >= 500) log.error({ err: error });
    response.hijack();
    reply(raw, response.raw, problemAnswer(problem, (raw.url ?? '').replace(/\?.*/, '')));
  };
  const app = fastify({ logger: false, return503OnClosing: false, frameworkErrors: answerError });
  // Bodies are read by the handlers, which know how large they may be.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  for (const route of createRoutes(settings, database, new LockingParties(database))) {
    for (const method of METHODS) {
      const handler: Handler | undefined = method === 'options' ? undefined : route.handlers[method];
      app.route({
        method: method.toUpperCase() as HTTPMethods,
        url: route.path,
        exposeHeadRoute: handler !== undefined,
        handler: async ({ raw, params }, response) => {
          if (handler === undefined) throw methodNotAllowed(route, raw.method ?? '');
          const answer = await handler(Object.assign(raw, { params: params as Record<string, unknown> }));
          response.hijack();
          reply(raw, response.raw, answer);
        },
      });
    }
  }
  app.setNotFoundHandler(() => {
    throw notFound('There is no such route.');
  });
  app.setErrorHandler(answerError);
  await app.ready();

  try {
    const port = await server.listen((request, response) => {
      if (namesOneHost(request)) app.routing(request, response);
      else send(request, response, problemAnswer(new Problem('malformed', 'There has to be one header Host.')), true);
    });
    process.stdout.write(`READY ${port}\n`);
  } catch (error) {
    const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    log.error(inUse ? `port ${settings.port} is in use` : String(error));
    process.exit(1);
  }
  await once(process, 'SIGTERM');
  await server.stop();
  process.exit(0);
}

const reading = readSettings(process.env);
if (!reading.ok) fail(reading.problem);
else {
  const { settings } = reading;
  try {
    await migrate(settings.task === 'migrate-down' ? 'down' : 'up', settings, log);
    if (settings.task === 'serve') await serve(settings);
  } catch (error) {
    fail(`the database of DATABASE_URL cannot be prepared: ${(error as Error).message}`);
  }
}
