import { randomBytes } from 'node:crypto';
import { GetQueueUrlCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { Bench, DeadMessage } from './bench.ts';

const REGION = 'eu-central-1';
const CREDENTIALS = { accessKeyId: 'lab', secretAccessKey: 'lab' };

let emulator: Promise<FauxqsServer> | undefined;

export async function closeSqs(): Promise<void> {
  const server = await emulator?.catch(() => undefined);
  emulator = undefined;
  await server?.stop();
}

export interface SqsBench extends Bench {
  /** Waits so long for a message, as a worker would, and gives it back at once. */
  receive(end: '' | '.fifo', waitS: number): Promise<Message[]>;
}

/** SQS as the emulator fauxqs has it, in this process. */
export async function openSqs(): Promise<SqsBench> {
  emulator ??= startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const { port } = await emulator;
  const endpoint = `http://127.0.0.1:${port}`;
  const queue = `lab-${randomBytes(6).toString('hex')}`;
  const client = new SQSClient({ region: REGION, endpoint, credentials: CREDENTIALS });
  const taken: DeadMessage[] = [];
  const receive = async (name: string, waitS: number, visibilityS: number): Promise<Message[]> => {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    const command = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: waitS,
      VisibilityTimeout: visibilityS,
      MessageAttributeNames: ['All'],
    });
    return (await client.send(command)).Messages ?? [];
  };
  return {
    against: 'SQS as the emulator fauxqs 2.4.1 has it',
    queue,
    env: {
      BROKER: 'sqs',
      SQS_ENDPOINT: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      VISIBILITY_TIMEOUT_S: '2',
    },
    receive: (end, waitS) => receive(`${queue}${end}`, waitS, 0),
    dead: async () => {
      for (const name of [`${queue}-dead`, `${queue}-dead.fifo`]) {
        // A short look: visible again at once, and so still there for the redrive.
        for (const message of await receive(name, 0, 0)) {
          const dead = readDead(message);
          if (!taken.some(({ id }) => id === dead.id)) taken.push(dead);
        }
      }
      return taken;
    },
    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}

function readDead({ Body = '', MessageAttributes = {} }: Message): DeadMessage {
  const text = (name: string) => MessageAttributes[name]?.StringValue;
  return {
    id: text('id'),
    body: Body,
    attempts: Number(text('attempts')),
    history: JSON.parse(text('history') ?? '[]') as unknown[],
  };
}
