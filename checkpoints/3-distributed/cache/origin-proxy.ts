/**
 * A proxy in front of PostgreSQL that knows what a load and what a commit is. It counts loads, holds back the answers of
 * loads or the commits themselves, cuts a connection after a commit, and can be stuck or gone. It works whatever client
 * library is used, and needs no luck: what it holds stays held until it is let go.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import {
  createBackendReader,
  createFrontendReader,
  statementsOf,
  type TransactionStatus,
} from '../../harness/faults/postgres-messages.ts';
import { resetConnection } from '../../harness/faults/reset.ts';

/** Holds requests of one kind until it is opened. */
export class Gate {
  readonly kind: 'load' | 'commit';
  /** How many are held, their work done in the database if they are loads. */
  held = 0;
  readonly #limit: number;
  #taken = 0;
  readonly #opened = Promise.withResolvers<void>();

  constructor(kind: Gate['kind'], limit: number) {
    this.kind = kind;
    this.#limit = limit;
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Whether it takes another one. */
  take(): boolean {
    this.#taken += 1;
    return this.#taken <= this.#limit;
  }

  open(): void {
    this.#opened.resolve();
  }

  /**
   * Resolves when so many are held.
   *
   * @param answer of what was sent: once it is there, nothing more is held.
   */
  async waitFor(count: number, sent: string, answer?: Promise<unknown>): Promise<void> {
    let answered = false;
    const note = (): void => {
      answered = true;
    };
    answer?.then(note, note);
    const otherwise = (held: number): Error =>
      new CheckpointFailure({
        sent,
        expected: `${count === 1 ? `a ${this.kind}` : `${count} ${this.kind}s`} at the database`,
        received: held === 0 ? 'none' : String(held),
        usually:
          this.kind === 'load'
            ? 'the value comes from elsewhere than the database, or the load is not a SELECT of its table'
            : 'the write does not reach the database',
      });
    const held = await pollUntil(
      () => this.held,
      (reached) => reached >= count || answered,
      {
        withinMs: 8_000,
        everyMs: 2,
        otherwise,
      },
    );
    if (held < count) throw otherwise(held);
  }
}

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  status: TransactionStatus;
  readonly statements: Map<string, string>;
  cutAtAnswer: boolean;
  /** Holds the answer that comes next. */
  gate?: Gate | undefined;
}

export class OriginProxy implements AsyncDisposable {
  /** The statements that were loads. */
  readonly loads: string[] = [];
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #links = new Set<Link>();
  #gates: Gate[] = [];
  #gone = false;
  #cutsNextCommit = false;
  #frost: PromiseWithResolvers<void> | undefined;

  private constructor(upstream: URL) {
    this.#upstream = upstream;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  /** @param url of the database behind it. */
  static async open(url: string): Promise<OriginProxy> {
    const proxy = new OriginProxy(new URL(url));
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

  /** Lets loads reach the database and holds their answers: who waits for one has read the values of that moment. */
  holdLoads(limit = Number.POSITIVE_INFINITY): Gate {
    return this.#hold(new Gate('load', limit));
  }

  /** Holds commits before they reach the database. */
  holdCommits(limit = 1): Gate {
    return this.#hold(new Gate('commit', limit));
  }

  /** The next commit happens, and its answer is lost with its connection. */
  cutNextCommit(): void {
    this.#cutsNextCommit = true;
  }

  /** Every connection is reset, and each new one as well. */
  vanish(): void {
    this.#gone = true;
    for (const link of [...this.#links]) this.#drop(link);
  }

  /** No request passes any more; connections stay, and new ones are accepted. */
  freeze(): void {
    this.#frost ??= Promise.withResolvers();
  }

  /** Nothing special any more, and what was held goes on. */
  pass(): void {
    this.#gone = false;
    this.#cutsNextCommit = false;
    this.#frost?.resolve();
    this.#frost = undefined;
    for (const gate of this.#gates.splice(0)) gate.open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pass();
    this.vanish();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #hold(gate: Gate): Gate {
    this.#gates.push(gate);
    return gate;
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#gone) {
      resetConnection(client);
      return;
    }
    const { hostname: host, port } = this.#upstream;
    const upstream = connect({ host, port: Number(port || 5432), noDelay: true });
    const link: Link = { client, upstream, status: 'I', statements: new Map(), cutAtAnswer: false };
    this.#links.add(link);
    upstream.on('error', () => this.#drop(link));
    upstream.on('close', () => this.#drop(link));
    client.on('close', () => this.#drop(link));

    let requests = Promise.resolve();
    client.on(
      'data',
      createFrontendReader((request) => {
        requests = requests.then(() => this.#forward(link, request));
      }),
    );
    let answers = Promise.resolve();
    let holder: Gate | undefined;
    const readBackend = createBackendReader((status) => {
      link.status = status;
      if (link.cutAtAnswer) this.#drop(link);
      if (link.gate !== undefined) link.gate.held += 1;
      link.gate = undefined;
    });
    upstream.on('data', (chunk: Buffer) => {
      holder = link.gate;
      readBackend(chunk);
      const gate = holder;
      answers = answers.then(async () => {
        await gate?.opened;
        if (!client.destroyed) client.write(chunk);
      });
    });
  }

  async #forward(link: Link, request: Buffer): Promise<void> {
    const text = statementsOf(request, link.statements);
    await this.#frost?.promise;
    if (isCommit(text, link.status)) {
      const gate = this.#gates.find((each) => each.kind === 'commit' && each.take());
      if (gate !== undefined) {
        gate.held += 1;
        await gate.opened;
      }
      if (this.#cutsNextCommit) {
        this.#cutsNextCommit = false;
        link.cutAtAnswer = true;
      }
    } else if (isLoad(text, link.status)) {
      this.loads.push(text);
      link.gate = this.#gates.find((each) => each.kind === 'load' && each.take());
    }
    if (!link.client.destroyed) link.upstream.write(request);
  }

  #drop(link: Link): void {
    if (!this.#links.delete(link)) return;
    resetConnection(link.client);
    link.upstream.destroy();
  }
}

const WRITES = /\b(insert|update|delete|merge)\b/i;

function isLoad(text: string, status: TransactionStatus): boolean {
  return status === 'I' && /\bselect\b/i.test(text) && /\b(quests|adventurers)\b/i.test(text) && !WRITES.test(text);
}

/** The end of a transaction, or a write that is one by itself. */
function isCommit(text: string, status: TransactionStatus): boolean {
  return /\bcommit\b/i.test(text) || (status === 'I' && WRITES.test(text) && !/\bbegin\b/i.test(text));
}
