import { type Consumer, type IHeaders, Kafka, type KafkaMessage, logLevel, Partitioners, type Producer } from 'kafkajs';
import { KafkaBatches } from './kafka-batches.ts';
import type { Log } from './log.ts';
import { PARTITIONS, parseAttempts, parseHistory, partitionOf } from './message.ts';
import { pause } from './pause.ts';
import type { Delivery, Outcome, Outgoing, Queue, Record, Traits } from './queue.ts';
import type { Settings } from './settings.ts';

export type KafkaSettings = Pick<
  Settings,
  'kafkaBrokers' | 'queue' | 'retryDelayMs' | 'publishTimeoutMs' | 'heartbeatS'
>;

const CONNECT_PAUSE_MS = 500;
const SETTLE_PAUSE_MS = 200;
const REQUEST_TIMEOUT_MS = 10_000;
/** How long a broker holds an empty fetch: a message may come that much late where it does not wake the fetch. */
const FETCH_WAIT_MS = 200;
const REBALANCE_TIMEOUT_MS = 10_000;
/** Of this topic and of that of the retries: no partition waits for another one. */
const CONCURRENT_PARTITIONS = 2 * PARTITIONS;

interface Place {
  readonly topic: string;
  readonly partition: number;
}

export class KafkaQueue implements Queue {
  readonly traits: Traits = {
    broker: 'kafka',
    redeliveredAfter: 'session-timeout',
    reportsUnroutable: false,
    orderedBy: 'partition',
    retryBlocks: 'partition',
    maxDelayMs: null,
    countsDeliveries: false,
  };
  readonly #settings: KafkaSettings;
  readonly #log: Log;
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  readonly #batches: KafkaBatches;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #consumer: Consumer | undefined;
  #turn = 0;

