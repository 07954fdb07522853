import { setTimeout as delay } from 'node:timers/promises';
import { createClient, ErrorReply } from 'redis';
import { StoreUnavailable } from './cache-store.ts';
import type { Log } from './log.ts';

/** A connection that has not answered for so long is given up, and another one made. At least `timeoutMs`. */
const PROBE_TIMEOUT_MS = 2_000;
const PROBE_EVERY_MS = 100;
const MAX_QUEUED_COMMANDS = 20_000;
/** How many keys one command removes. */
const REMOVE_AT_ONCE = 500;
/** Keys whose removal failed, and is to be repeated. Beyond it writes have to wait for Redis. */
const MAX_MISSED = 10_000;

function newClient(url: string, connectTimeout: number) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true, // a command for a server that is away fails at once, instead of waiting for it
    commandsQueueMaxLength: MAX_QUEUED_COMMANDS,
    socket: { connectTimeout, reconnectStrategy: false },
  });
}

export type RedisClient = ReturnType<typeof newClient>;

export interface RedisLinkOptions {
  readonly url: string;
  /** How long a request waits for one answer of Redis. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/**
 * A connection to a Redis that may be slow, stuck or gone. Whoever asks it is answered or refused within `timeoutMs`;
 * after a first failure at once, until Redis answers again. Removals that failed are repeated first.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #missed = new Set<string>();
  readonly #closing = new AbortController();
  readonly #probeTimeoutMs: number;
  #client: RedisClient | undefined;
  #state: 'up' | 'down' = 'down';
  #mending: Promise<void> | undefined;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#probeTimeoutMs = Math.max(PROBE_TIMEOUT_MS, options.timeoutMs);
  }

  /** Begins to connect. Resolves after the first attempt, whatever has come of it. */
  async open(): Promise<void> {
    await this.#attempt();
    if (this.#state === 'down') this.#mend();
  }

  /** Whether so many removals are waiting that another write should not be taken. */
  get isOverdue(): boolean {
    return this.#missed.size >= MAX_MISSED;
  }

  // #region run
  /** @throws StoreUnavailable when Redis does not answer in time, refuses, or is known to be away. */
  async run<R>(command: (client: RedisClient) => Promise<R>): Promise<R> {
    const client = this.#client;
    if (this.#state === 'down' || client === undefined) throw new StoreUnavailable('redis is away');
    try {
      return await inTime(command(client), this.#options.timeoutMs);
    } catch (error) {
      // An answer, even an error, is a sign of life: a full Redis still reads and removes.
      if (!(error instanceof ErrorReply) && client === this.#client) this.#fail(error as Error);
      throw new StoreUnavailable((error as Error).message, { cause: error });
    }
  }
  // #endregion run

  // #region remove
  /** Removes keys, now or as soon as Redis answers again: before anything is read from it. */
  async remove(keys: readonly string[]): Promise<void> {
    // Noted first: while this waits, nobody may take the link for mended without it.
    for (const key of keys) this.#missed.add(key);
    try {
      await this.run((client) => client.del([...keys]));
      for (const key of keys) this.#missed.delete(key);
    } catch (error) {
      this.#options.log.warn({ keys, error: (error as Error).message }, 'invalidation-postponed');
      this.#fail(error as Error); // nothing is read before it is made up for
    }
  }
  // #endregion remove

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#mending;
    if (this.#client?.isOpen === true) this.#client.destroy();
  }

  #fail(error: Error): void {
    if (this.#state === 'down') return;
    this.#state = 'down';
    this.#options.log.warn({ error: error.message }, 'redis-lost');
    this.#mend();
  }

  #mend(): void {
    this.#mending ??= this.#mendUntilUp().finally(() => {
      this.#mending = undefined;
    });
  }

  async #mendUntilUp(): Promise<void> {
    while (this.#state === 'down' && !this.#closing.signal.aborted) {
      await delay(PROBE_EVERY_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
      if (!this.#closing.signal.aborted) await this.#attempt();
    }
  }

  /** Up, if Redis answers within its time, and every removal that was missed is made up for. */
  async #attempt(): Promise<void> {
    const client = await this.#connected().catch((error: Error) => {
      this.#options.log.debug({ error: error.message }, 'redis-still-away');
      return undefined;
    });
    if (client === undefined) return;
    try {
      // The first answer may come late: what was sent before the trouble is answered before it.
      await inTime(client.ping(), this.#probeTimeoutMs);
    } catch {
      this.#drop(client); // half open, perhaps
      return;
    }
    try {
      await inTime(client.ping(), this.#options.timeoutMs);
      // #region make-up
      while (this.#missed.size > 0) {
        const keys = [...this.#missed].slice(0, REMOVE_AT_ONCE);
        await inTime(client.del(keys), this.#options.timeoutMs);
        for (const key of keys) this.#missed.delete(key);
      }
      this.#state = 'up';
      // #endregion make-up
      this.#options.log.info('redis-answers');
    } catch (error) {
      this.#options.log.debug({ error: (error as Error).message }, 'redis-still-away');
    }
  }

  async #connected(): Promise<RedisClient> {
    if (this.#client?.isReady === true) return this.#client;
    if (this.#client !== undefined) this.#drop(this.#client);
    const client = newClient(this.#options.url, this.#probeTimeoutMs);
    client.on('error', (error: Error) => {
      if (client === this.#client) this.#fail(error);
    });
    try {
      await inTime(client.connect(), this.#probeTimeoutMs);
    } catch (error) {
      this.#drop(client);
      throw error;
    }
    this.#client = client;
    return client;
  }

  #drop(client: RedisClient): void {
    if (client === this.#client) this.#client = undefined;
    if (client.isOpen) client.destroy();
  }
}

async function inTime<R>(work: Promise<R>, limitMs: number): Promise<R> {
  work.catch(() => {}); // should it fail after we have gone
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
