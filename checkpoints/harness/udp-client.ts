import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { firstDifference, formatBytes } from './bytes.ts';
import { deadlineMs, within } from './deadline.ts';
import { type Expectation, missed } from './expectation.ts';
import { formatCount, type TcpAddress } from './tcp-client.ts';

export interface Datagram {
  readonly data: Buffer;
  readonly from: RemoteInfo;
}

const RECEIVE_DEADLINE_MS = 5_000;
/** Large enough that loopback bursts of the checkpoints are not dropped by our own socket. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** A raw UDP socket, unconnected, on a loopback port of its own; it keeps what comes until asked. */
export class UdpClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly #server: TcpAddress;
  #queue: Datagram[] = [];
  #wake: (() => void)[] = [];

  constructor(socket: Socket, server: TcpAddress) {
    this.socket = socket;
    this.#server = server;
    socket.on('message', (data, from) => {
      this.#queue.push({ data, from });
      const wake = this.#wake;
      this.#wake = [];
      for (const resolve of wake) resolve();
    });
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Datagrams that came and were not handed out. */
  get pendingCount(): number {
    return this.#queue.length;
  }

  /** Sends one datagram. Resolves when the kernel has taken it. */
  send(data: Uint8Array | string, to: TcpAddress = this.#server): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(data, to.port, to.host, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The next datagram; fails when none comes in time. */
  async receive(expectation: Expectation): Promise<Datagram> {
    const limitMs = deadlineMs(expectation.withinMs ?? RECEIVE_DEADLINE_MS);
    const arrived = (async () => {
      while (this.#queue.length === 0) await new Promise<void>((resolve) => this.#wake.push(resolve));
    })();
    await within(arrived, limitMs, () =>
      missed(expectation, {
        expected: 'a datagram',
        received: `no datagram within ${limitMs.toLocaleString('en')} ms`,
      }),
    );
    return this.#queue.shift() as Datagram;
  }

  /** The next datagram, if one comes within `ms`: for the cases in which none may. */
  async receiveWithin(ms: number): Promise<Datagram | undefined> {
    const end = performance.now() + ms;
    while (this.#queue.length === 0 && performance.now() < end) {
      await Promise.race([
        new Promise<void>((resolve) => this.#wake.push(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, end - performance.now()))),
      ]);
    }
    return this.#queue.shift();
  }

  /** Sends `data` and fails unless the same datagram comes back. */
  async expectEcho(data: Uint8Array, expectation: Expectation): Promise<Datagram> {
    await this.send(data);
    const datagram = await this.receive(expectation);
    if (datagram.data.length !== data.length) {
      throw missed(expectation, {
        expected: `one datagram of ${formatCount(data.length)}`,
        received: `a datagram of ${formatCount(datagram.data.length)}`,
      });
    }
    const at = firstDifference(data, datagram.data);
    if (at >= 0) {
      throw missed(expectation, {
        expected: `the same ${formatCount(data.length)} back`,
        received: `bytes that differ from offset ${at} on`,
        details: formatBytes(data, datagram.data, at),
      });
    }
    return datagram;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }
}

/** Opens a UDP socket on a free loopback port, with `server` as its usual destination. */
export async function openUdp(server: TcpAddress): Promise<UdpClient> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return new UdpClient(socket, server);
}