  constructor(settings: KafkaSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#kafka = new Kafka({
      clientId: settings.queue,
      brokers: [...settings.kafkaBrokers],
      requestTimeout: REQUEST_TIMEOUT_MS,
      logLevel: logLevel.WARN,
      logCreator:
        () =>
        ({ log: { message } }) =>
          log.warn({ message }, 'kafka'),
    });
    this.#producer = this.#kafka.producer({
      allowAutoTopicCreation: true,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    this.#batches = new KafkaBatches(this.#producer, settings.publishTimeoutMs);
  }

  async connect(): Promise<void> {
    for (;;) {
      try {
        await this.#producer.connect();
        return await this.#createTopics();
      } catch (error) {
        this.#log.warn({ message: (error as Error).message }, 'broker-connection-failed');
        if (!(await pause(CONNECT_PAUSE_MS, this.#closing.signal))) return;
      }
    }
  }

  publish({ id, key, body }: Outgoing): Promise<Outcome> {
    return this.#send(this.#settings.queue, { id, key, body, headers: {} });
  }

  putAside({ id, key, body }: Outgoing, record: Record): Promise<Outcome> {
    return this.#send(this.#deadTopic, { id, key, body, headers: recordHeaders(record) });
  }

  // #region kafka-consume
  async consume(handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    const { queue, heartbeatS } = this.#settings;
    const consumer = this.#kafka.consumer({
      groupId: queue,
      sessionTimeout: heartbeatS * 3_000,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: heartbeatS * 1_000,
      maxWaitTimeInMs: FETCH_WAIT_MS,
    });
    this.#consumer = consumer;
    let session = new AbortController();
    // From here on the partitions may be somebody else's.
    consumer.on(consumer.events.REBALANCING, () => {
      session.abort();
      session = new AbortController();
    });
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve());
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [queue, this.#retryTopic], fromBeginning: true });
    await consumer.run({
      // An offset is committed when its effect is, and not because some seconds have passed.
      autoCommit: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      // kafkajs fetches again when all that a fetch brought is done, so one slow partition would hold up the others.
      // Hence the work goes on beside it, while the partition is paused: a batch of each is all that is held in memory.
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        const place = { topic, partition };
        consumer.pause([{ topic, partitions: [partition] }]);
        const work = this.#deliverAll(place, messages, session.signal, handle);
        this.#running.add(work);
        void work.then(() => {
          this.#running.delete(work);
          consumer.resume([{ topic, partitions: [partition] }]);
        });
      },
    });
    await joined;
  }

  /** One after the other, as the partition has them. What is not settled is not passed over: the next offset would settle it. */
  async #deliverAll(
    place: Place,
    messages: readonly KafkaMessage[],
    lost: AbortSignal,
    handle: (delivery: Delivery) => Promise<void>,
  ): Promise<void> {
    const until = AbortSignal.any([lost, this.#closing.signal]);
    for (const message of messages) {
      // All messages of the retry topic wait equally long, so the first one is the first to be due.
      const waitMs = Number(message.headers?.due?.toString() ?? '0') - Date.now();
      if (waitMs > 0) await pause(waitMs, until);
      for (let settled = false; !settled; ) {
        if (until.aborted) return;
        await handle(this.#deliveryOf(place, message, { lost, until, onSettled: () => (settled = true) }));
        if (!settled) await pause(SETTLE_PAUSE_MS, until);
      }
    }
  }

  #deliveryOf(
    { topic, partition }: Place,
    message: KafkaMessage,
    { lost, until, onSettled }: { lost: AbortSignal; until: AbortSignal; onSettled: () => void },
  ): Delivery {
    const { id, key, record } = readHeaders(message.headers ?? {});
    const body = message.value ?? Buffer.alloc(0);
    const ack = async (): Promise<void> => {
      const offset = (BigInt(message.offset) + 1n).toString();
      await this.#consumer?.commitOffsets([{ topic, partition, offset }]);
      onSettled();
    };
    const moveTo = async (target: string, next: Record, due?: number): Promise<void> => {
      const headers = { ...recordHeaders(next), ...(due === undefined ? {} : { due: String(due) }) };
      while (!until.aborted) {
        const { outcome } = await this.#send(target, { id, key, body, headers });
        // First there, then done here: a crash between the two makes two of it, and never none.
        if (outcome === 'confirmed') return ack();
        await pause(SETTLE_PAUSE_MS, until);
      }
      throw new Error('the partition has gone to another worker');
    };
    return {
      id,
      key,
      body,
      record,
      lost,
      ack,
      retryLater: (next) => moveTo(this.#retryTopic, next, Date.now() + this.#settings.retryDelayMs),
      deadLetter: (next) => moveTo(this.#deadTopic, next),
    };
  }
  // #endregion kafka-consume

  async stopConsuming(): Promise<void> {
    this.#closing.abort();
    // What has begun may still commit, so the group is left only afterwards.
    await Promise.all(this.#running);
    await this.#consumer?.stop();
  }

  /** A topic forgets nothing: what was moved is what the group of the redrive has committed. */
  async redrive(): Promise<number> {
    const ends = await this.#endsOf(this.#deadTopic);
    const groupId = `${this.#settings.queue}.redrive`;
    const consumer = this.#kafka.consumer({
      groupId,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
    });
    await consumer.connect();
    const left = new Set(ends.keys());
    const begun = await this.#committed(groupId, this.#deadTopic);
    for (const [partition, end] of ends) if ((begun.get(partition) ?? 0n) >= end) left.delete(partition);
    let moved = 0;
    const done = Promise.withResolvers<void>();
    if (left.size === 0) done.resolve();
    else {
      await consumer.subscribe({ topics: [this.#deadTopic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ topic, partition, message }) => {
          const end = ends.get(partition) ?? 0n;
          const next = BigInt(message.offset) + 1n;
          // As many as lie there now: what dies again meanwhile is not tried for ever.
          if (next > end) return;
          const { id, key, record } = readHeaders(message.headers ?? {});
          const headers = recordHeaders({ attempts: 0, history: record.history });
          const body = message.value ?? Buffer.alloc(0);
          const { outcome, why } = await this.#send(this.#settings.queue, { id, key, body, headers });
          if (outcome !== 'confirmed') return done.reject(new Error(`a message could not be published again: ${why}`));
          await consumer.commitOffsets([{ topic, partition, offset: next.toString() }]);
          moved += 1;
          if (next === end) left.delete(partition);
          if (left.size === 0) done.resolve();
        },
      });
    }
    try {
      await done.promise;
    } finally {
      await consumer.disconnect();
    }
    return moved;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#consumer?.disconnect();
    await this.#producer.disconnect();
  }

  get #retryTopic(): string {
    return `${this.#settings.queue}.retry`;
  }

  get #deadTopic(): string {
    return `${this.#settings.queue}.dead`;
  }

  async #send(
    topic: string,
    {
      id,
      key,
      body,
      headers,
    }: {
      readonly id: string | undefined;
      readonly key: string | undefined;
      readonly body: Buffer;
      readonly headers: IHeaders;
    },
  ): Promise<Outcome> {
    this.#turn += 1;
    const partition = key === undefined ? this.#turn % PARTITIONS : partitionOf(key);
    const named = { ...headers, ...(id === undefined ? {} : { id }), ...(key === undefined ? {} : { key }) };
    const message = { key: key ?? null, value: body, partition, headers: named };
    const sent = this.#batches
      .send(topic, message)
      .then((): Outcome => ({ outcome: 'confirmed' }))
      .catch((error: Error): Outcome => ({ outcome: 'failed', why: `not confirmed: ${error.message}` }));
    const late = new AbortController();
    const tooLate = pause(this.#settings.publishTimeoutMs, late.signal).then(
      (): Outcome => ({ outcome: 'failed', why: `no answer within ${this.#settings.publishTimeoutMs} ms` }),
    );
    const outcome = await Promise.race([sent, tooLate]);
    late.abort();
    return outcome;
  }

  /** Brokers may make topics by themselves when they are first named; with as many partitions as we say, only now. */
  async #createTopics(): Promise<void> {
    const admin = this.#kafka.admin({ retry: { retries: 0 } });
    try {
      await admin.connect();
      const topics = [this.#settings.queue, this.#retryTopic, this.#deadTopic];
      await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: PARTITIONS })) });
    } catch (error) {
      this.#log.info({ message: (error as Error).message }, 'topics-left-to-the-broker');
    } finally {
      await admin.disconnect();
    }
  }

  async #endsOf(topic: string): Promise<Map<number, bigint>> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(offsets.flatMap(({ partition, high }) => (BigInt(high) > 0n ? [[partition, BigInt(high)]] : [])));
    } finally {
      await admin.disconnect();
    }
  }

  async #committed(groupId: string, topic: string): Promise<Map<number, bigint>> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return new Map(offsets?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
    } finally {
      await admin.disconnect();
    }
  }
}

function recordHeaders({ attempts, history }: Record): IHeaders {
  return { attempts: String(attempts), history: JSON.stringify(history) };
}

function readHeaders(headers: IHeaders) {
  const text = (name: string) => headers[name]?.toString();
  const record = { attempts: parseAttempts(text('attempts')), history: parseHistory(text('history')) };
  return { id: text('id'), key: text('key'), record };
}
