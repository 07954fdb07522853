/**
 * How large should a datagram be? Above the MTU it travels in fragments and is lost with any one of them (RFC 8085
 * §3.2); below, headers and the cost of each call weigh more.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { countFragments, IP_HEADER_BYTES, UDP_HEADER_BYTES } from '../../harness/faults/link.ts';
import { createUdpProxy } from '../../harness/faults/udp-proxy.ts';
import { rounded } from '../distribution.ts';

export const DATAGRAM_SIZE = {
  /** Payload bytes. 1,472 fills one packet of 1,500; 1,473 needs two; 65,507 is the most that IPv4 can carry. */
  sizes: [64, 128, 256, 512, 1024, 1472, 1473, 2944, 4096, 8192, 16_384, 32_768, 65_507],
  mtuBytes: 1500,
  fragmentLoss: 0.01,
  datagrams: 4_000,
  /** For the measurement without a link. */
  throughputMs: 400,
  /** Under way at once without a link: fewer than a socket's receive buffer holds. */
  throughputWindowBytes: 96 * 1024,
  throughputWindowDatagrams: 32,
  arrivalDeadlineMs: 5_000,
} as const;

export interface DatagramSizeResult {
  readonly payloadBytes: number;
  readonly fragments: number;
  readonly sent: number;
  readonly delivered: number;
  readonly deliveryRate: number;
  /** (1 − fragment loss) ^ fragments. */
  readonly expectedDeliveryRate: number;
  /** Payload delivered for each byte on the wire, IP and UDP headers counted. */
  readonly goodputShare: number;
  /** Without a link: payload from one socket to another on this machine. */
  readonly loopbackMegabytesPerSecond: number;
  readonly loopbackDatagramsPerSecond: number;
}

export async function runDatagramSize(seed: number): Promise<DatagramSizeResult[]> {
  const results: DatagramSizeResult[] = [];
  for (const size of DATAGRAM_SIZE.sizes) {
    results.push({ ...(await measureDelivery(size, seed)), ...(await measureLoopback(size)) });
  }
  return results;
}

/** One datagram at a time: sent, then known to be lost (the proxy says so) or arrived. */
async function measureDelivery(payloadBytes: number, seed: number) {
  const { mtuBytes, fragmentLoss, datagrams, arrivalDeadlineMs } = DATAGRAM_SIZE;
  using receiver = await openReceiver();
  let settle = (_: boolean): void => {};
  await using proxy = await createUdpProxy({
    upstream: { port: receiver.port },
    seed: seed + payloadBytes,
    toServer: { loss: fragmentLoss, mtuBytes },
    onFate: ({ fate }) => {
      if (fate.outcome === 'lost') settle(false);
    },
  });
  receiver.onDatagram = () => settle(true);
  const sender = openSender();
  const payload = Buffer.alloc(payloadBytes, 1);
  let delivered = 0;
  for (let n = 0; n < datagrams; n++) {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    settle = resolve;
    const deadline = setTimeout(
      () => reject(new Error(`datagram ${n} of ${payloadBytes} bytes is neither lost by the link nor there`)),
      arrivalDeadlineMs,
    );
    sender.send(payload, proxy.port, proxy.host);
    if (await promise) delivered++;
    clearTimeout(deadline);
  }
  sender.close();
  const fragments = countFragments(payloadBytes + UDP_HEADER_BYTES, mtuBytes);
  const wireBytes = payloadBytes + UDP_HEADER_BYTES + fragments * IP_HEADER_BYTES;
  return {
    payloadBytes,
    fragments,
    sent: datagrams,
    delivered,
    deliveryRate: rounded(delivered / datagrams),
    expectedDeliveryRate: rounded((1 - fragmentLoss) ** fragments),
    goodputShare: rounded((delivered * payloadBytes) / (datagrams * wireBytes)),
  };
}

/** A window's worth of datagrams at a time, from one socket to another. */
async function measureLoopback(payloadBytes: number) {
  const { throughputMs, throughputWindowBytes, throughputWindowDatagrams, arrivalDeadlineMs } = DATAGRAM_SIZE;
  using receiver = await openReceiver();
  const sender = openSender();
  const payload = Buffer.alloc(payloadBytes, 1);
  const window = Math.max(1, Math.min(throughputWindowDatagrams, Math.floor(throughputWindowBytes / payloadBytes)));
  let received = 0;
  const startedAt = performance.now();
  while (performance.now() - startedAt < throughputMs) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const goal = received + window;
    receiver.onDatagram = () => {
      received++;
      if (received === goal) resolve();
    };
    const deadline = setTimeout(
      () => reject(new Error(`the kernel dropped a datagram of ${payloadBytes} bytes`)),
      arrivalDeadlineMs,
    );
    for (let n = 0; n < window; n++) sender.send(payload, receiver.port, '127.0.0.1');
    await promise;
    clearTimeout(deadline);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  sender.close();
  return {
    loopbackMegabytesPerSecond: rounded((received * payloadBytes) / 1e6 / seconds),
    loopbackDatagramsPerSecond: Math.round(received / seconds),
  };
}

const BUFFER_BYTES = 1024 * 1024;

function openSender(): Socket {
  return createSocket({ type: 'udp4', sendBufferSize: BUFFER_BYTES });
}

async function openReceiver(): Promise<Disposable & { readonly port: number; onDatagram: () => void }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const receiver = {
    port: socket.address().port,
    onDatagram: () => {},
    [Symbol.dispose]: () => socket.close(),
  };
  socket.on('message', () => receiver.onDatagram());
  return receiver;
}
