/**
 * The Tavern's notice board. It works on the laptop where it was written; brief.md says what it must do elsewhere, and
 * each TODO names the checkpoint that it is missing for.
 */
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

// TODO(bad-settings): a missing or invalid variable ends the start with one line that names it, and never shows a password.
const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || '8080');
const databaseUrl = process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';

// TODO(json-logs): every line of the log is one JSON object, and none holds a secret.
function log(text: string): void {
  console.error(`${new Date().toISOString()} ${text}`);
  // TODO(writes-nothing): the server makes and changes no file.
  appendFileSync('board.log', `${text}\n`);
}

const pool = new pg.Pool({ connectionString: databaseUrl });
const server = createServer((request, response) => {
  serve(request, response).catch((error: Error) => {
    log(`${request.method} ${request.url} failed: ${error.message}`);
    // TODO(database-lost): without its database the server answers 503, at /readyz too, and recovers by itself.
    response.writeHead(500).end();
  });
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '' } = request;
  if (url === '/livez' || url === '/readyz') {
    await pool.query('SELECT 1');
    response.writeHead(200).end();
  } else if (url === '/notices' && method === 'GET') {
    const { rows } = await pool.query('SELECT id::int, text FROM notices ORDER BY id DESC LIMIT 100');
    send(response, 200, rows);
  } else if (url === '/notices' && method === 'POST') {
    const { rows } = await pool.query('INSERT INTO notices (text) VALUES ($1) RETURNING id::int, text', [
      await textOf(request),
    ]);
    send(response, 201, rows[0]);
  } else {
    send(response, 404, { error: 'no such thing' });
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return String((JSON.parse(body) as { text?: unknown }).text);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

// TODO(starts-alone): the server is live before its database is there, waits for it, and is ready after that.
await pool.query(
  'CREATE TABLE IF NOT EXISTS notices (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)',
);
server.listen(port, host, () => {
  console.log(`READY ${(server.address() as AddressInfo).port}`);
  log(`listening, with the database at ${databaseUrl}`);
});

// TODO(drains): on SIGTERM the server turns unready, serves on for SHUTDOWN_DELAY_MS, finishes what is under way, exits 0.
// TODO(stop-deadline): that takes no longer than SHUTDOWN_TIMEOUT_MS.
