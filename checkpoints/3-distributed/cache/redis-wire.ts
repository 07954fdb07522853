import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to Redis that can be blocked, and whose connections can be cut with all that waits in them. */
export class RedisWire implements AsyncDisposable {
  readonly #server: Server;
  readonly #links = new Set<readonly [Socket, Socket]>();
  #blocked = false;

  private constructor(upstream: URL) {
    this.#server = createServer({ noDelay: true }, (client) => {
      const server = connect({ host: upstream.hostname, port: Number(upstream.port || 6379), noDelay: true });
      const link = [client, server] as const;
      this.#links.add(link);
      const end = (): void => this.#drop(link);
      for (const socket of link) socket.on('error', () => {}).on('close', end);
      client.on('data', (chunk) => void server.write(chunk));
      server.on('data', (chunk) => void client.write(chunk));
      if (this.#blocked) client.pause();
    });
  }

  /** @param url of the Redis behind it. */
  static async open(url: string): Promise<RedisWire> {
    const wire = new RedisWire(new URL(url));
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  /** The URL of the Redis by this way. */
  urlFor(url: string): string {
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String((this.#server.address() as AddressInfo).port);
    return through.href;
  }

  /** What is sent to Redis from now on does not arrive. Connections stay, and new ones are accepted. */
  block(): void {
    this.#blocked = true;
    for (const [client] of this.#links) client.pause();
  }

  /** Every connection breaks, and what waited in it is lost; new ones pass. */
  cut(): void {
    this.#blocked = false;
    for (const link of [...this.#links]) this.#drop(link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #drop(link: readonly [Socket, Socket]): void {
    if (!this.#links.delete(link)) return;
    for (const socket of link) socket.destroy();
  }
}
