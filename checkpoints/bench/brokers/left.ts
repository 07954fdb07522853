/** What a broker still has of messages that have been consumed, and whether somebody else can read them. */
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import amqp from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import { within } from '../../harness/deadline.ts';
import type { Place } from './queues.ts';

const READ_WITHIN_MS = 30_000;

export interface Left {
  readonly broker: Place['broker'];
  readonly consumed: number;
  /** Of those. */
  readonly stillThere: number;
  /** Of those, handed to a second reader that begins at the beginning. */
  readonly readAgain: number;
}

/** To be called when all that was published at the place has been consumed. */
export async function measureLeft(place: Place, consumed: number): Promise<Left> {
  const found = await { RabbitMQ: leftInRabbit, Kafka: leftInKafka, SQS: leftInSqs }[place.broker](place);
  return { broker: place.broker, consumed, ...found };
}

async function leftInRabbit({ env }: Place) {
  const connection = await amqp.connect(env.AMQP_URL ?? '');
  const channel = await connection.createChannel();
  const { messageCount } = await channel.checkQueue(`${env.QUEUE}.any`);
  const again = await channel.get(`${env.QUEUE}.any`);
  await connection.close();
  return { stillThere: messageCount, readAgain: again === false ? 0 : 1 };
}

async function leftInSqs({ env }: Place) {
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' };
  const client = new SQSClient({ region: env.AWS_REGION ?? '', endpoint: env.SQS_ENDPOINT ?? '', credentials });
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: env.QUEUE }));
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }));
  client.destroy();
  return { stillThere: names.reduce((sum, name) => sum + Number(Attributes?.[name] ?? '0'), 0), readAgain: 0 };
}

async function leftInKafka({ env }: Place) {
  const topic = env.QUEUE ?? '';
  const brokers = (env.KAFKA_BROKERS ?? '').split(',');
  const kafka = new Kafka({ clientId: 'second-reader', brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const stillThere = offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  const consumer = kafka.consumer({ groupId: `${topic}.second-reader`, maxWaitTimeInMs: 200 });
  const whole = Promise.withResolvers<void>();
  let readAgain = 0;
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async () => {
      readAgain += 1;
      if (readAgain === stillThere) whole.resolve();
    },
  });
  await within(whole.promise, READ_WITHIN_MS, () => new Error(`a second reader got ${readAgain} of ${stillThere}`));
  await consumer.disconnect();
  return { stillThere, readAgain };
}
