import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to Redis that can be blocked, lets commands pass one by one, and can be cut with all that waits in it. */
export class RedisWire implements AsyncDisposable {
  readonly #server: Server;
  readonly #links = new Set<readonly [Socket, Socket]>();
  #blocked = false;
  /** What was sent while commands are held, each with the way on; undefined: they are not. */
  #held: (() => void)[] | undefined;

  private constructor(upstream: URL) {
    this.#server = createServer({ noDelay: true }, (client) => {
      const server = connect({ host: upstream.hostname, port: Number(upstream.port || 6379), noDelay: true });
      const link = [client, server] as const;
      this.#links.add(link);
      const end = (): void => this.#drop(link);
      for (const socket of link) socket.on('error', () => {}).on('close', end);
      client.on('data', (chunk) => {
        const pass = (): void => void server.write(chunk);
        if (this.#held === undefined) pass();
        else this.#held.push(pass);
      });
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

  /** From now on each command waits; commands that are sent together, without waiting for an answer, are one. */
  holdCommands(): void {
    this.#held ??= [];
  }

  get heldCommands(): number {
    return this.#held?.length ?? 0;
  }

  /** The first of those that wait goes on. */
  passCommand(): void {
    this.#held?.shift()?.();
  }

  /** All go on, and none waits any more. */
  passCommands(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  /** Every connection breaks, and what waited in it is lost; new ones pass. */
  cut(): void {
    this.#blocked = false;
    this.#held = undefined;
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
