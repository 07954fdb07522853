import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { firstDifference, formatBytes } from './bytes.ts';
import { deadlineMs, within } from './deadline.ts';
import { type Expectation, missed } from './expectation.ts';
import { CheckpointFailure, fail } from './failure.ts';
import { resetConnection } from './faults/reset.ts';
import type { Random } from './random.ts';

/** How the other side's half of a connection stands. */
export type PeerState = 'open' | 'ended' | 'reset';

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

const CONNECT_DEADLINE_MS = 5_000;
const READ_DEADLINE_MS = 5_000;

/**
 * A raw TCP client that says what it got. It reads as bytes come, unless paused, and keeps all that it has not
 * handed out; `end` sends a FIN and goes on reading (RFC 9293 §3.6), `reset` sends a RST.
 */
export class TcpClient implements AsyncDisposable {
  readonly socket: Socket;
  /** Whether the server ended its side (FIN) or reset the connection. */
  peer: PeerState = 'open';
  /** All bytes received so far, the ones handed out included. */
  receivedCount = 0;
  #chunks: Buffer[] = [];
  #waiting = 0;
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#waiting += chunk.length;
      this.receivedCount += chunk.length;
      this.#notify();
    });
    socket.on('end', () => {
      if (this.peer === 'open') this.peer = 'ended';
      this.#notify();
    });
    socket.on('error', () => {
      this.peer = 'reset';
      this.#notify();
    });
    socket.on('close', () => {
      if (this.peer === 'open') this.peer = 'ended';
      this.#notify();
    });
  }

  /** Local port: tells connections apart in logs. */
  get localPort(): number {
    return this.socket.localPort ?? 0;
  }

  /** Bytes that came and were not handed out yet. */
  get pendingCount(): number {
    return this.#waiting;
  }

  /** Writes in one piece. Resolves when the kernel has it all, which a peer that does not read can delay for ever. */
  write(data: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(data, () => resolve());
    });
  }

  /** Writes in pieces of seeded lengths, each in a turn of its own, so that they travel as separate segments. */
  async writeSplit(data: Uint8Array, random: Random, maxPiece = 7): Promise<void> {
    for (let at = 0; at < data.length; ) {
      const piece = data.subarray(at, at + random.int(1, maxPiece));
      await this.write(piece);
      await nextTurn();
      at += piece.length;
    }
  }

  /** Ends our side: FIN. Reading goes on. */
  end(): void {
    this.socket.end();
  }

  /** Aborts: RST, by closing with SO_LINGER 0. */
  reset(): void {
    resetConnection(this.socket);
  }

  /** Stops reading: our receive buffer fills, and the server's writes stall. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Exactly `count` bytes; fails when the server ends its side or stays silent first. */
  async read(count: number, expectation: Expectation): Promise<Buffer> {
    return joined(await this.readChunks(count, expectation));
  }

  /** As `read`, in the pieces in which they came: for many bytes, which need not be copied to be compared. */
  async readChunks(count: number, expectation: Expectation): Promise<Buffer[]> {
    await this.#waitFor(
      () => this.#waiting >= count || this.peer !== 'open',
      expectation,
      () => formatCount(count),
    );
    if (this.#waiting < count) this.#failShort(count, expectation);
    return this.#takeChunks(count);
  }

  /** Everything up to the server's FIN; fails on a reset or on silence. */
  async readToEnd(expectation: Expectation): Promise<Buffer> {
    await this.#waitFor(
      () => this.peer !== 'open',
      expectation,
      () => 'the end of the stream',
    );
    if (this.peer === 'reset') {
      throw missed(expectation, {
        expected: 'the end of the stream (FIN)',
        received: `${formatCount(this.receivedCount)}, then your server reset the connection (RST)`,
      });
    }
    return this.#take(this.#waiting);
  }

  /** One line without its end (LF or CRLF), decoded as UTF-8; fails when none comes. */
  async readLine(expectation: Expectation): Promise<string> {
    await this.#waitFor(
      () => this.#indexOfNewline() >= 0 || this.peer !== 'open',
      expectation,
      () => 'a line',
    );
    const end = this.#indexOfNewline();
    if (end < 0) {
      throw missed(expectation, {
        expected: 'a line',
        received: `${this.pendingText()}then your server ${this.peer === 'reset' ? 'reset' : 'closed'} the connection`,
      });
    }
    return this.#take(end + 1)
      .toString('utf8')
      .replace(/\r?\n$/, '');
  }

  /** Reads as many bytes as `expected` has and fails at the first one that differs, with a caret under it. */
  async expectBytes(expected: Uint8Array, expectation: Expectation): Promise<void> {
    const received = await this.read(expected.length, expectation);
    const at = firstDifference(expected, received);
    if (at >= 0) {
      throw missed(expectation, {
        expected: `the same ${formatCount(expected.length)} back`,
        received: `bytes that differ from offset ${at} on`,
        details: formatBytes(expected, received, at),
      });
    }
  }

  /** Resolves when the server has ended its side, either way; fails when it has not in time. */
  async waitForPeerEnd(expectation: Expectation): Promise<PeerState> {
    await this.#waitFor(
      () => this.peer !== 'open',
      expectation,
      () => 'the end of the connection',
    );
    return this.peer;
  }

  /** What came and was not read, as text for a failure: `"…", ` or nothing. */
  pendingText(): string {
    if (this.#waiting === 0) return 'nothing, ';
    const text = Buffer.concat(this.#chunks).subarray(0, 200).toString('utf8');
    return `${JSON.stringify(text)}, `;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }

  async #waitFor(ready: () => boolean, expectation: Expectation, what: () => string): Promise<void> {
    if (ready()) return;
    const limitMs = deadlineMs(expectation.withinMs ?? READ_DEADLINE_MS);
    const arrived = (async () => {
      while (!ready()) await new Promise<void>((resolve) => this.#wake.push(resolve));
    })();
    await within(arrived, limitMs, () =>
      missed(expectation, {
        expected: what(),
        received: `${formatCount(this.receivedCount)}, then nothing more within ${limitMs.toLocaleString('en')} ms`,
      }),
    );
  }

  #failShort(count: number, expectation: Expectation): never {
    const how = this.peer === 'reset' ? 'reset the connection (RST)' : 'closed the connection';
    throw missed(expectation, {
      expected: formatCount(count),
      received: `${formatCount(this.receivedCount)}, then your server ${how}`,
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }

  #indexOfNewline(): number {
    let before = 0;
    for (const chunk of this.#chunks) {
      const at = chunk.indexOf(0x0a);
      if (at >= 0) return before + at;
      before += chunk.length;
    }
    return -1;
  }

  #take(count: number): Buffer {
    return joined(this.#takeChunks(count));
  }

  #takeChunks(count: number): Buffer[] {
    const taken: Buffer[] = [];
    let left = count;
    let whole = 0;
    for (const chunk of this.#chunks) {
      if (chunk.length > left) break;
      taken.push(chunk);
      left -= chunk.length;
      whole += 1;
    }
    this.#chunks.splice(0, whole);
    const [first] = this.#chunks;
    if (left > 0 && first) {
      taken.push(first.subarray(0, left));
      this.#chunks[0] = first.subarray(left);
    }
    this.#waiting -= count;
    return taken;
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

export interface ConnectOptions {
  /** Default true: small writes leave at once (TCP_NODELAY). */
  readonly noDelay?: boolean;
}

/**
 * Connects to a program under test.
 *
 * @throws CheckpointFailure when the connection is refused or not accepted in time.
 */
export async function connectTcp(address: TcpAddress, options: ConnectOptions = {}): Promise<TcpClient> {
  const socket = connect({
    host: address.host,
    port: address.port,
    allowHalfOpen: true,
    noDelay: options.noDelay ?? true,
  });
  const usually = 'the server stopped listening, or died: look at its log';
  try {
    await within(
      once(socket, 'connect'),
      deadlineMs(CONNECT_DEADLINE_MS),
      () =>
        new CheckpointFailure({
          expected: 'a TCP connection',
          received: `no answer within ${deadlineMs(CONNECT_DEADLINE_MS)} ms`,
          usually,
        }),
    );
  } catch (error) {
    socket.destroy();
    if (error instanceof CheckpointFailure) throw error;
    const { code } = error as NodeJS.ErrnoException;
    return fail({
      expected: 'a TCP connection',
      received: `the connection failed (${code ?? String(error)})`,
      usually,
    });
  }
  return new TcpClient(socket);
}

/** `65,536 bytes`, `1 byte`. */
export function formatCount(count: number, noun = 'byte'): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
