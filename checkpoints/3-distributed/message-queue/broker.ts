import { crc32 } from 'node:zlib';
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { deadlineMs, pollUntil, within } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import type { QueuePrefix } from '../../harness/queue-prefix.ts';

export const PARTITIONS = 4;
const DRAIN_WITHIN_MS = 10_000;
const READY_WITHIN_MS = 6_000;
/** Reply code of AMQP for a queue or an exchange that does not exist. */
const NOT_FOUND = 404;
const CONNECT_TIMEOUT_MS = 10_000;

export interface ReadyOptions {
  readonly withinMs?: number;
  /** Whether the number that is there excludes that the right one will come. Then nobody waits for it. */
  readonly isOver?: (ready: number) => boolean | Promise<boolean>;
}

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
    } catch (error) {
      const { code, message } = error as { readonly code?: unknown; readonly message: string };
      if (code !== NOT_FOUND) throw error;
      throw new CheckpointFailure({
        expected: 'the exchange and the queues of the brief',
        received: 'one of them is not there',
        usually: 'not all of them are declared before READY, or they have other names',
        details: [message],
      });
    } finally {
      await channel.close().catch(() => {});
    }
  }

  /** Messages that wait in a queue, without those that somebody holds. */
  ready(end: string | number): Promise<number> {
    return this.on(async (channel) => (await channel.checkQueue(this.queue(end))).messageCount);
  }

  /** Takes all that lies in a queue. By a consumer: a queue with a single active one refuses basic.get. */
  drain(end: string | number): Promise<ConsumeMessage[]> {
    return this.on(async (channel) => {
      const { messageCount } = await channel.checkQueue(this.queue(end));
      const messages: ConsumeMessage[] = [];
      const whole = Promise.withResolvers<void>();
      if (messageCount === 0) return messages;
      await channel.consume(
        this.queue(end),
        (message) => {
          if (message !== null) messages.push(message);
          if (messages.length >= messageCount) whole.resolve();
        },
        { noAck: true },
      );
      await within(whole.promise, deadlineMs(DRAIN_WITHIN_MS), () => new Error(`${end} held less than it said`));
      return messages;
    });
  }

  /** Waits until so many messages lie in the dead-letter queue, and takes them. */
  async dead(count: number, usually: string, options?: ReadyOptions): Promise<ConsumeMessage[]> {
    await this.expectReady('dead', count, usually, options);
    return this.drain('dead');
  }

  /** Waits until exactly so many messages wait in a queue. */
  async expectReady(
    end: string | number,
    count: number,
    usually: string,
    { withinMs = READY_WITHIN_MS, isOver }: ReadyOptions = {},
  ): Promise<void> {
    const since = performance.now();
    const otherwise = (ready: number) =>
      new CheckpointFailure({
        expected: `${count} ${count === 1 ? 'message' : 'messages'} in <QUEUE>.${end}`,
        received: String(ready),
        usually,
        details: [`after ${Math.round(performance.now() - since).toLocaleString('en')} ms`],
      });
    await pollUntil(
      async () => {
        const ready = await this.ready(end);
        if (ready !== count && (await isOver?.(ready))) throw otherwise(ready);
        return ready;
      },
      (ready) => ready === count,
      { withinMs, everyMs: 25, otherwise },
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
