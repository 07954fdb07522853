/**
 * A proxy in front of PostgreSQL that knows where a request of the protocol ends (PostgreSQL, "Message Formats"). It
 * can hold requests until two connections have one, so that two transactions go step by step; answer one with an error
 * of its own; cut the connection after a commit; freeze; and be gone. It works whatever client library is used.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { deadlineMs } from '../../harness/deadline.ts';
import {
  createBackendReader,
  createFrontendReader,
  statementsOf,
  type TransactionStatus,
} from '../../harness/faults/postgres-messages.ts';
import { resetConnection } from '../../harness/faults/reset.ts';
import { errorResponse, fatalResponse, isCommit, ROLLBACK } from './postgres-answers.ts';

/** How long a request waits for a second one beside it, where that one does not wait for a lock. */
const ALONE_MS = 1_000;
const LOOK_EVERY_MS = 8;

/**
 * Decides what becomes of a request instead of being forwarded; undefined leaves it alone. An error is fatal when the
 * connection ends with it.
 */
export type Intervention = (
  request: string,
  status: TransactionStatus,
) => { readonly sqlState: string; readonly fatal?: boolean } | 'cut after answer' | undefined;

/** Where one piece of work stops, and what it waits for. */
interface Stop {
  requestsLeft: number;
  readonly reached: PromiseWithResolvers<void>;
  readonly over: PromiseWithResolvers<void>;
}

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  status: TransactionStatus;
  /** Prepared statements by their names. */
  readonly statements: Map<string, string>;
  cutAtAnswer: boolean;
  /** Set while the answer that comes is to a request of ours, and not for the client. */
  onOwnAnswer?: (() => void) | undefined;
}

