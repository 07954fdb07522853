/**
 * `npm start`: builds the site when its inputs have changed, then serves it, on loopback unless HOST says otherwise.
 * There, lab pages also run the checkpoints of this clone (see workbook/); WORKBOOK=off serves the pages alone.
 * PORT, HOST, SITE_BASE and SITE_URL are read from the environment.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { course } from '../labs/course.ts';
import { buildIfStale } from './build.ts';
import { WORKBOOK_HOST, Workbook } from './workbook/workbook.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DEFAULT_PORT = 4321;
const MAX_PORT = 65_535;
/** How often requests that never end are looked for. */
const CHECK_CONNECTIONS_MS = 5_000;

async function main(): Promise<number | undefined> {
  const host = process.env.HOST || '127.0.0.1';
  const port = Number(process.env.PORT || DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    console.error(`PORT is "${process.env.PORT}", which is no port. Use a number from 1 to ${MAX_PORT}.`);
    return 1;
  }
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        stop.abort();
        resolve();
      });
    }
  });
  const outDir = process.env.SITE_OUT ?? 'site/dist';
  const base = `/${process.env.SITE_BASE ?? ''}/`.replaceAll(/\/+/g, '/');
  const folder = resolve(ROOT, outDir);
  const isOff = process.env.WORKBOOK === 'off' || host !== WORKBOOK_HOST;
  const workbook = isOff ? undefined : new Workbook({ course, folder, base, port, env: process.env });
  let isBuilt = false;
  const server = pageServer({ folder, base, workbook, isBuilt: () => isBuilt });
  workbook?.protect(server);
  // Listening comes first: a port that is taken is said before a build is waited for.
  const obstacle = await listen(server, host, port);
  if (obstacle !== undefined) {
    console.error(obstacle);
    return 1;
  }
  try {
    const { built } = await buildIfStale({ outDir, signal: stop.signal });
    isBuilt = true;
    console.log(built ? 'The site has been built.' : 'The site is current.');
  } catch (error) {
    await close(server);
    if (stop.signal.aborted) return 0;
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  console.log('The site stands at');
  console.log(`http://${shown.includes(':') ? `[${shown}]` : shown}:${port}${base === '/' ? '' : base}`);
  if (workbook) console.log('Its lab pages run the checkpoints on your attempts. Ctrl-C ends it, and all that runs.');
  else if (host !== WORKBOOK_HOST) console.log(`Its lab pages run nothing: that is for ${WORKBOOK_HOST} only.`);
  await stopped;
  await workbook?.close();
  await close(server);
  return 0;
}

interface PageServerOptions {
  readonly folder: string;
  readonly base: string;
  readonly workbook: Workbook | undefined;
  /** Until then there is nothing to serve. */
  readonly isBuilt: () => boolean;
}

/**
 * Serves a folder of built pages under a base, compressed where the browser takes it; unknown paths get 404.html. A
 * workbook is asked first.
 */
function pageServer({ folder, base, workbook, isBuilt }: PageServerOptions): Server {
  const pages = sirv(folder, {
    // Files are looked up at each request, so that a build during a visit cannot mix old lengths with new contents.
    dev: true,
    etag: true,
    gzip: true,
    onNoMatch: (_request, response) => {
      response.writeHead(404, { 'Content-Type': 'text/html;charset=utf-8' });
      response.end(readFileSync(join(folder, '404.html')));
    },
  });
  return createServer({ connectionsCheckingInterval: CHECK_CONNECTIONS_MS }, (request, response) => {
    if (!isBuilt()) {
      response.writeHead(503, { 'Content-Type': 'text/plain', 'Retry-After': '5' });
      response.end('The site is being built. Load this page again in a moment.\n');
      return;
    }
    if (workbook?.handle(request, response)) return;
    const url = request.url ?? '/';
    if (url.startsWith(base)) {
      request.url = url.slice(base.length - 1);
      pages(request, response);
    } else {
      response.writeHead(302, { Location: base });
      response.end();
    }
  });
}

/** One sentence on why nothing can be served there; undefined once it listens. */
function listen(server: Server, host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`;
      done(`Port ${port} on ${host} ${why}. Name another one: PORT=${port + 1} npm start`);
    });
    server.listen(port, host, () => done(undefined));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}

process.exitCode = await main();
