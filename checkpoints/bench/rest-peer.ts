/**
 * What rest-api is held against: the same three routes with `pg`, and none of its care, on plain Fastify or on bare
 * `node:http`. The argument says which. The schema is the one that rest-api has made.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import pg from 'pg';

const FIELDS = 'name, class, guild, level, gold, bio, born_on';
const POOL_SIZE = 10;
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE });

type Body = Readonly<Record<string, unknown>>;

async function read(id: string): Promise<unknown> {
  const { rows } = await pool.query('SELECT * FROM characters WHERE id = $1', [id]);
  return rows[0];
}

async function list(guild: string): Promise<unknown> {
  const { rows } = await pool.query('SELECT * FROM characters WHERE guild = $1 ORDER BY name, id LIMIT 20', [guild]);
  return { items: rows };
}

async function write({ name, class: profession, guild, level }: Body): Promise<unknown> {
  const sql = `INSERT INTO characters (${FIELDS}) VALUES ($1, $2, $3, $4, 0, '', null) RETURNING *`;
  const { rows } = await pool.query(sql, [name, profession, guild, level]);
  return rows[0];
}

async function startFastify(): Promise<number> {
  const app = fastify({ logger: false });
  const text = { type: 'string' };
  const body = { type: 'object', properties: { name: text, class: text, guild: text, level: { type: 'integer' } } };
  app.get<{ Params: { id: string } }>('/characters/:id', ({ params }) => read(params.id));
  app.get<{ Querystring: { guild: string } }>('/characters', ({ query }) => list(query.guild));
  app.post<{ Body: Body }>('/characters', { schema: { body } }, async (request, reply) => {
    reply.code(201);
    return write(request.body);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as AddressInfo).port;
}

async function startBare(): Promise<number> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://peer');
    const value =
      request.method === 'POST'
        ? await write(JSON.parse(await textOf(request)))
        : url.pathname === '/characters'
          ? await list(url.searchParams.get('guild') ?? '')
          : await read(url.pathname.slice('/characters/'.length));
    const text = JSON.stringify(value);
    response.writeHead(request.method === 'POST' ? 201 : 200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

process.on('SIGTERM', () => process.exit(0));
console.log(`READY ${await (process.argv[2] === 'fastify' ? startFastify() : startBare())}`);