export class PostgresProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #links = new Set<Link>();
  readonly #held: (() => void)[] = [];
  #inStep = false;
  #gone = false;
  #thaw: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #intervene: Intervention | undefined;
  #stop: Stop | undefined;
  #watcher: Promise<pg.Client> | undefined;
  /** Requests that the frost holds. */
  frozenRequests = 0;

  private constructor(upstream: URL) {
    this.#upstream = upstream;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  /** @param url of the database behind it. */
  static async open(url: string): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(new URL(url));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The URL of the database through this proxy. */
  get url(): string {
    const url = new URL(this.#upstream);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  get open(): number {
    return this.#links.size;
  }

  /** Nothing special any more: forwards everything, and what was held. */
  pass(): void {
    this.#inStep = false;
    this.#gone = false;
    this.#intervene = undefined;
    this.#stop?.over.resolve();
    this.#stop = undefined;
    this.#thaw?.resolve();
    this.#thaw = undefined;
    this.#releaseAll();
  }

  /**
   * Does two things at once, whose requests to the database go on in pairs, one of each: both have read before either
   * writes, in every run. A request goes on alone when the other side waits for a lock, or does not come. The first of
   * the two to be done ends it.
   */
  async inStep<T>(works: readonly (() => Promise<T>)[]): Promise<T[]> {
    this.#inStep = true;
    try {
      return await Promise.all(works.map((work) => work().finally(() => this.pass())));
    } finally {
      this.pass();
    }
  }

  /**
   * Does `work` up to its `nth` request to the database, then `meanwhile`, and then the rest of `work`. Should
   * `meanwhile` wait for a lock, or for something else that `work` holds, the two go on together.
   *
   * @returns what both gave, or undefined when `work` had fewer requests; then `meanwhile` was not called.
   */
  async interrupt<T>(
    nth: number,
    work: () => Promise<T>,
    meanwhile: () => Promise<T>,
  ): Promise<readonly [T, T] | undefined> {
    const stop = {
      requestsLeft: nth,
      reached: Promise.withResolvers<void>(),
      over: Promise.withResolvers<void>(),
    };
    this.#stop = stop;
    const first = work();
    const isReached = await Promise.race([stop.reached.promise.then(() => true), first.then(() => false)]);
    if (!isReached) {
      this.#stop = undefined;
      return undefined;
    }
    const second = meanwhile();
    const done = second.then(
      () => true,
      () => true,
    );
    const end = performance.now() + deadlineMs(ALONE_MS);
    while (!(await Promise.race([done, delay(LOOK_EVERY_MS, false)])) && performance.now() < end) {
      if (await this.#isSomebodyLocked()) break;
    }
    this.pass();
    return Promise.all([first, second]);
  }

  /** Nothing passes, in either direction; connections stay, and new ones are accepted. */
  freeze(): void {
    this.#thaw ??= Promise.withResolvers<void>();
  }

  /** Every connection is reset, and each new one as well. */
  vanish(): void {
    this.#gone = true;
    for (const link of [...this.#links]) this.#drop(link);
  }

  intervene(intervention: Intervention): void {
    this.#intervene = intervention;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pass();
    this.vanish();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
    await (await this.#watcher)?.end();
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#gone) {
      resetConnection(client);
      return;
    }
    const upstream = connect({
      host: this.#upstream.hostname,
      port: Number(this.#upstream.port || 5432),
      noDelay: true,
    });
    const link: Link = { client, upstream, status: 'I', statements: new Map(), cutAtAnswer: false };
    this.#links.add(link);
    upstream.on('error', () => this.#drop(link));
    upstream.on('close', () => this.#drop(link));
    client.on('close', () => this.#drop(link));

    let requests = Promise.resolve();
    const readFrontend = createFrontendReader((request) => {
      requests = requests.then(() => this.#forward(link, request));
    });
    client.on('data', readFrontend);

    let answers = Promise.resolve();
    const readBackend = createBackendReader((status) => {
      link.status = status;
      link.onOwnAnswer?.();
      if (link.cutAtAnswer) this.#drop(link);
    });
    upstream.on('data', (chunk: Buffer) => {
      const isOwn = link.onOwnAnswer !== undefined;
      readBackend(chunk);
      if (isOwn) return;
      answers = answers.then(async () => {
        await this.#thaw?.promise;
        if (!link.cutAtAnswer) client.write(chunk);
      });
    });
  }

  async #forward(link: Link, request: Buffer): Promise<void> {
    // Also what it only prepares: an error may come with that.
    const text = `${request.toString('latin1')}\n${statementsOf(request, link.statements)}`;
    if (this.#inStep) await this.#waitForAnother();
    if (this.#thaw !== undefined) {
      this.frozenRequests += 1;
      await this.#thaw.promise;
      this.frozenRequests -= 1;
    }
    const stop = this.#stop;
    if (stop !== undefined) {
      stop.requestsLeft -= 1;
      if (stop.requestsLeft === 0) {
        stop.reached.resolve();
        await stop.over.promise;
      }
    }
    if (link.client.destroyed) return;
    const intervention = this.#intervene?.(text, link.status);
    if (intervention === 'cut after answer') link.cutAtAnswer = true;
    else if (intervention !== undefined) {
      const { sqlState, fatal = false } = intervention;
      if (fatal) {
        link.client.end(fatalResponse(sqlState));
        return;
      }
      if (isCommit(request)) await this.#rollBack(link); // a COMMIT that fails ends its transaction
      link.client.write(errorResponse(sqlState, link.status));
      return;
    }
    link.upstream.write(request);
  }

  #rollBack(link: Link): Promise<void> {
    return new Promise((resolve) => {
      link.onOwnAnswer = () => {
        link.onOwnAnswer = undefined;
        resolve();
      };
      link.upstream.write(ROLLBACK);
    });
  }

  async #waitForAnother(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let released = false;
    const release = (): void => {
      released = true;
      resolve();
    };
    this.#held.push(release);
    if (this.#held.length >= 2) this.#releaseAll();
    const end = performance.now() + deadlineMs(ALONE_MS);
    while (!released) {
      await Promise.race([promise, delay(LOOK_EVERY_MS)]);
      if (released || (performance.now() < end && !(await this.#isSomebodyLocked()))) continue;
      const at = this.#held.indexOf(release);
      if (at >= 0) this.#held.splice(at, 1);
      release();
    }
  }

  /** Whether a connection waits for a lock of another one: then it cannot come, and the other has to go on. */
  async #isSomebodyLocked(): Promise<boolean> {
    this.#watcher ??= connectDirectly(this.#upstream.href);
    const { rowCount } = await (await this.#watcher).query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return rowCount !== null && rowCount > 0;
  }

  #releaseAll(): void {
    for (const release of this.#held.splice(0)) release();
  }

  #drop(link: Link): void {
    if (!this.#links.delete(link)) return;
    resetConnection(link.client);
    link.upstream.destroy();
  }
}

async function connectDirectly(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
