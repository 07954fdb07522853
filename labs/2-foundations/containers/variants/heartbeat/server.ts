/**
 * The notice board in one file. A heartbeat asks the database twice a second, and readiness is what it last heard; the
 * image is built with mounts, and the stack is written with anchors and the long syntax.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import pg from 'pg';

const BEAT_MS = 500;
const PATIENCE_MS = 1_000;
const MAX_BODY_BYTES = 16 * 1024;

const say = (event: string, more: object = {}) => console.error(JSON.stringify({ at: Date.now(), event, ...more }));

function refuse(problem: string): never {
  say('refused', { problem });
  process.exit(64);
}

function count(name: string, fallback: number, from: number, to: number): number {
  const value = process.env[name] || String(fallback);
  if (/^[0-9]{1,9}$/.test(value) && Number(value) >= from && Number(value) <= to) return Number(value);
  return refuse(`${name} has to be a number from ${from} to ${to}, and is ${value}`);
}

const address = process.env.DATABASE_URL ?? '';
if (!/^postgres(ql)?:\/\/[^/]+/.test(address)) refuse('DATABASE_URL has to be the address of a PostgreSQL database');
const port = count('PORT', 8080, 0, 65535);
const delayMs = count('SHUTDOWN_DELAY_MS', 0, 0, 60_000);
const limitMs = count('SHUTDOWN_TIMEOUT_MS', 8_000, 1, 600_000);

const board = { hasTable: false, isReady: false, isLeaving: false };
const pool = new pg.Pool({
  connectionString: address,
  connectionTimeoutMillis: PATIENCE_MS,
  query_timeout: 4 * PATIENCE_MS,
});
pool.on('error', ({ message }) => say('connection lost', { message }));

async function beat(): Promise<void> {
  const late = new Promise<never>((_, reject) =>
    setTimeout(reject, PATIENCE_MS, new Error('no answer in time')).unref(),
  );
  try {
    const asked = board.hasTable
      ? pool.query('SELECT')
      : pool.query(`DO $$ BEGIN
          PERFORM pg_advisory_xact_lock(52);
          CREATE TABLE IF NOT EXISTS notices (id serial PRIMARY KEY, text text NOT NULL);
        END $$`);
    asked.catch(() => {});
    await Promise.race([asked, late]);
    board.hasTable = true;
    if (!board.isReady) say('ready');
    board.isReady = true;
  } catch (error) {
    if (board.isReady) say('not ready', { message: (error as Error).message });
    board.isReady = false;
  }
  if (!board.isLeaving) setTimeout(beat, BEAT_MS);
}

const server = createServer(async (request, response) => {
  const send = (status: number, body?: unknown) => {
    if (board.isLeaving) response.setHeader('connection', 'close');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  try {
    const [, name, id] = (request.url ?? '').split('/');
    const what = `${request.method} ${name}`;
    if (name === 'livez') send(200);
    else if (name === 'readyz') send(board.isReady && !board.isLeaving ? 200 : 503);
    else if (what === 'GET notices')
      send(200, (await pool.query('SELECT id, text FROM notices ORDER BY id DESC')).rows);
    else if (what === 'POST notices') {
      const body = await textOf(request);
      const { text } = JSON.parse(body.length > MAX_BODY_BYTES ? '{}' : body) as { text?: unknown };
      if (body.length > MAX_BODY_BYTES) send(413);
      else if (typeof text !== 'string' || text === '') send(400);
      else send(201, (await pool.query('INSERT INTO notices (text) VALUES ($1) RETURNING id, text', [text])).rows[0]);
    } else if (what === 'DELETE notices') {
      const { rowCount } = await pool.query('DELETE FROM notices WHERE id::text = $1', [id]);
      send(rowCount ? 204 : 404);
    } else send(404);
  } catch (error) {
    say('failed', { message: (error as Error).message });
    send(error instanceof SyntaxError ? 400 : 503);
  }
});

server.listen(port, process.env.HOST || '127.0.0.1', () => {
  console.log(`READY ${(server.address() as AddressInfo).port}`);
  void beat();
});

process.on('SIGTERM', () => {
  board.isLeaving = true;
  setTimeout(() => process.exit(0), limitMs).unref();
  setTimeout(() => server.close(() => process.exit(0)), delayMs);
});
