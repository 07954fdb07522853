import { crc32 } from 'node:zlib';
import { type Channel, type ChannelModel, connect, type GetMessage } from 'amqplib';
import { deadlineMs, pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import type { QueuePrefix } from '../../harness/queue-prefix.ts';

export const PARTITIONS = 4;
const CONNECT_TIMEOUT_MS = 10_000;

/** As the brief says it. */
export function partitionOf(key: string): number {
  return crc32(key) % PARTITIONS;
}

/** A key that is sent to the given partition. */
export function keyOf(partition: number, nth = 0): string {
  for (let i = 0, found = 0; ; i += 1) {
    if (partitionOf(`party-${i}`) !== partition) continue;
    if (found === nth) return `party-${i}`;
    found += 1;
  }
}

/** RabbitMQ as a checkpoint looks at it: by a connection of its own, beside the program. */
export class Broker {
  readonly url: string;
  /** Value of `QUEUE`. */
  readonly name: string;
  #connection: Promise<ChannelModel> | undefined;

  constructor(prefix: QueuePrefix, retryDelayMs: string) {
    this.url = prefix.url;
    this.name = prefix.exchange('rewards');
    for (const end of ['any', 'dead', '0', '1', '2', '3', ...Array.from({ length: 10 }, (_, i) => `retry.${i}`)]) {
      prefix.queue(`rewards.${end}`);
    }
    prefix.queue(`rewards.retry.${retryDelayMs}`);
  }

  /** The full name of a queue: `any`, `0` to `3`, `dead`. */
  queue(end: string | number): string {
    return `${this.name}.${end}`;
  }

  /** Work on a channel of its own: a mistake on a channel, such as a queue that is missing, ends it. */
  async on<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    this.#connection ??= open(this.url);
    const channel = await (await this.#connection).createChannel();
    channel.on('error', () => {});
    try {
      return await work(channel);
    } finally {
      await channel.close().catch(() => {});
    }
  }

  /** Messages that wait in a queue, without those that somebody holds. */
  ready(end: string | number): Promise<number> {
    return this.on(async (channel) => (await channel.checkQueue(this.queue(end))).messageCount);
  }

  /** Takes all that lies in a queue, up to 1,000. */
  drain(end: string | number): Promise<GetMessage[]> {
    return this.on(async (channel) => {
      const messages: GetMessage[] = [];
      for (let i = 0; i < 1_000; i += 1) {
        const message = await channel.get(this.queue(end), { noAck: true });
        if (message === false) break;
        messages.push(message);
      }
      return messages;
    });
  }

  /** Waits until so many messages lie in the dead-letter queue, and takes them. */
  async dead(count: number, usually: string): Promise<GetMessage[]> {
    await this.expectReady('dead', count, usually);
    return this.drain('dead');
  }

  /** Waits until exactly so many messages wait in a queue. */
  async expectReady(end: string | number, count: number, usually: string, withinMs = 10_000): Promise<void> {
    await pollUntil(
      () => this.ready(end),
      (ready) => ready === count,
      {
        withinMs,
        everyMs: 25,
        otherwise: (ready) =>
          new CheckpointFailure({
            expected: `${count} ${count === 1 ? 'message' : 'messages'} in <QUEUE>.${end}`,
            received: `${ready} after ${deadlineMs(withinMs).toLocaleString('en')} ms`,
            usually,
          }),
      },
    );
  }

  /** Puts a message there as a publisher of another make would. */
  async put(end: string | number, body: string, headers: object = {}, messageId?: string): Promise<void> {
    await this.on(async (channel) => {
      channel.sendToQueue(this.queue(end), Buffer.from(body), {
        persistent: true,
        headers,
        ...(messageId === undefined ? {} : { messageId }),
      });
      // Answered after what was sent before it.
      await channel.checkQueue(this.queue(end));
    });
  }

  async close(): Promise<void> {
    await (await this.#connection?.catch(() => undefined))?.close().catch(() => {});
  }
}

async function open(url: string): Promise<ChannelModel> {
  const connection = await connect(url, { timeout: CONNECT_TIMEOUT_MS });
  connection.on('error', () => {});
  return connection;
}
