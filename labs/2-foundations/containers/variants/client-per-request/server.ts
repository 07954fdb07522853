/**
 * The notice board without a pool: each request has a connection of its own. The image prunes what it installed, and
 * the stack is written with lists.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { checkedEnvironment } from './environment.ts';

const PATIENCE_MS = 1_500;
const MAX_BODY_BYTES = 16 * 1024;
const TABLE = 'CREATE TABLE IF NOT EXISTS notices (id integer GENERATED ALWAYS AS IDENTITY, text text NOT NULL)';

type Log = { readonly message: string };
const log = (entry: Log) => process.stderr.write(`${JSON.stringify(entry)}\n`);

const checked = checkedEnvironment(process.env);
if ('wrong' in checked) {
  log({ message: checked.wrong });
  process.exit(1);
}
const environment = checked;

async function inDatabase<T extends pg.QueryResultRow>(statement: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({
    connectionString: environment.databaseUrl,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
  });
  client.on('error', ({ message }) => log({ message }));
  try {
    await client.connect();
    return (await client.query<T>(statement, values)).rows;
  } finally {
    // Not awaited: a database that says nothing does not say goodbye either.
    client.end().catch(() => {});
    const { stream } = (client as unknown as { connection: { stream: { unref?(): void } } }).connection;
    stream.unref?.();
  }
}

let table: Promise<unknown> | undefined;
/** Makes the table when the database first answers; whoever comes meanwhile waits for the same attempt. */
async function withTable(): Promise<void> {
  table ??= inDatabase(`BEGIN; SELECT pg_advisory_xact_lock(9); ${TABLE}; COMMIT`);
  try {
    await table;
  } catch (error) {
    table = undefined;
    throw error;
  }
}

let leaving = false;

async function answer(request: http.IncomingMessage): Promise<[status: number, body?: unknown]> {
  const { pathname } = new URL(request.url ?? '/', 'http://board');
  if (pathname === '/livez') return [200, 'live'];
  if (pathname === '/readyz') {
    if (leaving) return [503, 'leaving'];
    await withTable();
    await inDatabase('SELECT 1');
    return [200, 'ready'];
  }
  if (!pathname.startsWith('/notices')) return [404];
  if (request.method === 'GET') {
    await withTable();
    return [200, await inDatabase('SELECT id, text FROM notices ORDER BY id DESC LIMIT 50')];
  }
  if (request.method === 'DELETE') {
    const gone = await inDatabase('DELETE FROM notices WHERE id::text = $1 RETURNING id', [
      pathname.slice('/notices/'.length),
    ]);
    return [gone.length === 1 ? 204 : 404];
  }
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += body.length > MAX_BODY_BYTES ? '' : chunk;
  if (body.length > MAX_BODY_BYTES) return [413];
  const wanted = parsed(body);
  if (wanted === undefined) return [400];
  await withTable();
  return [201, (await inDatabase('INSERT INTO notices (text) VALUES ($1) RETURNING id, text', [wanted]))[0]];
}

function parsed(body: string): string | undefined {
  try {
    const { text } = JSON.parse(body) as { text?: unknown };
    return typeof text === 'string' && text.length > 0 ? text : undefined;
  } catch {
    return undefined;
  }
}

let underWay = 0;
const server = http.createServer((request, response) => {
  underWay += 1;
  response.once('close', () => {
    underWay -= 1;
    leaveIfDone();
  });
  answer(request)
    .catch(({ message }: Error): [number] => {
      log({ message });
      return [503];
    })
    .then(([status, body]) => {
      const headers = { connection: 'close', 'content-type': 'application/json' };
      response.writeHead(status, headers).end(body === undefined ? '' : JSON.stringify(body));
    });
});

function leaveIfDone(): void {
  if (leaving && !server.listening && underWay === 0) process.exit(0);
}

server.listen({ port: environment.port, host: environment.host }, () => {
  process.stdout.write(`READY ${(server.address() as AddressInfo).port}\n`);
  log({ message: 'listening' });
});

process.once('SIGTERM', () => {
  leaving = true;
  log({ message: 'leaving' });
  setTimeout(() => process.exit(0), environment.stopWithinMs);
  setTimeout(() => {
    server.close();
    leaveIfDone();
  }, environment.stopDelayMs);
});
