/**
 * Head-of-line blocking: the same steady stream of small messages over TCP and over UDP, through links that lose the
 * same share of packets. TCP repairs every loss and holds back what came behind it; UDP does neither.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createRealClock } from '../../harness/faults/clock.ts';
import { createTcpProxy } from '../../harness/faults/tcp-proxy.ts';
import { createUdpProxy } from '../../harness/faults/udp-proxy.ts';
import { type Distribution, distributionOf, rounded } from '../distribution.ts';
import { startLabServer } from './lab-server.ts';

export const HEAD_OF_LINE = {
  losses: [0, 0.01, 0.05],
  delayMs: 20,
  messageBytes: 64,
  messagesPerSecond: 60,
  seconds: 60,
  /** Connections at each loss rate and protocol, each with its own clock phase. */
  connections: 4,
  /** What came back within this counts; UDP's losses never do, TCP's all must. */
  graceMs: 10_000,
  /** Of the first connection, for the picture of single messages. */
  excerptMs: 2_000,
} as const;

type Parameters = typeof HEAD_OF_LINE | (Omit<typeof HEAD_OF_LINE, 'seconds'> & { readonly seconds: number });

export interface StreamResult {
  readonly protocol: 'tcp' | 'udp';
  readonly loss: number;
  readonly sent: number;
  readonly received: number;
  /** From the moment at which a message was due to the arrival of its echo. */
  readonly latency: Distribution;
  /** How late the sender itself was; should be far below what is measured. */
  readonly sendLateness: Pick<Distribution, 'p50' | 'p99' | 'max'>;
  /** `[due, latency]` of one connection's messages, in ms from the first one shown; null: never came back. */
  readonly excerpt: readonly (readonly [due: number, latency: number | null])[];
  /** Packets that the links lost, in both directions; TCP's acknowledgements and retransmissions are packets too. */
  readonly packets: { readonly sent: number; readonly lost: number };
}

/** One message: when it was due, when it went, and when its echo came. */
interface Message {
  readonly dueAt: number;
  sentAt: number;
  returnedAt: number | undefined;
}

/** Something that can send message number n and reports each echo. */
interface Channel extends AsyncDisposable {
  send(bytes: Buffer): void;
  onEcho: (number: number) => void;
}

export async function runHeadOfLine(seed: number, parameters: Parameters = HEAD_OF_LINE): Promise<StreamResult[]> {
  await using tcpServer = await startLabServer('tcp-echo');
  await using udpServer = await startLabServer('udp-echo');
  const { losses } = parameters;
  // At the same time, so that a busy moment of the machine hits all of them alike.
  return await Promise.all(
    losses.flatMap((loss) => [
      runStream({ protocol: 'tcp', loss, port: tcpServer.port, seed, parameters }),
      runStream({ protocol: 'udp', loss, port: udpServer.port, seed, parameters }),
    ]),
  );
}

interface StreamOptions {
  readonly protocol: 'tcp' | 'udp';
  readonly loss: number;
  readonly port: number;
  readonly seed: number;
  readonly parameters: Parameters;
}

async function runStream({ protocol, loss, port, seed, parameters }: StreamOptions): Promise<StreamResult> {
  const { delayMs, connections, messageBytes, excerptMs } = parameters;
  const proxyOptions = { upstream: { port }, seed, faults: { loss, delayMs } };
  await using proxy = await (protocol === 'tcp' ? createTcpProxy(proxyOptions) : createUdpProxy(proxyOptions));
  const streams = await Promise.all(
    Array.from({ length: connections }, async (_, k) => {
      await using channel = await (protocol === 'tcp' ? openTcp : openUdp)(proxy.port, messageBytes);
      return await sendSteadily(channel, k / connections, protocol, parameters);
    }),
  );
  const messages = streams.flat();
  const returned = messages.filter((message) => message.returnedAt !== undefined);
  const first = streams[0] ?? [];
  // Skip the first second: the handshake and TCP's first measurement of the round trip.
  const from = (first[0]?.dueAt ?? 0) + 1000;
  const lateness = distributionOf(
    messages.map(({ dueAt, sentAt }) => sentAt - dueAt),
    { unit: 'ms', binWidth: 1 },
  );
  const links = [...proxy.log.links.values()];
  return {
    protocol,
    loss,
    sent: messages.length,
    received: returned.length,
    latency: distributionOf(returned.map(latencyOf), { unit: 'ms', binWidth: 5 }),
    sendLateness: { p50: lateness.p50, p99: lateness.p99, max: lateness.max },
    excerpt: first
      .filter(({ dueAt }) => dueAt >= from && dueAt < from + excerptMs)
      .map((m) => [rounded(m.dueAt - from), m.returnedAt === undefined ? null : rounded(latencyOf(m))] as const),
    packets: {
      sent: links.reduce((sum, { counts }) => sum + counts.sent, 0),
      lost: links.reduce((sum, { counts }) => sum + counts.lost, 0),
    },
  };
}

function latencyOf(message: Message): number {
  return (message.returnedAt ?? Number.NaN) - message.dueAt;
}

/** Open loop: each message goes when it is due, whatever has become of those before. */
async function sendSteadily(
  channel: Channel,
  phase: number,
  protocol: 'tcp' | 'udp',
  { messagesPerSecond, seconds, messageBytes, graceMs }: Parameters,
): Promise<Message[]> {
  using clock = createRealClock();
  const periodMs = 1000 / messagesPerSecond;
  const startAt = clock.now() + 500 + phase * periodMs;
  const messages: Message[] = Array.from({ length: messagesPerSecond * seconds }, (_, n) => ({
    dueAt: startAt + n * periodMs,
    sentAt: Number.NaN,
    returnedAt: undefined,
  }));
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  let returned = 0;
  channel.onEcho = (number) => {
    const message = messages[number];
    if (message === undefined || message.returnedAt !== undefined) return;
    message.returnedAt = clock.now();
    returned++;
    if (returned === messages.length) finish();
  };
  messages.forEach((message, n) => {
    clock.after(message.dueAt - clock.now(), () => {
      const bytes = Buffer.alloc(messageBytes);
      bytes.writeUInt32BE(n);
      message.sentAt = clock.now();
      channel.send(bytes);
    });
  });
  const lastDueAt = messages.at(-1)?.dueAt ?? clock.now();
  clock.after(lastDueAt - clock.now() + graceMs, finish);
  await finished;
  if (protocol === 'tcp' && returned < messages.length) {
    throw new Error(
      `TCP must bring every message back; ${messages.length - returned} of ${messages.length} are missing`,
    );
  }
  return messages;
}

async function openTcp(port: number, messageBytes: number): Promise<Channel> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => {}); // ends in missing messages, which are reported
  let rest = Buffer.alloc(0);
  const channel: Channel = {
    send: (bytes) => socket.write(bytes),
    onEcho: () => {},
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
    },
  };
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (; rest.length >= messageBytes; rest = rest.subarray(messageBytes)) channel.onEcho(rest.readUInt32BE());
  });
  return channel;
}

async function openUdp(port: number): Promise<Channel> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const channel: Channel = {
    send: (bytes) => socket.send(bytes, port, '127.0.0.1'),
    onEcho: () => {},
    [Symbol.asyncDispose]: async () => {
      socket.close();
    },
  };
  socket.on('message', (datagram) => channel.onEcho(datagram.readUInt32BE()));
  return channel;
}
