/**
 * What the lab's program is held against: amqplib and pg, and nothing that the lab is about. `node plain.ts <mode>`:
 *
 * - `serve`: the lab's contract over HTTP, each message published with mandatory and answered after its own confirm. No
 *   check of a line, no timeout, no reconnect, no telling of what came back.
 * - `consume`: a worker with the lab's statement, and no retry, no order of keys and no stop.
 * - `pipe`: as `serve` without HTTP and without an answer for each message: what the broker and amqplib give.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import amqp, { type ConfirmChannel } from 'amqplib';
import pg from 'pg';

const { AMQP_URL = '', DATABASE_URL = '', QUEUE = '', COUNT = '0', PREFETCH = '20', PORT = '0' } = process.env;

interface Reward {
  readonly id: string;
  readonly adventurer: string;
  readonly gold: number;
}

function publish(channel: ConfirmChannel, { id, adventurer, gold }: Reward, confirmed: (error: unknown) => void) {
  const body = Buffer.from(JSON.stringify({ id, adventurer, gold }));
  return channel.publish(QUEUE, 'any', body, { persistent: true, mandatory: true, messageId: id }, confirmed);
}

async function serve(channel: ConfirmChannel): Promise<void> {
  const answerTo = async (line: string): Promise<string> => {
    const reward = JSON.parse(line) as Reward;
    const error = await new Promise((resolve) => publish(channel, reward, resolve));
    return `${JSON.stringify({ id: reward.id, outcome: error ? 'failed' : 'confirmed' })}\n`;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const lines = Buffer.concat(chunks).toString('utf8').trimEnd().split('\n');
      const answers = await Promise.all(lines.map(answerTo));
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(answers.join(''));
    });
  });
  server.listen(Number(PORT), '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`READY ${(server.address() as AddressInfo).port}\n`);
}

async function pipe(channel: ConfirmChannel): Promise<void> {
  const count = Number(COUNT);
  const since = performance.now();
  for (let i = 0; i < count; i += 1) {
    const hasRoom = publish(channel, { id: `pipe-${i}`, adventurer: 'Brida', gold: 5 }, () => {});
    if (!hasRoom) await once(channel, 'drain');
  }
  await channel.waitForConfirms();
  console.log(JSON.stringify({ tookMs: performance.now() - since }));
  process.exit();
}

async function consume(channel: ConfirmChannel): Promise<void> {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
  await channel.prefetch(Number(PREFETCH));
  await channel.consume(`${QUEUE}.any`, async (message) => {
    if (message === null) return;
    const { id, adventurer, gold } = JSON.parse(message.content.toString()) as Reward;
    await pool.query({
      name: 'pay',
      text: `WITH first_time AS (INSERT INTO inbox (message_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING message_id)
             INSERT INTO ledger (message_id, adventurer, gold) SELECT message_id, $2::text, $3::integer FROM first_time`,
      values: [id, adventurer, gold],
    });
    channel.ack(message);
  });
  process.stdout.write('READY 0\n');
}

const connection = await amqp.connect(AMQP_URL, { noDelay: true });
const channel = await connection.createConfirmChannel();
process.once('SIGTERM', () => process.exit());
const modes = { serve, pipe, consume } as const;
await modes[process.argv[2] as keyof typeof modes](channel);
