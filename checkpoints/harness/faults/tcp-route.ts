import { connect, type Socket } from 'node:net';
import { createRandom, deriveSeed } from '../random.ts';
import { createRealClock } from './clock.ts';
import type { EventLog } from './event-log.ts';
import { createLink, type LinkFaults, PERFECT_LINK } from './link.ts';
import { resetConnection } from './reset.ts';
import { type Chunking, MAX_OUTLET_BYTES, SocketOutlet } from './socket-outlet.ts';
import { createTcpConnection } from './tcp-connection.ts';
import type { TcpEnd } from './tcp-end.ts';
import type { Recovery } from './tcp-sender.ts';

export interface TcpFaults extends Partial<LinkFaults> {
  readonly chunking?: Chunking;
  /** Resets both sides after at most so many bytes in this direction. */
  readonly resetAfterBytes?: number;
}

export interface TcpRouteOptions {
  readonly client: Socket;
  readonly upstream: { readonly host: string; readonly port: number };
  /** Of the connection, from 0: part of its seed, so that connection n meets the same luck in every run. */
  readonly number: number;
  readonly log: EventLog;
  readonly toServer: TcpFaults;
  readonly toClient: TcpFaults;
  readonly recovery: Recovery;
  readonly onClosed: () => void;
}

/** One proxied connection: client socket, perhaps a modelled connection between, upstream socket. */
export class TcpRoute {
  readonly #options: TcpRouteOptions;
  readonly #client: Socket;
  readonly #clock = createRealClock();
  #server: Socket | undefined;
  #outlets: SocketOutlet[] = [];
  #frozen = false;
  #state: 'open' | 'closed' = 'open';

  constructor(options: TcpRouteOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#log('accepted');
    this.#client.on('error', (error) => this.#passOnReset('client', error));
    this.#client.on('close', () => this.#settle());
    if (needsModel(options.toServer) || needsModel(options.toClient)) this.#throughModel();
    else this.#direct();
  }

  freeze(): void {
    this.#frozen = true;
    for (const outlet of this.#outlets) outlet.freeze();
  }

  unfreeze(): void {
    this.#frozen = false;
    for (const outlet of this.#outlets) outlet.unfreeze();
  }

  /** Resets both sides at once. */
  reset(why: string): void {
    if (this.#state === 'closed') return;
    this.#log(`reset both sides ${why}`);
    this.close();
  }

  /** Destroys both sockets and every timer. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#clock[Symbol.dispose]();
    for (const outlet of this.#outlets) outlet.close();
    for (const socket of [this.#client, this.#server]) if (socket !== undefined) resetConnection(socket);
    this.#options.onClosed();
  }

  /** Without a link between: bytes go from socket to socket. */
  #direct(): void {
    const server = this.#connectUpstream();
    this.#join(this.#client, server, 'toServer');
    this.#join(server, this.#client, 'toClient');
  }

  #join(from: Socket, to: Socket, direction: 'toServer' | 'toClient'): void {
    const outlet = this.#createOutlet(to, direction, () => from.resume());
    from.on('data', (bytes) => {
      if (!outlet.push(bytes)) from.pause();
    });
    from.on('end', () => {
      this.#log(`end ${direction}`);
      outlet.end();
    });
    from.resume();
  }

  /** With a link between: each socket has an end of a modelled connection before it. */
  #throughModel(): void {
    const { log, number, toServer, toClient } = this.#options;
    const link = (faults: TcpFaults, direction: 'toServer' | 'toClient') => {
      const { chunking: _, resetAfterBytes: __, ...linkFaults } = faults;
      const link = createLink({
        ...linkFaults,
        seed: deriveSeed(log.seed, 2 * number + (direction === 'toServer' ? 0 : 1)),
      });
      log.follow(`connection ${number} ${direction}`, link);
      return link;
    };
    const model = createTcpConnection({
      clock: this.#clock,
      recovery: this.#options.recovery,
      toServer: link(toServer, 'toServer'),
      toClient: link(toClient, 'toClient'),
    });
    model.server.events.onSyn = () => {
      const server = this.#connectUpstream();
      server.once('connect', () => model.server.accept());
      this.#attach(server, model.server, 'toServer');
    };
    this.#attach(this.#client, model.client, 'toClient');
    model.client.connect();
  }

  /** Ties a socket to its end of the model: what it reads is sent, what the end receives is written. */
  #attach(socket: Socket, end: TcpEnd, incoming: 'toServer' | 'toClient'): void {
    const outlet = this.#createOutlet(socket, incoming, () => end.resume());
    end.events.onData = (data) => {
      if (!outlet.push(data)) end.pause();
    };
    end.events.onEnd = () => {
      this.#log(`end ${incoming}`);
      outlet.end();
    };
    end.events.onAcknowledged = () => {
      if (end.bufferedBytes < MAX_OUTLET_BYTES) socket.resume();
    };
    socket.on('data', (bytes) => {
      end.write(bytes);
      if (end.bufferedBytes >= MAX_OUTLET_BYTES) socket.pause();
    });
    socket.on('end', () => end.end());
    socket.resume();
  }

  #createOutlet(socket: Socket, direction: 'toServer' | 'toClient', onRoom: () => void): SocketOutlet {
    const { number, log } = this.#options;
    const { chunking = { kind: 'as-is' }, resetAfterBytes = Number.POSITIVE_INFINITY } = this.#options[direction];
    const outlet = new SocketOutlet({
      socket,
      random: createRandom(deriveSeed(~log.seed, 2 * number + (direction === 'toServer' ? 0 : 1))),
      chunking,
      limitBytes: resetAfterBytes,
      onLimit: () => this.reset(`after ${resetAfterBytes} bytes ${direction}`),
      onRoom,
    });
    if (this.#frozen) outlet.freeze();
    this.#outlets.push(outlet);
    return outlet;
  }

  #connectUpstream(): Socket {
    // Without Nagle, so that the proxy adds no delay of its own.
    const server = connect({ ...this.#options.upstream, allowHalfOpen: true, noDelay: true });
    this.#server = server;
    server.on('error', (error) => this.#passOnReset('server', error));
    server.on('close', () => this.#settle());
    return server;
  }

  // Simplified: a reset is never lost. In production: the next segment would be answered with another (RFC 9293 §3.5.2).
  #passOnReset(from: 'client' | 'server', error: Error): void {
    if (this.#state === 'closed') return;
    this.#log(`${from} side: ${error.message}`);
    const { delayMs = PERFECT_LINK.delayMs } = this.#options[from === 'client' ? 'toServer' : 'toClient'];
    this.#clock.after(delayMs, () => this.close());
  }

  /** Both sockets have ended by themselves. */
  #settle(): void {
    if (this.#client.closed && (this.#server?.closed ?? false)) this.close();
  }

  #log(event: string): void {
    this.#options.log.add(`connection ${this.#options.number}: ${event}`);
  }
}

function needsModel({ chunking: _, resetAfterBytes: __, ...link }: TcpFaults): boolean {
  return Object.keys(link).length > 0;
}
