/**
 * The same program with its retries in PostgreSQL: a message that failed is acknowledged, and waits in a table until it
 * is due. No queue has to know a delay. What it costs: the database that is in trouble is asked to hold the trouble.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createHttpFace } from '../../solution/http-face.ts';
import { KafkaQueue } from '../../solution/kafka-queue.ts';
import { createLog } from '../../solution/log.ts';
import type { Queue } from '../../solution/queue.ts';
import { RabbitQueue } from '../../solution/rabbit-queue.ts';
import { readSettings, type Settings } from '../../solution/settings.ts';
import { SqsQueue } from '../../solution/sqs-queue.ts';
import { Worker } from '../../solution/worker.ts';
import { CarefulLedger } from './careful-ledger.ts';
import { ParkingQueue } from './parking.ts';

const log = createLog();

function end(message: string): never {
  log.error(message);
  process.exit(1);
}

function openQueue(settings: Settings): Queue {
  if (settings.broker === 'kafka') return new KafkaQueue(settings, log);
  if (settings.broker === 'sqs') return new SqsQueue(settings, log);
  return new RabbitQueue(settings, log);
}

async function serve(settings: Settings, queue: Queue): Promise<void> {
  const { role, databaseUrl, databaseTimeoutMs, retryDelayMs, host, port } = settings;
  const face = createHttpFace(queue, role !== 'worker');
  face.on('error', (error: NodeJS.ErrnoException) =>
    end(error.code === 'EADDRINUSE' ? `port ${port} is in use` : error.message),
  );
  face.listen(port, host);
  await once(face, 'listening');
  let worker: Worker | undefined;
  if (role !== 'publisher') {
    const ledger = new CarefulLedger(databaseUrl, databaseTimeoutMs, log);
    worker = new Worker(new ParkingQueue(queue, ledger, { retryDelayMs, log }), ledger, { ...settings, log });
    await worker.start();
  }
  process.stdout.write(`READY ${(face.address() as AddressInfo).port}\n`);
  await once(process, 'SIGTERM');
  setTimeout(() => process.exit(0), settings.shutdownTimeoutMs);
  face.close();
  face.closeIdleConnections();
  await worker?.stop();
  await queue.close();
  process.exit(0);
}

const reading = readSettings(process.env);
if (!reading.ok) end(reading.problem);
const { settings } = reading;
const queue = openQueue(settings);
const variable = { rabbitmq: 'AMQP_URL', kafka: 'KAFKA_BROKERS', sqs: 'SQS_ENDPOINT' }[settings.broker];
const late = setTimeout(() => end(`nothing answers at ${variable}`), settings.startTimeoutMs);
await queue.connect();
clearTimeout(late);
if (settings.role === 'redrive') {
  try {
    process.stdout.write(`REDRIVEN ${await queue.redrive()}\n`);
    await queue.close();
    process.exit(0);
  } catch (error) {
    end((error as Error).message);
  }
} else {
  await serve(settings, queue);
}
