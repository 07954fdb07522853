/**
 * The same API on node:http alone, without a pool: every use of the database makes a connection, behind a turnstile that
 * lets so many in at once. Slower, and there is no idle connection that could break.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, problemAnswer, send } from '../../solution/answer.ts';
import { ApiServer } from '../../solution/api-server.ts';
import { namesOneHost } from '../../solution/host.ts';
import { createLog } from '../../solution/log.ts';
import { migrate } from '../../solution/migrations.ts';
import { Parties } from '../../solution/party.ts';
import { notFound, Problem } from '../../solution/problem.ts';
import { problemOf } from '../../solution/problem-of.ts';
import { createRoutes, methodNotAllowed, type Route } from '../../solution/routes.ts';
import { readSettings, type Settings } from '../../solution/settings.ts';
import { FreshDatabase } from './fresh-database.ts';

interface Pattern extends Route {
  readonly matches: RegExp;
}

const log = createLog();

async function answer(request: IncomingMessage, patterns: readonly Pattern[]): Promise<Answer> {
  if (!namesOneHost(request)) throw new Problem('malformed', 'There has to be one header Host.');
  const path = pathOf(request);
  for (const pattern of patterns) {
    const groups = pattern.matches.exec(path)?.groups;
    if (groups === undefined) continue;
    const params = Object.fromEntries(Object.entries(groups).map(([name, part]) => [name, decode(part)]));
    const method = request.method === 'HEAD' ? 'get' : (request.method ?? '').toLowerCase();
    if (!Object.hasOwn(pattern.handlers, method)) throw methodNotAllowed(pattern, request.method ?? '');
    const handler = pattern.handlers[method as keyof typeof pattern.handlers];
    if (handler !== undefined) return handler(Object.assign(request, { params }));
  }
  throw notFound();
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/\?.*/s, '');
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new Problem('malformed', 'The path cannot be decoded.', { cause });
  }
}

async function serve(settings: Settings): Promise<void> {
  const server = new ApiServer(settings, log);
  const database = new FreshDatabase(settings);
  const patterns = createRoutes(settings, database, new Parties(database)).map((route) => ({
    ...route,
    // An empty group, so that a route without parts that vary has groups, too.
    matches: new RegExp(`^${route.path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)').replaceAll('.', '\\.')}(?<end>)$`),
  }));
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const given = await answer(request, patterns).catch((error: unknown) => {
      const problem = problemOf(error);
      if (problem.status >= 500) log.error({ err: error });
      return problemAnswer(problem, pathOf(request));
    });
    const closes = server.isStopping() || given.status === 413 || !namesOneHost(request);
    send(request, response, given, closes);
  };
  try {
    const port = await server.listen((request, response) => void respond(request, response));
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
if (!reading.ok) {
  log.error(reading.problem);
  process.exitCode = 1;
} else {
  try {
    await migrate(reading.settings.task === 'migrate-down' ? 'down' : 'up', reading.settings, log);
    if (reading.settings.task === 'serve') await serve(reading.settings);
  } catch (error) {
    log.error(`the database of DATABASE_URL cannot be prepared: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
