/** The line between one server and PostgreSQL: it can be held, so that a request is known to be under way, and cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { resetConnection } from '../../harness/faults/reset.ts';

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  /** What the server has sent while the line was held. */
  readonly held: Buffer[];
}

export class DatabaseLine implements AsyncDisposable {
  readonly #listener: Server;
  readonly #upstream: URL;
  readonly #links = new Set<Link>();
  #state: 'through' | 'held' | 'cut' = 'through';

  private constructor(upstream: URL) {
    this.#upstream = upstream;
    this.#listener = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  /** @param url of the database at the other end. */
  static async open(url: string): Promise<DatabaseLine> {
    const line = new DatabaseLine(new URL(url));
    line.#listener.listen(0, '127.0.0.1');
    await once(line.#listener, 'listening');
    return line;
  }

  /** As `DATABASE_URL`: the database through this line. */
  get url(): string {
    const url = new URL(this.#upstream);
    url.hostname = '127.0.0.1';
    url.port = String((this.#listener.address() as AddressInfo).port);
    return url.href;
  }

  /** Connections on which something waits for the line to go on. */
  get waiting(): number {
    return [...this.#links].filter(({ held }) => held.length > 0).length;
  }

  /** Nothing comes to the database any more, and nothing is lost. */
  hold(): void {
    this.#state = 'held';
  }

  /** Resets every connection, and each new one as well. What was held is lost. */
  cut(): void {
    this.#state = 'cut';
    for (const link of [...this.#links]) this.#drop(link);
  }

  /** Everything goes through again, first what was held. */
  restore(): void {
    this.#state = 'through';
    for (const { upstream, held } of this.#links) for (const bytes of held.splice(0)) upstream.write(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    await closed;
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#state === 'cut') {
      resetConnection(client);
      return;
    }
    const { hostname: host, port } = this.#upstream;
    const upstream = connect({ host, port: Number(port || 5432), noDelay: true });
    const link: Link = { client, upstream, held: [] };
    this.#links.add(link);
    for (const socket of [client, upstream]) {
      socket.on('error', () => this.#drop(link));
      socket.on('close', () => this.#drop(link));
    }
    client.on('data', (bytes: Buffer) => {
      if (this.#state === 'held') link.held.push(bytes);
      else upstream.write(bytes);
    });
    upstream.pipe(client);
  }

  #drop(link: Link): void {
    if (!this.#links.delete(link)) return;
    resetConnection(link.client);
    link.upstream.destroy();
  }
}
