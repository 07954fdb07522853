import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TcpAddress } from '../../harness/tcp-client.ts';

const PROBE_BYTES = 8;
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

export interface SeenProbe {
  readonly bytes: Buffer;
  /** -1 if the datagram is too short to have one. */
  readonly sequence: number;
  readonly atMs: number;
}

/**
 * The other end of the client under test. It keeps every datagram that the client sends, and every reply that it
 * hands to the client, in order: the last hop, so what it sent is what the client got.
 */
export class ProbeTarget implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly seen: SeenProbe[] = [];
  /** Sequence numbers of the replies sent to the client, in order. */
  readonly replies: number[] = [];
  readonly #socket: Socket;
  #client: TcpAddress | undefined;
  #closed = false;

  private constructor(socket: Socket, onProbe: (probe: SeenProbe, target: ProbeTarget) => void) {
    this.#socket = socket;
    socket.on('message', (bytes, { address, port }) => {
      this.#client ??= { host: address, port };
      const sequence = sequenceOf(bytes);
      const probe = { bytes, sequence, atMs: performance.now() };
      this.seen.push(probe);
      onProbe(probe, this);
    });
  }

  /** @param onProbe called for each datagram of the client; replies, or does not. */
  static async open(onProbe: (probe: SeenProbe, target: ProbeTarget) => void): Promise<ProbeTarget> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new ProbeTarget(socket, onProbe);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Where the client's datagrams come from. */
  get client(): TcpAddress | undefined {
    return this.#client;
  }

  /** Sends these bytes to the client as the reply that they are. */
  reply(bytes: Buffer): void {
    this.replies.push(sequenceOf(bytes));
    this.replyWith(bytes);
  }

  /** Sends the client a datagram that is no reply. Does nothing once closed: a timer of a checkpoint may outlive it. */
  replyWith(bytes: Buffer): void {
    if (this.#client && !this.#closed) this.#socket.send(bytes, this.#client.port, this.#client.host);
  }

  /** The reply to a number that has been seen. */
  answer(sequence: number): void {
    const probe = this.seen.find((one) => one.sequence === sequence);
    if (probe) this.reply(probe.bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}

function sequenceOf(bytes: Buffer): number {
  return bytes.length === PROBE_BYTES ? bytes.readUInt32BE(4) : -1;
}
