import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  type MessageAttributeValue,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { Lanes } from './lanes.ts';
import type { Log } from './log.ts';
import { parseAttempts, parseHistory } from './message.ts';
import { pause } from './pause.ts';
import type { Delivery, Outcome, Outgoing, Queue, Record, Traits } from './queue.ts';
import type { Settings } from './settings.ts';
import { declareSqsQueues, type SqsUrls } from './sqs-topology.ts';

export type SqsSettings = Pick<
  Settings,
  | 'sqsEndpoint'
  | 'queue'
  | 'prefetch'
  | 'retryDelayMs'
  | 'deliveryLimit'
  | 'visibilityTimeoutS'
  | 'publishTimeoutMs'
  | 'startTimeoutMs'
>;

/** Simplified: a stop waits for the poll that is under way. In production: 20, and a stop that has the time for it. */
const LONG_POLL_S = 2;
const MAX_RECEIVED = 10;
const RECEIVE_TIMEOUT_MS = 10_000;
const SETTLE_PAUSE_MS = 500;
const DEFAULT_REGION = 'eu-central-1';

interface Sending {
  readonly id: string;
  readonly key: string | undefined;
  readonly body: string;
  readonly record?: Record;
  readonly delayMs?: number;
  /** Two sendings with the same one, within five minutes, are one. Default: the id. */
  readonly deduplicationId?: string;
}

export class SqsQueue implements Queue {
  readonly traits: Traits = {
    broker: 'sqs',
    redeliveredAfter: 'visibility-timeout',
    reportsUnroutable: true,
    orderedBy: 'message-group',
    retryBlocks: 'key',
    maxDelayMs: 900_000,
    countsDeliveries: true,
  };
  readonly #settings: SqsSettings;
  readonly #log: Log;
  readonly #client: SQSClient;
  readonly #lanes = new Lanes();
  readonly #closing = new AbortController();
  readonly #held = new Set<() => Promise<void>>();
  #urls: SqsUrls | undefined;
  #loops: Promise<void>[] = [];

  constructor(settings: SqsSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    const { sqsEndpoint } = settings;
    const region = process.env.AWS_REGION || DEFAULT_REGION;
    this.#client = new SQSClient({ region, ...(sqsEndpoint === undefined ? {} : { endpoint: sqsEndpoint }) });
  }

