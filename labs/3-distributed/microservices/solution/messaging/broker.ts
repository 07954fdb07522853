import { setTimeout as delay } from 'node:timers/promises';
import { type Channel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { DatabaseUnavailable } from '../database.ts';
import type { Drill } from '../drill.ts';
import type { Log } from '../log.ts';
import { closed, confirmed, within } from './broker-waits.ts';
import { parseEvent, type TavernEvent } from './event.ts';
import type { Inbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';
import { declareTopology, type Topology } from './topology.ts';

const PREFETCH = 8;
const CONFIRM_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** A peer that is silent for twice this long is taken for dead (AMQP 0-9-1 §4.2.7). */
const HEARTBEAT_S = 3;
const MAX_BACKOFF_MS = 1_000;
/** A database that is away is asked again so often; the message is not given back meanwhile. */
const RETRY_MS = 200;

export interface BrokerOptions {
  readonly url: string;
  readonly service: string;
  readonly topology: Topology;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly drill: Drill;
  readonly log: Log;
}

/** Keeps a connection to the broker, for as long as the process runs. No request of a client waits for it. */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#keepConnected();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const connectedAt = performance.now();
      await this.#session().catch((error: Error) => {
        if (!signal.aborted) this.#options.log.warn({ error: error.message }, 'broker-lost');
      });
      if (performance.now() - connectedAt > MAX_BACKOFF_MS) failures = 0;
      const pause = Math.random() * Math.min(MAX_BACKOFF_MS, 50 * 2 ** Math.min(failures, 10)); // full jitter
      await delay(pause, undefined, { signal }).catch(() => {});
    }
  }

  /** One connection, from its beginning to its end. */
  async #session(): Promise<void> {
    const { url, service, topology, outbox } = this.#options;
    const address = new URL(url);
    address.searchParams.set('heartbeat', String(HEARTBEAT_S));
    const connection = await within(
      // An event is several small writes. Nagle's algorithm would hold back all but the first until the broker's kernel
      // gets round to an ACK (RFC 896, RFC 1122 §4.2.3.2), once for each hop of a saga.
      connect(address.href, { timeout: CONNECT_TIMEOUT_MS, noDelay: true }),
      2 * CONNECT_TIMEOUT_MS,
      'connect',
    );
    const ended = new AbortController();
    const end = (): void => ended.abort();
    connection.on('error', () => {}).on('close', end);
    this.#stop.signal.addEventListener('abort', end, { once: true });
    try {
      const consuming = await within(connection.createChannel(), CONNECT_TIMEOUT_MS, 'channel');
      const publishing = await within(connection.createConfirmChannel(), CONNECT_TIMEOUT_MS, 'channel');
      for (const channel of [consuming, publishing]) channel.on('error', end).on('close', end);
      await within(declareTopology(consuming, topology), CONNECT_TIMEOUT_MS, 'topology');
      await within(consuming.prefetch(PREFETCH), CONNECT_TIMEOUT_MS, 'prefetch');
      const onMessage = (message: ConsumeMessage | null): void => {
        if (message === null)
          end(); // the broker has ended the subscription
        else this.#take(message, consuming, publishing, ended.signal).catch(end);
      };
      await within(consuming.consume(topology.queueOf(service), onMessage), CONNECT_TIMEOUT_MS, 'consume');
      await this.#relayUntil(outbox, publishing, ended.signal);
    } finally {
      this.#stop.signal.removeEventListener('abort', end);
      ended.abort();
      await closed(connection);
    }
  }

  async #relayUntil(outbox: Outbox, publishing: ConfirmChannel, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await outbox.relay((events) => this.#publish(publishing, events), signal);
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error;
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  // #region publish
  /** Resolves when the broker has confirmed each of them, and so answers for them. */
  async #publish(channel: ConfirmChannel, events: readonly TavernEvent[]): Promise<void> {
    const { exchange } = this.#options.topology;
    const confirms = events.map((event) =>
      confirmed((done) => {
        const options = { persistent: true, messageId: event.id, type: event.type, contentType: CLOUD_EVENT };
        channel.publish(exchange, event.type, Buffer.from(JSON.stringify(event)), options, done);
      }),
    );
    await within(Promise.all(confirms), CONFIRM_TIMEOUT_MS, 'confirm');
  }
  // #endregion publish

  // #region take
  /** The effect is committed first, then the message acknowledged: a crash in between delivers it again. */
  async #take(
    message: ConsumeMessage,
    channel: Channel,
    publishing: ConfirmChannel,
    signal: AbortSignal,
  ): Promise<void> {
    const { inbox, drill, log, topology } = this.#options;
    const event = parseEvent(message.content);
    while (!signal.aborted) {
      try {
        const outcome = event === undefined ? 'parked' : await inbox.take(event);
        if (outcome === 'parked') await this.#park(message, publishing);
        drill('before-ack');
        if (!signal.aborted) channel.ack(message);
        return;
      } catch (error) {
        if (error instanceof DatabaseUnavailable) {
          await delay(RETRY_MS, undefined, { signal }).catch(() => {});
          continue;
        }
        log.error({ err: error, queue: topology.queueOf(this.#options.service) }, 'event-failed');
        await this.#park(message, publishing);
        if (!signal.aborted) channel.ack(message);
        return;
      }
    }
  }
  // #endregion take

  /** Puts a message aside, byte by byte as it came. It leaves its queue only when the broker has it in the other. */
  async #park({ content, properties }: ConsumeMessage, publishing: ConfirmChannel): Promise<void> {
    const { parked } = this.#options.topology;
    const { messageId, type, contentType, headers } = properties;
    const parking = confirmed((done) => {
      publishing.sendToQueue(parked, content, { persistent: true, messageId, type, contentType, headers }, done);
    });
    await within(parking, CONFIRM_TIMEOUT_MS, 'confirm');
    this.#options.log.warn({ messageId, type }, 'event-parked');
  }
}

const CLOUD_EVENT = 'application/cloudevents+json';
