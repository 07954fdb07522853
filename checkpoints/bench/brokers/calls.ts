/** What goes to the broker, by operation, for each message that is published and for each that is consumed. */
import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { bodyOf, connectQueue, type Place } from './queues.ts';

export const CALLS = { messages: 500, batch: 100, prefetch: 20 } as const;

export interface Calls {
  readonly broker: Place['broker'];
  /** Sent by the client in all, for so many messages; names are the broker's own. */
  readonly published: Readonly<Record<string, number>>;
  readonly consumed: Readonly<Record<string, number>>;
  readonly publishedPerMessage: number;
  readonly consumedPerMessage: number;
}

const KAFKA_KEYS: Readonly<Record<number, string>> = { 0: 'Produce', 1: 'Fetch', 8: 'OffsetCommit' };
const AMQP_METHODS: Readonly<Record<string, string>> = { '60.40': 'basic.publish', '60.80': 'basic.ack' };

export async function measureCalls(place: Place): Promise<Calls> {
  using meter = new Meter(place.broker);
  // Long enough for no heartbeat, and no extension of a visibility, to be counted.
  const env = { ...place.env, PREFETCH: String(CALLS.prefetch), VISIBILITY_TIMEOUT_S: '120', HEARTBEAT_S: '30' };
  const queue = await connectQueue(env);
  meter.take();
  for (let at = 0; at < CALLS.messages; at += CALLS.batch) {
    const ids = Array.from({ length: CALLS.batch }, (_, i) => `call-${at + i}`);
    const outcomes = await Promise.all(ids.map((id) => queue.publish({ id, body: bodyOf(id) })));
    if (outcomes.some(({ outcome }) => outcome !== 'confirmed'))
      throw new Error(`a message was not confirmed: ${JSON.stringify(outcomes[0])}`);
  }
  const published = meter.take();
  const done = Promise.withResolvers<void>();
  let settled = 0;
  await queue.consume(async (delivery) => {
    await delivery.ack();
    settled += 1;
    if (settled === CALLS.messages) done.resolve();
  });
  await done.promise;
  await queue.stopConsuming();
  await queue.close();
  // Only now: the last acknowledgements are written by the close.
  const consumed = meter.take();
  const perMessage = (calls: Readonly<Record<string, number>>) =>
    Number((Object.values(calls).reduce((sum, n) => sum + n, 0) / CALLS.messages).toFixed(3));
  return {
    broker: place.broker,
    published,
    consumed,
    publishedPerMessage: perMessage(published),
    consumedPerMessage: perMessage(consumed),
  };
}

/** Reads along what the sockets that this process opens write. */
class Meter implements Disposable {
  readonly #broker: Place['broker'];
  #counts = new Map<string, number>();
  /** Not at once: to connect, which comes next, puts the socket's own `write` back. */
  readonly #onSocket = (message: unknown): void =>
    process.nextTick(() => this.#follow((message as { readonly socket: Socket }).socket));

  constructor(broker: Place['broker']) {
    this.#broker = broker;
    diagnostics.subscribe('net.client.socket', this.#onSocket);
  }

  /** What was counted since the last time. */
  take(): Record<string, number> {
    const counts = this.#counts;
    this.#counts = new Map();
    return Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)));
  }

  [Symbol.dispose](): void {
    diagnostics.unsubscribe('net.client.socket', this.#onSocket);
  }

  #follow(socket: Socket): void {
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    let rest: Buffer = Buffer.alloc(0);
    const counted = (...args: unknown[]): boolean => {
      const [chunk] = args;
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk as Uint8Array);
      rest = this.#read(Buffer.concat([rest, bytes]));
      return write(...args);
    };
    socket.write = counted as typeof socket.write;
  }

  #count(name: string | undefined): void {
    if (name !== undefined) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** @returns what is not whole yet. */
  #read(bytes: Buffer): Buffer {
    if (this.#broker === 'SQS') {
      for (const [, name] of bytes.toString('latin1').matchAll(/x-amz-target: ?AmazonSQS\.(\w+)/gi)) this.#count(name);
      return Buffer.alloc(0);
    }
    let at = this.#broker === 'RabbitMQ' && bytes.subarray(0, 4).toString() === 'AMQP' ? 8 : 0;
    for (;;) {
      // Kafka: length, then the number of the operation. AMQP: type, channel, length, and for a method class and number.
      const [head, lengthAt, more] = this.#broker === 'Kafka' ? [4, 0, 0] : [7, 3, 1];
      if (bytes.length < at + head) return bytes.subarray(at);
      const end = at + head + bytes.readUInt32BE(at + lengthAt) + more;
      if (bytes.length < end) return bytes.subarray(at);
      if (this.#broker === 'Kafka') this.#count(KAFKA_KEYS[bytes.readUInt16BE(at + 4)]);
      else if (bytes[at] === 1)
        this.#count(AMQP_METHODS[`${bytes.readUInt16BE(at + 7)}.${bytes.readUInt16BE(at + 9)}`]);
      at = end;
    }
  }
}