  async connect(): Promise<void> {
    const signal = AbortSignal.timeout(this.#settings.startTimeoutMs);
    while (this.#urls === undefined) {
      try {
        this.#urls = await declareSqsQueues(this.#client, this.#settings, signal);
      } catch (error) {
        this.#log.warn({ message: (error as Error).message }, 'broker-connection-failed');
        // The caller has the same deadline, and says so.
        if (!(await pause(SETTLE_PAUSE_MS, signal))) return new Promise(() => {});
      }
    }
  }

  publish({ id, key, body }: Outgoing): Promise<Outcome> {
    const { open, ordered } = this.#known();
    const sending = { id, key, body: body.toString('utf8') };
    if (key === undefined) return this.#send(open, sending);
    // Requests side by side may arrive in another order than they were made in. Simplified: one message a request.
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    void this.#lanes.run(key, () => this.#send(ordered, sending).then(resolve));
    return promise;
  }

  putAside({ id, key, body }: Outgoing, record: Record): Promise<Outcome> {
    const { openDead, orderedDead } = this.#known();
    return this.#send(key === undefined ? openDead : orderedDead, { id, key, body: body.toString('utf8'), record });
  }

  async consume(handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    const { open, ordered, openDead, orderedDead } = this.#known();
    this.#loops = [this.#receive(open, openDead, handle), this.#receive(ordered, orderedDead, handle)];
  }

  async stopConsuming(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#loops);
  }

  // #region sqs-redrive
  async redrive(): Promise<number> {
    const { open, ordered, openDead, orderedDead } = this.#known();
    const moved = await Promise.all([this.#redriveFrom(openDead, open), this.#redriveFrom(orderedDead, ordered)]);
    return moved.reduce((sum, count) => sum + count, 0);
  }

  async #redriveFrom(dead: string, origin: string): Promise<number> {
    // What died before we began. What dies again meanwhile is not tried for ever; and the number of messages, by which
    // another broker tells the end, is approximate here.
    const begun = Date.now();
    let moved = 0;
    for (;;) {
      const messages = await this.#receiveFrom(dead, MAX_RECEIVED);
      if (messages.length === 0) return moved;
      for (const message of messages) {
        if (Number(message.Attributes?.SentTimestamp ?? '0') > begun) continue;
        const { key, id, record } = readMessage(message);
        const sending = { id: id ?? message.MessageId ?? '', key, body: message.Body ?? '' };
        const { outcome, why } = await this.#send(origin, {
          ...sending,
          record: { attempts: 0, history: record.history },
          // Under its old one a FIFO queue takes it for a repeat, confirms it, and drops it.
          deduplicationId: `redrive-${message.MessageId}`,
        });
        if (outcome !== 'confirmed') throw new Error(`a message could not be published again: ${why}`);
        await this.#delete(dead, message);
        moved += 1;
      }
    }
  }
  // #endregion sqs-redrive

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled([...this.#held].map((release) => release()));
    this.#client.destroy();
  }

  #known(): SqsUrls {
    if (this.#urls === undefined) throw new Error('connect() has not resolved');
    return this.#urls;
  }

  async #send(url: string, { id, key, body, record, delayMs, deduplicationId }: Sending): Promise<Outcome> {
    const signal = AbortSignal.timeout(this.#settings.publishTimeoutMs);
    const delay = delayMs === undefined ? {} : { DelaySeconds: Math.ceil(delayMs / 1_000) };
    const order = key === undefined ? {} : { MessageGroupId: key, MessageDeduplicationId: deduplicationId ?? id };
    const MessageAttributes = attributesOf(id, key, record);
    try {
      const command = new SendMessageCommand({
        QueueUrl: url,
        MessageBody: body,
        MessageAttributes,
        ...delay,
        ...order,
      });
      // The answer is the confirm: the message is on several machines by then.
      await this.#client.send(command, { abortSignal: signal });
      return { outcome: 'confirmed' };
    } catch (error) {
      if (error instanceof QueueDoesNotExist) return { outcome: 'unroutable', why: 'there is no such queue' };
      return { outcome: 'failed', why: `not confirmed: ${(error as Error).message}` };
    }
  }

  async #receive(url: string, dead: string, handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    const running = new Set<Promise<void>>();
    while (!this.#closing.signal.aborted) {
      const free = this.#settings.prefetch - running.size;
      if (free <= 0) {
        await Promise.race(running);
        continue;
      }
      let messages: Message[];
      try {
        messages = await this.#receiveFrom(url, Math.min(MAX_RECEIVED, free));
      } catch (error) {
        this.#log.warn({ message: (error as Error).message }, 'receive-failed');
        await pause(SETTLE_PAUSE_MS, this.#closing.signal);
        continue;
      }
      for (const message of messages) {
        const run = handle(this.#deliveryOf(message, url, dead)).finally(() => running.delete(run));
        running.add(run);
      }
    }
  }

  async #receiveFrom(url: string, max: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: max,
      WaitTimeSeconds: LONG_POLL_S,
      VisibilityTimeout: this.#settings.visibilityTimeoutS,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['SentTimestamp'],
    });
    const { Messages = [] } = await this.#client.send(command, {
      abortSignal: AbortSignal.timeout(RECEIVE_TIMEOUT_MS),
    });
    return Messages;
  }

  async #delete(url: string, { ReceiptHandle }: Message): Promise<void> {
    await this.#client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
  }

  // #region visibility
  #deliveryOf(message: Message, url: string, dead: string): Delivery {
    const { visibilityTimeoutS, retryDelayMs } = this.#settings;
    const { id, key, record } = readMessage(message);
    const lost = new AbortController();
    const setVisibility = (seconds: number) =>
      this.#client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: url,
          ReceiptHandle: message.ReceiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    /** SQS does not see whether we live. As long as we do, and hold the message, we have to say so. */
    const heartbeat = setInterval(
      () => {
        setVisibility(visibilityTimeoutS).catch((error: Error) => {
          this.#log.warn({ id, message: error.message }, 'visibility-not-extended');
        });
      },
      (visibilityTimeoutS * 1_000) / 3,
    );
    const release = async (): Promise<void> => {
      settle();
      await setVisibility(0);
    };
    const settle = (): void => {
      clearInterval(heartbeat);
      this.#held.delete(release);
    };
    this.#held.add(release);
    const ack = async (): Promise<void> => {
      settle();
      await this.#delete(url, message);
    };
    const moveTo = async (target: string, next: Record, delayMs?: number): Promise<void> => {
      const sending = { id: id ?? message.MessageId ?? '', key, body: message.Body ?? '', record: next };
      for (;;) {
        const { outcome } = await this.#send(target, delayMs === undefined ? sending : { ...sending, delayMs });
        // First there, then gone from here: a crash between the two makes two of it, and never none.
        if (outcome === 'confirmed') return ack();
        if (!(await pause(SETTLE_PAUSE_MS, this.#closing.signal))) throw new Error('the queue is closing');
      }
    };
    return {
      id,
      key,
      body: Buffer.from(message.Body ?? ''),
      record,
      lost: lost.signal,
      ack,
      retryLater: (next) => moveTo(url, next, retryDelayMs),
      deadLetter: (next) => moveTo(dead, next),
    };
  }
  // #endregion visibility
}

function attributesOf(id: string, key: string | undefined, record: Record | undefined) {
  const attributes: { [name: string]: MessageAttributeValue } = { id: { DataType: 'String', StringValue: id } };
  if (key !== undefined) attributes.key = { DataType: 'String', StringValue: key };
  if (record !== undefined) {
    attributes.attempts = { DataType: 'Number', StringValue: String(record.attempts) };
    attributes.history = { DataType: 'String', StringValue: JSON.stringify(record.history) };
  }
  return attributes;
}

function readMessage({ MessageAttributes = {} }: Message) {
  const text = (name: string) => MessageAttributes[name]?.StringValue;
  const record = { attempts: parseAttempts(text('attempts')), history: parseHistory(text('history')) };
  return { id: text('id'), key: text('key'), record };
}
