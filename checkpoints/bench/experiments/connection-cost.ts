/** What the first answer costs: on a new TCP connection, on one that is open, and by a datagram. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createTcpProxy } from '../../harness/faults/tcp-proxy.ts';
import { createUdpProxy } from '../../harness/faults/udp-proxy.ts';
import { type Distribution, distributionOf } from '../distribution.ts';
import { startLabServer } from './lab-server.ts';

export const CONNECTION_COST = {
  messageBytes: 64,
  delayMs: 20,
  loopbackRounds: 2_000,
  linkRounds: 100,
  /** Not measured: both sides' code is compiled meanwhile. */
  warmUpRounds: 200,
  /** Nothing loses a datagram here: one that takes longer fails the run. */
  datagramDeadlineMs: 5_000,
} as const;

export type Way = 'new-tcp' | 'open-tcp' | 'udp';

export interface ConnectionCostResult {
  readonly path: 'loopback' | 'link';
  readonly way: Way;
  readonly latency: Distribution;
}

export async function runConnectionCost(seed: number): Promise<ConnectionCostResult[]> {
  const { delayMs, loopbackRounds, linkRounds, warmUpRounds } = CONNECTION_COST;
  await using tcpServer = await startLabServer('tcp-echo');
  await using udpServer = await startLabServer('udp-echo', {
    RATE_LIMIT_PER_SECOND: '1000000',
    RATE_LIMIT_BURST: '1000000',
  });
  const direct = { tcpPort: tcpServer.port, udpPort: udpServer.port };
  await measure({ ...direct, path: 'loopback', rounds: warmUpRounds });
  const loopback = await measure({ ...direct, path: 'loopback', rounds: loopbackRounds });

  await using tcpProxy = await createTcpProxy({ upstream: { port: tcpServer.port }, seed, faults: { delayMs } });
  await using udpProxy = await createUdpProxy({ upstream: { port: udpServer.port }, seed, faults: { delayMs } });
  const link = await measure({ tcpPort: tcpProxy.port, udpPort: udpProxy.port, path: 'link', rounds: linkRounds });
  return [...loopback, ...link];
}

interface MeasureOptions {
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly path: 'loopback' | 'link';
  readonly rounds: number;
}

/** The three ways in turn, round by round, so that a busy moment of the machine hits all of them alike. */
async function measure({ tcpPort, udpPort, path, rounds }: MeasureOptions): Promise<ConnectionCostResult[]> {
  const open = connect({ port: tcpPort, host: '127.0.0.1', noDelay: true });
  await once(open, 'connect');
  await echoOnce(open);
  await using datagrams = await openDatagrams(udpPort);
  const ways: Readonly<Record<Way, () => Promise<void>>> = {
    'new-tcp': async () => {
      const socket = connect({ port: tcpPort, host: '127.0.0.1', noDelay: true });
      await echoOnce(socket);
      socket.resetAndDestroy(); // leaves no TIME_WAIT behind, of which thousands would use up the ports
    },
    'open-tcp': () => echoOnce(open),
    udp: () => datagrams.echoOnce(),
  };
  const times: Record<Way, number[]> = { 'new-tcp': [], 'open-tcp': [], udp: [] };
  for (let round = 0; round < rounds; round++) {
    for (const way of Object.keys(ways) as Way[]) {
      const startedAt = performance.now();
      await ways[way]();
      times[way].push(performance.now() - startedAt);
    }
  }
  open.destroy();
  return (Object.keys(ways) as Way[]).map((way) => ({
    path,
    way,
    latency:
      path === 'loopback'
        ? distributionOf(
            times[way].map((ms) => ms * 1000),
            { unit: 'µs', binWidth: 20 },
          )
        : distributionOf(times[way], { unit: 'ms', binWidth: 1 }),
  }));
}

async function echoOnce(socket: Socket): Promise<void> {
  socket.write(Buffer.alloc(CONNECTION_COST.messageBytes, 1));
  for (let received = 0; received < CONNECTION_COST.messageBytes; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received += chunk.length;
  }
}

async function openDatagrams(port: number): Promise<AsyncDisposable & { echoOnce(): Promise<void> }> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return {
    echoOnce: async () => {
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(CONNECTION_COST.datagramDeadlineMs) });
      socket.send(Buffer.alloc(CONNECTION_COST.messageBytes, 1));
      await answer;
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
    },
  };
}
