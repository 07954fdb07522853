import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { Outcome } from './queue.ts';
import type { RabbitLink } from './rabbit-link.ts';

export interface RabbitMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly id: string | undefined;
  readonly body: Buffer;
  readonly headers: Readonly<{ [name: string]: unknown }>;
}

/** Published and not yet confirmed. More would be memory that the broker's silence takes from us. */
const MAX_UNCONFIRMED = 20_000;

/** Publishes on a channel in confirm mode, and tells of each message what became of it. */
export class RabbitPublisher {
  readonly #link: () => RabbitLink;
  readonly #timeoutMs: number;
  /** Tokens of messages that came back: the broker returns a message before it confirms it. */
  readonly #returned = new Set<string>();
  #channel: ConfirmChannel | undefined;
  #unconfirmed = 0;
  #count = 0;

  constructor(link: () => RabbitLink, timeoutMs: number) {
    this.#link = link;
    this.#timeoutMs = timeoutMs;
  }

  /** To be called in the set-up of each connection. */
  async open(connection: ChannelModel, drop: (why: string) => void): Promise<ConfirmChannel> {
    const channel = await connection.createConfirmChannel();
    channel.on('error', (error) => drop(`channel: ${(error as Error).message}`));
    channel.on('close', () => {
      if (this.#channel === channel) this.#channel = undefined;
      drop('the publishing channel has closed');
    });
    channel.on('return', ({ properties }) => this.#returned.add(String(properties.correlationId)));
    this.#channel = channel;
    return channel;
  }

  // #region confirm
  /** Waits for a connection if there is none, then for the confirm, and for both together no longer than the timeout. */
  async publish(message: RabbitMessage): Promise<Outcome> {
    if (this.#unconfirmed >= MAX_UNCONFIRMED) return failed(`${MAX_UNCONFIRMED} messages wait for their confirm`);
    this.#unconfirmed += 1;
    const { promise: late, resolve } = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => resolve(failed(`no confirm within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    try {
      return await Promise.race([this.#confirmed(message), late]);
    } finally {
      clearTimeout(timer);
      this.#unconfirmed -= 1;
    }
  }

  async #confirmed({ exchange, routingKey, id, body, headers }: RabbitMessage): Promise<Outcome> {
    if (this.#channel === undefined) await this.#link().up();
    const channel = this.#channel;
    if (channel === undefined) return failed('no connection to the broker');
    this.#count += 1;
    const token = String(this.#count);
    const properties = {
      persistent: true,
      mandatory: true,
      contentType: 'application/json',
      correlationId: token,
      headers,
      ...(id === undefined ? {} : { messageId: id }),
    };
    return new Promise((resolve) => {
      // The callback gets an error for a nack by the broker, and when the channel closes before the confirm.
      const settle = (error: Error | null) => {
        const returned = this.#returned.delete(token);
        if (error) resolve(failed(`not confirmed: ${error.message}`));
        else resolve(returned ? { outcome: 'unroutable', why: 'no queue takes it' } : { outcome: 'confirmed' });
      };
      try {
        channel.publish(exchange, routingKey, body, properties, settle);
      } catch (error) {
        resolve(failed((error as Error).message));
      }
    });
  }
  // #endregion confirm
}

function failed(why: string): Outcome {
  return { outcome: 'failed', why };
}
