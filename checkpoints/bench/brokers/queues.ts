/** The lab's three adapters, and the brokers that they are held against. */
import { randomBytes } from 'node:crypto';
import amqp from 'amqplib';
import { KafkaQueue } from '../../../labs/3-distributed/message-queue/solution/kafka-queue.ts';
import { createLog, type Log } from '../../../labs/3-distributed/message-queue/solution/log.ts';
import type { Queue } from '../../../labs/3-distributed/message-queue/solution/queue.ts';
import { RabbitQueue } from '../../../labs/3-distributed/message-queue/solution/rabbit-queue.ts';
import { readSettings, type Settings } from '../../../labs/3-distributed/message-queue/solution/settings.ts';
import { SqsQueue } from '../../../labs/3-distributed/message-queue/solution/sqs-queue.ts';
import { closeKafka, openKafka } from '../../3-distributed/message-queue/kafka-bench.ts';
import { closeSqs, openSqs } from '../../3-distributed/message-queue/sqs-bench.ts';
import { ensureServices } from '../../services/ensure-services.ts';
import { type PrivateServer, startPrivateRabbitmq } from '../../services/private-server.ts';

export type BrokerName = 'RabbitMQ' | 'Kafka' | 'SQS';
export type Env = Readonly<Record<string, string>>;

export const silent: Log = createLog('warn');
silent.level = 'silent';

export function openQueue(settings: Settings): Queue {
  switch (settings.broker) {
    case 'rabbitmq':
      return new RabbitQueue(settings, silent);
    case 'kafka':
      return new KafkaQueue(settings, silent);
    case 'sqs':
      return new SqsQueue(settings, silent);
  }
}

/** A broker with names that nobody else has, and how a program finds it. */
export interface Place extends AsyncDisposable {
  readonly broker: BrokerName;
  /** What the figures hold for, in words. */
  readonly against: string;
  readonly env: Env;
}

let rabbit: Promise<PrivateServer> | undefined;

export async function closeBrokers(): Promise<void> {
  const server = await rabbit?.catch(() => undefined);
  rabbit = undefined;
  await Promise.all([server?.[Symbol.asyncDispose](), closeKafka(), closeSqs()]);
}

export const PLACES: Readonly<Record<BrokerName, () => Promise<Place>>> = {
  RabbitMQ: async () => {
    // Its own server, so that nobody else's queues are in it, and nothing has to be tidied up.
    rabbit ??= startRabbit();
    const { url } = await rabbit;
    const queue = `brokers-${randomBytes(6).toString('hex')}`;
    return {
      broker: 'RabbitMQ',
      against: `RabbitMQ ${await versionOf(url)}, one node, quorum queues`,
      env: { BROKER: 'rabbitmq', AMQP_URL: url, QUEUE: queue },
      [Symbol.asyncDispose]: async () => {},
    };
  },
  Kafka: async () => {
    const bench = await openKafka();
    const { against, env, queue } = bench;
    const dispose = () => bench[Symbol.asyncDispose]();
    return { broker: 'Kafka', against, env: { ...env, QUEUE: queue }, [Symbol.asyncDispose]: dispose };
  },
  SQS: async () => {
    const bench = await openSqs();
    const { against, env, queue } = bench;
    const dispose = () => bench[Symbol.asyncDispose]();
    return { broker: 'SQS', against, env: { ...env, QUEUE: queue }, [Symbol.asyncDispose]: dispose };
  },
};

/** The adapter in this process, connected. SQS reads its keys from the environment of the process. */
export async function connectQueue(env: Env): Promise<Queue> {
  const reading = readSettings({ ...env, ROLE: 'publisher' });
  if (!reading.ok) throw new Error(reading.problem);
  for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    if (env[name] !== undefined) process.env[name] = env[name];
  }
  const queue = openQueue(reading.settings);
  await queue.connect();
  return queue;
}

/** The shared one first: it brings the programs where they are missing. */
async function startRabbit(): Promise<PrivateServer> {
  const ensured = await ensureServices(['rabbitmq']);
  if (!ensured.ok) throw new Error(`${ensured.reason}. Mend: ${ensured.remedy}`);
  return startPrivateRabbitmq();
}

async function versionOf(url: string): Promise<string> {
  const connection = await amqp.connect(url);
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return version;
}

/** A message as the lab has it. */
export function bodyOf(id: string, key?: string): Buffer {
  return Buffer.from(JSON.stringify({ id, adventurer: 'Brida', gold: 5, ...(key === undefined ? {} : { key }) }));
}
