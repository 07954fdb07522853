import { type ChannelModel, connect } from 'amqplib';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

export interface RabbitLinkOptions {
  readonly url: string;
  readonly heartbeatS: number;
  readonly log: Log;
  /** Makes the connection useful: channels, topology, consumers. Runs after each connect; a failure drops it. */
  readonly setUp: (connection: ChannelModel, drop: (why: string) => void) => Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 2_000;

/** A connection that comes back. It is down while `setUp` has not resolved, and again from the first sign of trouble. */
export class RabbitLink {
  readonly #options: RabbitLinkOptions;
  readonly #closing = new AbortController();
  #connection: ChannelModel | undefined;
  #running: Promise<void> | undefined;
  #isUp = false;
  #up = Promise.withResolvers<void>();

  constructor(options: RabbitLinkOptions) {
    this.#options = options;
  }

  /** Resolves when it is up; starts it when called first. */
  up(): Promise<void> {
    this.#running ??= this.#run();
    return this.#up.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#connection) await closeConnection(this.#connection);
    await this.#running;
  }

  // #region reconnect
  async #run(): Promise<void> {
    const { log } = this.#options;
    for (let failures = 0; !this.#closing.signal.aborted; ) {
      try {
        await this.#once(() => {
          failures = 0;
        });
      } catch (error) {
        log.warn({ message: (error as Error).message }, 'broker-connection-failed');
      }
      // Full jitter: all the workers of a broker that died would otherwise come back in the same moment.
      const ceilingMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
      failures += 1;
      await pause(Math.random() * ceilingMs, this.#closing.signal);
    }
  }

  /** One connection, from its beginning to its end. */
  async #once(onUp: () => void): Promise<void> {
    const { url, heartbeatS, log, setUp } = this.#options;
    const address = new URL(url);
    address.searchParams.set('heartbeat', String(heartbeatS));
    const connection = await connect(address.href, { timeout: CONNECT_TIMEOUT_MS, noDelay: true });
    const ended = new Promise<void>((resolve) => connection.once('close', () => resolve()));
    // Every error of a connection is followed by its close; unheard, it would end the process.
    connection.on('error', (error) => log.warn({ message: error.message }, 'broker-connection-lost'));
    this.#connection = connection;
    let dropped = false;
    const drop = (why: string) => {
      if (dropped || this.#closing.signal.aborted) return;
      dropped = true;
      this.#markDown();
      log.warn({ why }, 'broker-connection-dropped');
      void closeConnection(connection);
    };
    try {
      await Promise.race([setUp(connection, drop), ended.then(() => Promise.reject(new Error('closed in set-up')))]);
      if (!dropped && !this.#closing.signal.aborted) {
        this.#isUp = true;
        this.#up.resolve();
        onUp();
        log.info('broker-connected');
      }
      await ended;
    } finally {
      this.#markDown();
      this.#connection = undefined;
      void closeConnection(connection);
    }
  }
  // #endregion reconnect

  /** Who waits already goes on waiting for the same promise. */
  #markDown(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#up = Promise.withResolvers<void>();
  }
}

/** In order if the peer answers, and by force if not: a broker that is stuck never says close-ok. */
async function closeConnection(connection: ChannelModel): Promise<void> {
  const { stream } = connection.connection as unknown as { readonly stream: { destroy(): void } };
  const timer = setTimeout(() => stream.destroy(), CLOSE_TIMEOUT_MS);
  const ended = new Promise<void>((resolve) => connection.once('close', () => resolve()));
  try {
    await Promise.race([connection.close(), ended]);
  } catch {
    // It was closed before.
  } finally {
    clearTimeout(timer);
  }
}
