import type { Message, Producer } from 'kafkajs';

/** All replicas that are in sync have it. */
const ALL_IN_SYNC = -1;
/** More wait for their turn than a request takes. */
const MAX_BATCH = 1_000;

interface Waiting {
  readonly message: Message;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One request a topic at a time, with all that has gathered since the last one. Requests side by side would be faster,
 * and may arrive in another order than they were made in: that of a key would be lost before it is in any partition.
 */
export class KafkaBatches {
  readonly #producer: Producer;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #busy = new Set<string>();

  constructor(producer: Producer, timeoutMs: number) {
    this.#producer = producer;
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves when the broker has it. */
  send(topic: string, message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(topic) ?? [];
      this.#waiting.set(topic, waiting);
      waiting.push({ message, resolve, reject });
      if (!this.#busy.has(topic)) void this.#sendAll(topic, waiting);
    });
  }

  async #sendAll(topic: string, waiting: Waiting[]): Promise<void> {
    this.#busy.add(topic);
    // A moment for those who publish in the same turn.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH);
      try {
        const messages = batch.map(({ message }) => message);
        await this.#producer.send({ topic, acks: ALL_IN_SYNC, timeout: this.#timeoutMs, messages });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#busy.delete(topic);
  }
}
