/** The Tavern's rewards by message. brief.md says what it must do; each TODO names the checkpoint that it is missing for. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Channel, connect } from 'amqplib';
import pg from 'pg';

// TODO(bad-settings): an invalid variable, or no broker, ends the start with one line and an exit code other than 0.
const { BROKER = 'rabbitmq', ROLE = 'all', QUEUE = 'rewards' } = process.env;
const QUEUES = ['any', '0', '1', '2', '3'];

interface Reward {
  readonly id: string;
  readonly adventurer: string;
  readonly gold: number;
  readonly key?: string;
}

// TODO(redrive): ROLE=redrive brings back what lies in <QUEUE>.dead, once, with its attempts at 0.
// TODO(redrive-refused): a message leaves <QUEUE>.dead only when its new publish is confirmed.
if (ROLE === 'redrive') {
  process.stdout.write('REDRIVEN 0\n');
  process.exit(0);
}

// TODO(reconnect): connections that are cut are made again, and nothing that was confirmed is lost or done twice.
// TODO(topology): queues and exchanges that are gone are declared again, and consuming goes on.
// TODO(half-open): a connection on which nothing comes any more is given up after the heartbeats.
// TODO(memory-alarm): consuming goes on while the broker reads nothing from publishers.
async function openChannel(): Promise<Channel> {
  const connection = await connect(process.env.AMQP_URL ?? 'amqp://127.0.0.1');
  connection.on('error', (error) => console.error(error.message));
  const channel = await connection.createChannel();
  channel.on('error', (error) => console.error((error as Error).message));
  await channel.assertExchange(QUEUE, 'direct', { durable: true });
  await channel.assertQueue(`${QUEUE}.dead`, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  for (const name of QUEUES) {
    // TODO(delivery-limit): the broker itself puts a message aside that kills its workers.
    // TODO(order-across-workers): of several workers, one at a time has a queue whose order is kept.
    await channel.assertQueue(`${QUEUE}.${name}`, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(`${QUEUE}.${name}`, QUEUE, name);
  }
  return channel;
}

// TODO(kafka-once): with BROKER=kafka, an effect happens once whenever its worker dies.
// TODO(kafka-order): a message that fails is tried again before those of its partition.
// TODO(kafka-poison): poison goes to <QUEUE>.dead, and a redrive brings it back.
// TODO(sqs-once): with BROKER=sqs, an effect happens once whenever its worker dies.
// TODO(sqs-order): a message that fails is tried again before those of its group.
// TODO(sqs-poison): poison goes to its dead-letter queue, and a redrive brings it back.
// TODO(sqs-visibility): a message stays invisible for as long as its effect takes.
const channel = BROKER === 'rabbitmq' ? await openChannel() : undefined;

function publish(reward: Reward): string {
  if (channel === undefined) return 'failed';
  // TODO(confirmed): confirmed is what the broker has confirmed, persistent, in the queue of its key.
  // TODO(unroutable): what no queue takes is told.
  // TODO(nack): what the broker refuses is told.
  // TODO(silent-broker): what is not confirmed in time is told.
  channel.publish(QUEUE, reward.key === undefined ? 'any' : '0', Buffer.from(JSON.stringify(reward)));
  return 'confirmed';
}

// TODO(database-gone): an outage of the database costs no message an attempt.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', (error) => console.error(error.message));

async function pay({ id, adventurer, gold }: Reward): Promise<void> {
  // TODO(one-transaction): the effect and the memory of it are committed together.
  // TODO(twins): nor has one that comes twice at the same time.
  await pool.query('INSERT INTO ledger (message_id, adventurer, gold) VALUES ($1, $2, $3)', [id, adventurer, gold]);
}

async function handle(body: Buffer): Promise<void> {
  // TODO(key-order): messages of one key have their effects in order, and hold up nobody else.
  // TODO(order-under-retry): also when one of them fails for a while.
  // TODO(unreadable): a body that is no message goes to <QUEUE>.dead at its first attempt.
  // TODO(retry-aside): a message that fails is tried again after a delay, and keeps no other from being worked on.
  // TODO(poison): after MAX_ATTEMPTS it goes to <QUEUE>.dead with its history.
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    try {
      return await pay(JSON.parse(body.toString('utf8')) as Reward);
    } catch (error) {
      console.error((error as Error).message);
    }
  }
}

if (ROLE !== 'publisher' && channel !== undefined) {
  for (const name of QUEUES) {
    // TODO(redelivered): a message whose worker dies is handed to another worker.
    // TODO(prefetch): a worker holds at most PREFETCH messages of a queue.
    // TODO(broker-killed): nothing of all this fails when the broker is killed under load.
    const consumer = (message: { content: Buffer } | null) => void (message && handle(message.content));
    await channel.consume(`${QUEUE}.${name}`, consumer, { noAck: true });
  }
}

function answerLines(body: string, response: ServerResponse): void {
  // TODO(bad-lines): a request with a line that is no message is refused as a whole.
  const outcomes = body.split('\n').flatMap((line) => {
    try {
      const reward = JSON.parse(line) as Reward;
      return [`${JSON.stringify({ id: reward.id, outcome: publish(reward) })}\n`];
    } catch {
      return [];
    }
  });
  response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(outcomes.join(''));
}

const server = createServer((request, response) => {
  // TODO(differences): GET /broker tells what the broker does in its own way.
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => answerLines(body, response));
});
// TODO(graceful-stop): on SIGTERM what is under way is finished, and the rest is given back.
// TODO(stop-deadline): and that does not take longer than SHUTDOWN_TIMEOUT_MS.
server.listen(Number(process.env.PORT ?? '8080'), process.env.HOST ?? '127.0.0.1', () => {
  process.stdout.write(`READY ${(server.address() as AddressInfo).port}\n`);
});
