/**
 * A UDP proxy that loses, repeats, delays and reorders datagrams as its seed says, between real sockets on loopback.
 * Each client address gets an upstream socket and links of its own, so that client n meets the same luck in every run.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { deriveSeed } from '../random.ts';
import { createRealClock } from './clock.ts';
import { EventLog } from './event-log.ts';
import { createLink, type Fate, type LinkCounts, type LinkFaults, UDP_HEADER_BYTES } from './link.ts';
import { createWire, type Wire } from './wire.ts';

/** How many client addresses are served; the datagrams of further ones are dropped, counted and logged. */
export const MAX_PROXY_CLIENTS = 1024;
/** Room for the largest datagram, which macOS does not give by itself. */
const SEND_BUFFER_BYTES = 128 * 1024;
/** Asked for; Linux gives what net.core.rmem_max allows. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

export type Direction = 'toServer' | 'toClient';

export interface UdpProxyOptions {
  readonly upstream: { readonly host?: string; readonly port: number };
  readonly seed: number;
  /** In both directions. */
  readonly faults?: Partial<LinkFaults>;
  /** Over `faults`, for what the client sends. */
  readonly toServer?: Partial<LinkFaults>;
  /** Over `faults`, for what the server sends. */
  readonly toClient?: Partial<LinkFaults>;
  /** Called for each datagram as its fate is decided; `client` counts from 0. */
  readonly onFate?: (event: { readonly direction: Direction; readonly client: number; readonly fate: Fate }) => void;
}

export interface UdpProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly log: EventLog;
  /** Over all clients. */
  counts(direction: Direction): LinkCounts;
  /** Datagrams from addresses beyond `MAX_PROXY_CLIENTS`. */
  readonly refused: number;
}

interface Client {
  readonly number: number;
  readonly upstream: Socket;
  readonly wires: Readonly<Record<Direction, Wire<Buffer>>>;
}

/** Listens on a free port of 127.0.0.1. */
export async function createUdpProxy(options: UdpProxyOptions): Promise<UdpProxy> {
  const { seed, faults = {} } = options;
  const upstream = { host: options.upstream.host ?? '127.0.0.1', port: options.upstream.port };
  const log = new EventLog(seed);
  const clock = createRealClock();
  const clients = new Map<string, Client>();
  const socket = openSocket();
  let refused = 0;

  const sent = (error: Error | null): void => {
    if (error !== null) log.add(`send failed: ${error.message}`);
  };

  const createClient = (address: string, port: number): Client => {
    const number = clients.size;
    const createDirection = (direction: Direction, deliver: (datagram: Buffer) => void): Wire<Buffer> => {
      const part = 2 * number + (direction === 'toServer' ? 0 : 1);
      const link = createLink({ ...faults, ...options[direction], seed: deriveSeed(seed, part) });
      log.follow(`client ${number} ${direction}`, link);
      return createWire({ link, clock, sizeOf: (datagram) => datagram.length + UDP_HEADER_BYTES, deliver });
    };
    const upstreamSocket = openSocket();
    const wires = {
      toServer: createDirection('toServer', (datagram) => {
        upstreamSocket.send(datagram, upstream.port, upstream.host, sent);
      }),
      toClient: createDirection('toClient', (datagram) => socket.send(datagram, port, address, sent)),
    };
    upstreamSocket.on('message', (datagram, from) => {
      // An unconnected socket hears everybody; the client must hear only the server.
      if (from.port !== upstream.port) return;
      const fate = wires.toClient.send(datagram);
      options.onFate?.({ direction: 'toClient', client: number, fate });
    });
    upstreamSocket.bind(0, socket.address().address);
    log.add(`client ${number}: ${address}:${port}`);
    return { number, upstream: upstreamSocket, wires };
  };

  socket.on('message', (datagram, { address, port }) => {
    const key = `${address}:${port}`;
    let client = clients.get(key);
    if (client === undefined) {
      if (clients.size >= MAX_PROXY_CLIENTS) {
        refused++;
        if (refused === 1) log.add(`${key} refused: ${MAX_PROXY_CLIENTS} clients are the most`);
        return;
      }
      client = createClient(address, port);
      clients.set(key, client);
    }
    const fate = client.wires.toServer.send(datagram);
    options.onFate?.({ direction: 'toServer', client: client.number, fate });
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');

  return {
    host: socket.address().address,
    port: socket.address().port,
    log,
    get refused() {
      return refused;
    },
    counts: (direction) => sumCounts([...clients.values()].map(({ wires }) => wires[direction].link.counts)),
    [Symbol.asyncDispose]: async () => {
      clock[Symbol.dispose]();
      for (const { upstream } of clients.values()) upstream.close();
      socket.close();
      await once(socket, 'close');
    },
  };
}

function openSocket(): Socket {
  return createSocket({ type: 'udp4', sendBufferSize: SEND_BUFFER_BYTES, recvBufferSize: RECEIVE_BUFFER_BYTES });
}

function sumCounts(all: readonly Readonly<LinkCounts>[]): LinkCounts {
  const total: LinkCounts = { sent: 0, delivered: 0, lost: 0, queueFull: 0, duplicated: 0, reordered: 0 };
  for (const counts of all) for (const name of Object.keys(total) as (keyof LinkCounts)[]) total[name] += counts[name];
  return total;
}
