/**
 * `node:net` over a network in memory: `Server`, `Socket` and what makes them. Simplified: TCP alone, no pipes, no
 * lookup of names, no options of the socket that only a kernel has.
 */
import type { Listener } from './events.ts';
import type { FromNetwork } from './link.ts';
import { connectArguments, type ServerOptions, type SocketOptions } from './net-arguments.ts';
import { type NetHost, NetProcess } from './net-process.ts';
import { Server } from './server.ts';
import { Socket } from './socket.ts';

export interface Net {
  /** What stands for `node:net`. */
  readonly module: Readonly<Record<string, unknown>>;
  readonly connect: (...given: unknown[]) => Socket;
  receive(message: FromNetwork): void;
  /** The process is about to end: the network learns of all that was read and written. */
  settle(): void;
}

export function createNet(host: NetHost): Net {
  const net = new NetProcess(host, (options) => new OwnSocket(options));
  class OwnSocket extends Socket {
    constructor(options?: SocketOptions) {
      super(net, options);
    }
  }
  class OwnServer extends Server {
    constructor(first?: ServerOptions | Listener, second?: Listener) {
      super(net, first, second);
    }
  }
  const connect = (...given: unknown[]): Socket => net.newSocket(connectArguments(given).options).connect(...given);
  const module = {
    Socket: OwnSocket,
    Stream: OwnSocket,
    Server: OwnServer,
    createServer: (first?: ServerOptions | Listener, second?: Listener) => new OwnServer(first, second),
    connect,
    createConnection: connect,
    isIPv4,
    isIPv6,
    isIP: (text: string) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0),
  };
  return { module, connect, receive: (message) => net.receive(message), settle: () => net.settle() };
}

function isIPv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

function isIPv6(text: string): boolean {
  return text.includes(':') && URL.canParse(`http://[${text.replace(/%.*/, '')}]`);
}
