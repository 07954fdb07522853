import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Log } from './log.ts';
import { parseAttempts, parseHistory } from './message.ts';
import { pause } from './pause.ts';
import type { Delivery, Outcome, Outgoing, Queue, Record, Traits } from './queue.ts';
import { RabbitLink } from './rabbit-link.ts';
import { RabbitPublisher } from './rabbit-publisher.ts';
import { deadQueue, declareTopology, retryQueue, routeOf, workQueues } from './rabbit-topology.ts';
import type { Settings } from './settings.ts';

export type RabbitSettings = Pick<
  Settings,
  'amqpUrl' | 'queue' | 'prefetch' | 'retryDelayMs' | 'deliveryLimit' | 'heartbeatS' | 'publishTimeoutMs'
>;

const CLOSE_TIMEOUT_MS = 1_000;
const SETTLE_PAUSE_MS = 200;
const ALREADY_LOST = 'the connection on which the message came is gone';

export class RabbitQueue implements Queue {
  readonly traits: Traits = {
    broker: 'rabbitmq',
    redeliveredAfter: 'connection-loss',
    reportsUnroutable: true,
    orderedBy: 'single-active-consumer',
    retryBlocks: 'key',
    maxDelayMs: null,
    countsDeliveries: true,
  };
  readonly #settings: RabbitSettings;
  readonly #log: Log;
  /** Publishing and consuming have a connection each: a broker that is short of memory stops reading from those that publish. */
  readonly #publishing: RabbitLink;
  readonly #publisher: RabbitPublisher;
  readonly #closing = new AbortController();
  #consuming: RabbitLink | undefined;
  #consumer: { readonly channel: Channel; readonly tags: string[] } | undefined;

  constructor(settings: RabbitSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#publisher = new RabbitPublisher(settings.publishTimeoutMs);
    this.#publishing = this.#linkTo((connection, drop) =>
      this.#publisher.open(connection, drop, (channel) => declareTopology(channel, settings)),
    );
  }

  connect(): Promise<void> {
    return this.#publishing.up();
  }

  publish({ id, key, body }: Outgoing): Promise<Outcome> {
    const headers = key === undefined ? {} : { key };
    return this.#publisher.publish({ exchange: this.#settings.queue, routingKey: routeOf(key), id, body, headers });
  }

  putAside({ id, key, body }: Outgoing, record: Record): Promise<Outcome> {
    const routingKey = deadQueue(this.#settings);
    return this.#publisher.publish({ exchange: '', routingKey, id, body, headers: headersOf(key, record) });
  }

  async consume(handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    this.#consuming = this.#linkTo((connection, drop) => this.#openConsumers(connection, drop, handle));
    await this.#consuming.up();
  }

  async stopConsuming(): Promise<void> {
    this.#closing.abort();
    const { channel, tags } = this.#consumer ?? { tags: [] };
    // A channel that is gone has no consumers either.
    await Promise.allSettled(tags.map((tag) => channel?.cancel(tag)));
  }

  // #region redrive
  async redrive(): Promise<number> {
    let moved = 0;
    let count: number | undefined;
    const done = Promise.withResolvers<void>();
    const link = this.#linkTo(async (connection) => {
      const channel = await connection.createChannel();
      const name = deadQueue(this.#settings);
      // As many as lie there now: what dies again meanwhile is not tried for ever.
      count ??= (await channel.checkQueue(name)).messageCount;
      while (moved < count) {
        const dead = await channel.get(name);
        if (dead === false) break;
        const { headers = {}, messageId } = dead.properties;
        const key = typeof headers.key === 'string' ? headers.key : undefined;
        const { outcome, why } = await this.#publisher.publish({
          exchange: this.#settings.queue,
          routingKey: routeOf(key),
          id: messageId,
          body: dead.content,
          headers: headersOf(key, { attempts: 0, history: recordOf(headers).history }),
        });
        if (outcome !== 'confirmed') {
          channel.nack(dead, false, true);
          return done.reject(new Error(`a message could not be published again: ${why}`));
        }
        channel.ack(dead);
        moved += 1;
      }
      // Closing waits for the answer of the broker, which has read the acks before it.
      await channel.close();
      done.resolve();
    });
    try {
      await Promise.all([link.up(), done.promise]);
    } finally {
      await link.close();
    }
    return moved;
  }
  // #endregion redrive

  async close(): Promise<void> {
    this.#closing.abort();
    // The channel first: the end of a connection may overtake acknowledgements that wait in the buffer of a channel.
    const closed = this.#consumer?.channel.close().catch(() => {});
    await Promise.race([closed, pause(CLOSE_TIMEOUT_MS, new AbortController().signal)]);
    await Promise.all([this.#consuming?.close(), this.#publishing.close()]);
  }

  #linkTo(setUp: (connection: ChannelModel, drop: (why: string) => void) => Promise<void>): RabbitLink {
    const { amqpUrl: url, heartbeatS } = this.#settings;
    return new RabbitLink({ url, heartbeatS, log: this.#log, setUp });
  }

  // #region consume
  async #openConsumers(
    connection: ChannelModel,
    drop: (why: string) => void,
    handle: (delivery: Delivery) => Promise<void>,
  ): Promise<void> {
    const channel = await connection.createChannel();
    const lost = new AbortController();
    channel.on('error', (error) => drop(`channel: ${(error as Error).message}`));
    channel.on('close', () => {
      lost.abort();
      drop('the consuming channel has closed');
    });
    await declareTopology(channel, this.#settings);
    // Of each consumer, not of the channel: RabbitMQ's own reading of `global`.
    await channel.prefetch(this.#settings.prefetch);
    const tags: string[] = [];
    for (const queue of workQueues(this.#settings)) {
      const { consumerTag } = await channel.consume(queue, (message) => {
        // The queue was deleted. To declare it again and consume anew is what a reconnect does.
        if (message === null) return drop(`the broker has cancelled the consumer of ${queue}`);
        if (!this.#closing.signal.aborted) void handle(this.#deliveryOf(message, channel, lost.signal));
      });
      tags.push(consumerTag);
    }
    this.#consumer = { channel, tags };
  }
  // #endregion consume

  #deliveryOf(message: ConsumeMessage, channel: Channel, lost: AbortSignal): Delivery {
    const { headers = {}, messageId } = message.properties;
    const key = typeof headers.key === 'string' ? headers.key : undefined;
    const ack = async (): Promise<void> => {
      if (lost.aborted) throw new Error(ALREADY_LOST);
      channel.ack(message);
    };
    const moveTo = async (routingKey: string, record: Record): Promise<void> => {
      const copy = { exchange: '', routingKey, id: messageId, body: message.content, headers: headersOf(key, record) };
      while (!lost.aborted) {
        const { outcome } = await this.#publisher.publish(copy);
        // First there, then gone from here: a crash between the two makes two of it, and never none.
        if (outcome === 'confirmed') return ack();
        await pause(SETTLE_PAUSE_MS, lost);
      }
      throw new Error(ALREADY_LOST);
    };
    return {
      id: messageId,
      key,
      body: message.content,
      record: recordOf(headers),
      lost,
      ack,
      retryLater: (record) => moveTo(retryQueue(this.#settings), record),
      deadLetter: (record) => moveTo(deadQueue(this.#settings), record),
    };
  }
}

function headersOf(key: string | undefined, { attempts, history }: Record): { [name: string]: unknown } {
  return { ...(key === undefined ? {} : { key }), attempts, history: JSON.stringify(history) };
}

function recordOf(headers: Readonly<{ [name: string]: unknown }>): Record {
  return { attempts: parseAttempts(headers.attempts), history: parseHistory(headers.history) };
}
