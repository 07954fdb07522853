/**
 * A TCP proxy that does to a connection what networks and peers do: late, lost and repaired, in other pieces, cut off.
 * It stands between real sockets on the loopback interface. Delay, loss and bandwidth come from the model in
 * `tcp-connection.ts`, since a proxy cannot lose a segment of the kernel's own TCP.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { EventLog } from './event-log.ts';
import { type TcpFaults, TcpRoute } from './tcp-route.ts';
import type { Recovery } from './tcp-sender.ts';

/** More than the largest crowd that a checkpoint brings. */
export const MAX_PROXY_CONNECTIONS = 4096;

export interface TcpProxyOptions {
  readonly upstream: { readonly host?: string; readonly port: number };
  readonly seed: number;
  /** In both directions. */
  readonly faults?: TcpFaults;
  /** Over `faults`, for what the client sends. */
  readonly toServer?: TcpFaults;
  /** Over `faults`, for what the server sends. */
  readonly toClient?: TcpFaults;
  /** How the modelled TCP finds a loss. Default: `rack`, as Linux does. */
  readonly recovery?: Recovery;
}

export interface TcpProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The seed and what happened; `log.describe()` gives lines for a failure. */
  readonly log: EventLog;
  /** Connections open now. */
  readonly open: number;
  /** Stops forwarding, both ways. What arrives waits in bounded buffers, then the sender has to. */
  freeze(): void;
  unfreeze(): void;
  /** Sends a reset to both sides of every open connection. */
  reset(): void;
}

/**
 * Listens on a free port of 127.0.0.1. The client is connected at once, as the kernel of this machine answers it;
 * with a delay, the bytes then wait for the modelled handshake.
 */
export async function createTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const { upstream, seed, faults = {} } = options;
  const log = new EventLog(seed);
  const routes = new Set<TcpRoute>();
  let accepted = 0;
  let frozen = false;

  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client: Socket) => {
    const route = new TcpRoute({
      client,
      upstream: { host: upstream.host ?? '127.0.0.1', port: upstream.port },
      number: accepted++,
      log,
      toServer: { ...faults, ...options.toServer },
      toClient: { ...faults, ...options.toClient },
      recovery: options.recovery ?? 'rack',
      onClosed: () => routes.delete(route),
    });
    routes.add(route);
    if (frozen) route.freeze();
  });
  server.maxConnections = MAX_PROXY_CONNECTIONS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;

  return {
    host: address,
    port,
    log,
    get open() {
      return routes.size;
    },
    freeze: () => {
      frozen = true;
      log.add('frozen');
      for (const route of routes) route.freeze();
    },
    unfreeze: () => {
      frozen = false;
      log.add('unfrozen');
      for (const route of routes) route.unfreeze();
    },
    reset: () => {
      for (const route of [...routes]) route.reset('on command');
    },
    [Symbol.asyncDispose]: async () => {
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      for (const route of [...routes]) route.close();
      await closed;
    },
  };
}
