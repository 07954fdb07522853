import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import type { Bench, DeadMessage } from './bench.ts';
import { type KafkaServer, startKafka } from './kcat.ts';

let server: Promise<KafkaServer> | undefined;

export async function closeKafka(): Promise<void> {
  const started = await server?.catch(() => undefined);
  server = undefined;
  await started?.[Symbol.asyncDispose]();
}

export async function openKafka(): Promise<Bench> {
  server ??= startKafka();
  const { brokers, against } = await server;
  const queue = `lab-${randomBytes(6).toString('hex')}`;
  const kafka = new Kafka({ clientId: 'checkpoint', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `${queue}.checkpoint`, maxWaitTimeInMs: 100 });
  const taken: DeadMessage[] = [];
  let listening: Promise<void> | undefined;
  /** Only once the program has made its topics: whoever names one first, makes it. */
  const listen = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics: [`${queue}.dead`], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { headers = {}, value } }) => {
        taken.push({
          id: headers.id?.toString(),
          body: value?.toString() ?? '',
          attempts: Number(headers.attempts?.toString()),
          history: JSON.parse(headers.history?.toString() ?? '[]') as unknown[],
        });
      },
    });
  };
  return {
    against,
    queue,
    env: { BROKER: 'kafka', KAFKA_BROKERS: brokers, HEARTBEAT_S: '1' },
    dead: async () => {
      listening ??= listen();
      await listening;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      await listening?.catch(() => {});
      await consumer.disconnect();
    },
  };
}
