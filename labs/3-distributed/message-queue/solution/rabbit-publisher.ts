import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { Outcome } from './queue.ts';

export interface RabbitMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly id: string | undefined;
  readonly body: Buffer;
  readonly headers: Readonly<{ [name: string]: unknown }>;
}

/** A publish that nobody has been answered yet. */
interface Waiting {
  readonly message: RabbitMessage;
  readonly answer: (outcome: Outcome) => void;
  readonly lateAtMs: number;
  isSent: boolean;
  /** The broker returns a message before it confirms it. */
  isReturned: boolean;
}

/** Published and not yet confirmed. More would be memory that the broker's silence takes from us. */
const MAX_UNCONFIRMED = 20_000;

/** Publishes on a channel in confirm mode, and tells of each message what became of it. */
export class RabbitPublisher {
  readonly #timeoutMs: number;
  /** By token, in the order of the publishes. */
  readonly #waiting = new Map<string, Waiting>();
  #channel: ConfirmChannel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** To be called in the set-up of each connection. What waits is sent once `declare` has made the place for it. */
  async open(
    connection: ChannelModel,
    drop: (why: string) => void,
    declare: (channel: ConfirmChannel) => Promise<void>,
  ): Promise<void> {
    const channel = await connection.createConfirmChannel();
    channel.on('error', (error) => drop(`channel: ${(error as Error).message}`));
    channel.on('close', () => {
      if (this.#channel === channel) this.#channel = undefined;
      drop('the publishing channel has closed');
    });
    channel.on('return', ({ properties }) => {
      const returned = this.#waiting.get(String(properties.correlationId));
      if (returned) returned.isReturned = true;
    });
    await declare(channel);
    this.#channel = channel;
    for (const [token, waiting] of this.#waiting) if (!waiting.isSent) this.#send(channel, token, waiting);
  }

  // #region confirm
  /** Waits for a connection if there is none, then for the confirm, and for both together no longer than the timeout. */
  publish(message: RabbitMessage): Promise<Outcome> {
    if (this.#waiting.size >= MAX_UNCONFIRMED) {
      return Promise.resolve(failed(`${MAX_UNCONFIRMED} messages wait for their confirm`));
    }
    this.#count += 1;
    const token = String(this.#count);
    const lateAtMs = performance.now() + this.#timeoutMs;
    return new Promise((answer) => {
      const waiting = { message, answer, lateAtMs, isSent: false, isReturned: false };
      this.#waiting.set(token, waiting);
      this.#watch();
      if (this.#channel) this.#send(this.#channel, token, waiting);
    });
  }

  #send(channel: ConfirmChannel, token: string, waiting: Waiting): void {
    const { exchange, routingKey, id, body, headers } = waiting.message;
    const properties = {
      persistent: true,
      mandatory: true,
      contentType: 'application/json',
      correlationId: token,
      headers,
      ...(id === undefined ? {} : { messageId: id }),
    };
    // The callback gets an error for a nack by the broker, and when the channel closes before the confirm.
    const settle = (error: Error | null) => {
      this.#waiting.delete(token);
      if (error) waiting.answer(failed(`not confirmed: ${error.message}`));
      else if (waiting.isReturned) waiting.answer({ outcome: 'unroutable', why: 'no queue takes it' });
      else waiting.answer({ outcome: 'confirmed' });
    };
    waiting.isSent = true;
    try {
      channel.publish(exchange, routingKey, body, properties, settle);
    } catch (error) {
      settle(error as Error);
    }
  }
  // #endregion confirm

  /** All have equally long, so the oldest is the first to be late, and one timer is enough for all of them. */
  #watch(): void {
    if (this.#timer !== undefined) return;
    const [oldest] = this.#waiting.values();
    if (oldest === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#failTheLate();
        this.#watch();
      },
      Math.max(1, oldest.lateAtMs - performance.now()),
    );
  }

  #failTheLate(): void {
    for (const [token, { answer, lateAtMs }] of this.#waiting) {
      if (lateAtMs > performance.now()) return;
      this.#waiting.delete(token);
      answer(failed(`no confirm within ${this.#timeoutMs} ms`));
    }
  }
}

function failed(why: string): Outcome {
  return { outcome: 'failed', why };
}
