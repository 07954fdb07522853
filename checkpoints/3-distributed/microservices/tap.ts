import { type Channel, type ChannelModel, connect, type Options } from 'amqplib';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import type { QueuePrefix } from '../../harness/queue-prefix.ts';
import { silenceSince } from './silence.ts';

export interface Heard {
  readonly type: string;
  /** Whether the broker was asked to keep it over a restart of its own. */
  readonly persistent: boolean;
  readonly content: Buffer;
  readonly properties: Options.Publish;
  /** The event, as far as it is JSON. */
  readonly event: Readonly<Record<string, unknown>> & { readonly data?: Readonly<Record<string, unknown>> };
}

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_HEARD = 5_000;
const HEARD_WITHIN_MS = 10_000;

/** Listens to all that goes over the exchange of a system, and says things there itself. */
export class Tap implements AsyncDisposable {
  readonly heard: Heard[] = [];
  /** When the last message was heard, by `performance.now()`. */
  lastHeardMs = 0;
  readonly #connection: ChannelModel;
  readonly #channel: Channel;
  readonly #prefix: QueuePrefix;

  private constructor(connection: ChannelModel, channel: Channel, prefix: QueuePrefix) {
    this.#connection = connection;
    this.#channel = channel;
    this.#prefix = prefix;
  }

  static async open(prefix: QueuePrefix): Promise<Tap> {
    const connection = await connect(prefix.url, { timeout: CONNECT_TIMEOUT_MS });
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    const tap = new Tap(connection, channel, prefix);
    await channel.assertExchange(prefix.exchange('tavern'), 'topic', { durable: true });
    for (const name of ['accounts', 'quests', 'rewards', 'parked']) prefix.queue(name); // deleted with the prefix
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, prefix.exchange('tavern'), '#');
    await channel.consume(
      queue,
      (message) => {
        tap.lastHeardMs = performance.now();
        if (message === null || tap.heard.length >= MAX_HEARD) return;
        const { messageId, type, contentType, headers, deliveryMode } = message.properties;
        tap.heard.push({
          type: message.fields.routingKey,
          persistent: deliveryMode === 2,
          content: message.content,
          properties: { messageId, type, contentType, headers, persistent: true },
          event: parsed(message.content),
        });
      },
      { noAck: true },
    );
    return tap;
  }

  /** Publishes with the given routing key, and resolves when the broker has it. */
  async publish(type: string, content: Buffer, properties: Options.Publish = {}): Promise<void> {
    const exchange = this.#prefix.exchange('tavern');
    await new Promise<void>((resolve, reject) => {
      const done = (error: unknown) => (error ? reject(new Error('not confirmed')) : resolve());
      (this.#channel as import('amqplib').ConfirmChannel).publish(exchange, type, content, properties, done);
    });
  }

  /**
   * Whether a queue is there, durable and without arguments. To declare it as it ought to be is how AMQP 0-9-1 §1.7.2.1 lets one ask:
   * for a queue of another kind the broker refuses that with 406.
   */
  async kindOfQueue(name: string): Promise<'as it ought to be' | 'of another kind' | 'none'> {
    const queue = this.#prefix.queue(name);
    if ((await this.#refusalOf((channel) => channel.checkQueue(queue))) !== undefined) return 'none';
    const refusal = await this.#refusalOf((channel) => channel.assertQueue(queue, { durable: true }));
    return refusal === undefined ? 'as it ought to be' : 'of another kind';
  }

  /** On a channel of its own, which the broker ends when it refuses. */
  async #refusalOf(ask: (channel: Channel) => PromiseLike<unknown>): Promise<Error | undefined> {
    const channel = await this.#connection.createChannel();
    channel.on('error', () => {});
    try {
      await ask(channel);
      await channel.close();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** The messages that were put aside, which this takes out of their queue. */
  async takeParked(): Promise<Buffer[]> {
    const taken: Buffer[] = [];
    // A channel of its own: a queue that does not exist ends the one that asks for it.
    const channel = await this.#connection.createChannel();
    channel.on('error', () => {});
    try {
      for (;;) {
        const message = await channel.get(this.#prefix.queue('parked'), { noAck: true });
        if (message === false) break;
        taken.push(message.content);
      }
    } catch (error) {
      throw new CheckpointFailure({
        expected: 'the queue <AMQP_PREFIX>parked',
        received: 'no such queue',
        usually: 'nobody declares it, or it has another name than in the brief',
        details: [(error as Error).message],
      });
    }
    await channel.close();
    return taken;
  }

  /** Waits for an event. */
  async hear(accept: (heard: Heard) => boolean, what: string, usually: string): Promise<Heard> {
    const silence = silenceSince(() => this.lastHeardMs);
    const otherwise = () =>
      new CheckpointFailure({
        expected: `${what} on the exchange`,
        received: this.heard.length === 0 ? 'no event at all' : 'other events only',
        usually,
        details: [`heard: ${[...new Set(this.heard.map(({ type }) => type))].join(', ')}`],
      });
    const found = await pollUntil(
      () => this.heard.find(accept),
      (each) => each !== undefined || silence.isLong(),
      {
        withinMs: HEARD_WITHIN_MS,
        otherwise,
      },
    );
    if (found === undefined) throw otherwise();
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close().catch(() => {});
  }
}

function parsed(content: Buffer): Heard['event'] {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Heard['event'];
  } catch {
    // What is no JSON has nothing to tell.
  }
  return {};
}
