import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { QUEUE_PREFIX } from '../services/names.ts';
import { serviceAddress } from './service.ts';

export interface QueuePrefix extends AsyncDisposable {
  /** As `AMQP_URL` wants it. The broker is shared: every queue and exchange is named by `queue` or `exchange`. */
  readonly url: string;
  /** `lab.<random>.` */
  readonly prefix: string;
  /** The full name of a queue, which disposal deletes, with what is in it. */
  queue(name: string): string;
  /** The full name of an exchange, which disposal deletes. */
  exchange(name: string): string;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Draws a prefix that nobody else has, for the queues and exchanges of one checkpoint.
 *
 * A virtual host would part runs better, but AMQP itself cannot make one: that takes the management plug-in or a command
 * on the broker's own machine, and a broker of the learner's may offer neither.
 *
 * @param address the broker. Default: that of the lab under test.
 */
export function createQueuePrefix(address: string = serviceAddress('rabbitmq')): QueuePrefix {
  const prefix = `${QUEUE_PREFIX}${randomBytes(8).toString('hex')}.`;
  const queues = new Set<string>();
  const exchanges = new Set<string>();
  const noted = (names: Set<string>) => (name: string) => {
    names.add(`${prefix}${name}`);
    return `${prefix}${name}`;
  };
  return {
    url: address,
    prefix,
    queue: noted(queues),
    exchange: noted(exchanges),
    [Symbol.asyncDispose]: async () => {
      const connection = await connect(address, { timeout: CONNECT_TIMEOUT_MS });
      try {
        const channel = await connection.createChannel();
        // To delete what does not exist is no error: AMQP 0-9-1 as RabbitMQ has it since version 3.2.
        for (const queue of queues) await channel.deleteQueue(queue);
        for (const exchange of exchanges) await channel.deleteExchange(exchange);
      } finally {
        await connection.close();
      }
    },
  };
}
