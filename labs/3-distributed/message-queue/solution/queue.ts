import type { Attempt } from './message.ts';

/** What a broker is asked to keep. */
export interface Outgoing {
  readonly id: string;
  readonly key?: string | undefined;
  readonly body: Buffer;
}

/**
 * What became of a publish. `confirmed` is a promise by the broker. `failed` is not the opposite of it: the message may
 * have arrived, and only its confirmation got lost. Publish it again, with the same id.
 */
export type Outcome = { readonly outcome: 'confirmed' | 'unroutable' | 'failed'; readonly why?: string };

/** What goes with a message from attempt to attempt. */
export interface Record {
  readonly attempts: number;
  readonly history: readonly Attempt[];
}

// #region contract
/** A message in the hands of a worker. Exactly one of the three methods settles it; until then it is the broker's. */
export interface Delivery {
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly body: Buffer;
  /** Of the attempts before this delivery. */
  readonly record: Record;
  /** Aborted when the broker will hand the message to somebody else: whatever is done with it now is done twice. */
  readonly lost: AbortSignal;
  /** The effect is committed: the broker may forget the message. */
  ack(): Promise<void>;
  /** Comes again after the delay, and nobody waits for it meanwhile. For messages without a key. */
  retryLater(record: Record): Promise<void>;
  /** Puts it aside, with its history, for a person to look at. */
  deadLetter(record: Record): Promise<void>;
}

export interface Queue {
  readonly traits: Traits;
  /** Resolves when it can publish, or consume. */
  connect(): Promise<void>;
  publish(message: Outgoing): Promise<Outcome>;
  /** Publishes into the dead-letter queue, for a message that is in nobody's hands. */
  putAside(message: Outgoing, record: Record): Promise<Outcome>;
  /** Hands out deliveries, at most `prefetch` of each source at a time. `handle` never rejects. */
  consume(handle: (delivery: Delivery) => Promise<void>): Promise<void>;
  /** No delivery begins after this. What was handed out can still be settled. */
  stopConsuming(): Promise<void>;
  /** Publishes what lies in the dead-letter queue now once more, as new. @returns how many. */
  redrive(): Promise<number>;
  /** Gives back what was not settled. */
  close(): Promise<void>;
}

/** What differs from broker to broker, and no adapter can hide. */
export interface Traits {
  readonly broker: 'rabbitmq' | 'kafka' | 'sqs';
  /** When a message that is not settled is handed out again. */
  readonly redeliveredAfter: 'connection-loss' | 'session-timeout' | 'visibility-timeout';
  /** Whether a publish learns that no queue takes the message. */
  readonly reportsUnroutable: boolean;
  /** Who keeps the order of a key. */
  readonly orderedBy: 'single-active-consumer' | 'partition' | 'message-group';
  /** What waits while a message with a key is tried again. */
  readonly retryBlocks: 'key' | 'partition';
  /** The longest delay that the broker itself offers; null: none, the worker waits. */
  readonly maxDelayMs: number | null;
  /** Whether the broker itself puts a message aside that kills its workers. */
  readonly countsDeliveries: boolean;
}
// #endregion contract
