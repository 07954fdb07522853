import { Arrivals } from './arrivals.ts';
import type { NodeBuffer } from './buffer.ts';
import { type Done, Duplex } from './duplex.ts';
import { invalidType, type Listener } from './events.ts';
import {
  type Address,
  type FromNetwork,
  joined,
  MAX_READ_BYTES,
  MAX_READS_A_TURN,
  RECEIVE_BUFFER_BYTES,
  SEND_BUFFER_BYTES,
} from './link.ts';
import { checkedPort, connectArguments, type SocketOptions } from './net-arguments.ts';
import type { NetProcess } from './net-process.ts';
import type { Server } from './server.ts';
import { bytesOf } from './stream-chunk.ts';
import { coded } from './stream-errors.ts';
import { systemError } from './system-error.ts';

type FromConnection = Exclude<FromNetwork, { op: 'listening' | 'accepted' }>;

/** A connection of TCP, as `node:net` has it. */
export class Socket extends Duplex {
  connecting = false;
  bytesRead = 0;
  timeout: number | undefined;
  readonly #net: NetProcess;
  #id: number | undefined;
  #local: Address | undefined;
  #remote: Address | undefined;
  readonly #arrived = new Arrivals();
  /** A reset is among it. */
  #isReset = false;
  #isReading = false;
  /** Bytes that were read, of which the network has not been told yet. */
  #unsaid = 0;
  #isReadQueued = false;
  #sendRoom = SEND_BUFFER_BYTES;
  #sent = 0;
  /** Written, and on its way with the end of this turn. */
  #departing: Uint8Array[] = [];
  #write: { rest: Uint8Array; readonly done: Done } | undefined;
  #resetting = false;
  #hadError = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #release: (() => void) | undefined;
  server: Server | undefined;

  constructor(net: NetProcess, options: SocketOptions = {}) {
    super({ ...options, allowHalfOpen: options.allowHalfOpen ?? false });
    this.#net = net;
  }

  get pending(): boolean {
    return this.connecting || this.#id === undefined;
  }
  get readyState(): string {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }
  get bytesWritten(): number {
    return this.#sent + this.writableLength;
  }
  get bufferSize(): number {
    return this.writableLength;
  }
  get localAddress(): string | undefined {
    return this.#local?.address;
  }
  get localPort(): number | undefined {
    return this.#local?.port;
  }
  get localFamily(): string | undefined {
    return this.#local && 'IPv4';
  }
  get remoteAddress(): string | undefined {
    return this.destroyed ? undefined : this.#remote?.address;
  }
  get remotePort(): number | undefined {
    return this.destroyed ? undefined : this.#remote?.port;
  }
  get remoteFamily(): string | undefined {
    return this.destroyed ? undefined : this.#remote && 'IPv4';
  }

  address(): object {
    return this.#local ? { ...this.#local, family: 'IPv4' } : {};
  }

  connect(...given: unknown[]): this {
    const { options, done } = connectArguments(given);
    const port = checkedPort(options.port, 'options.port');
    if (done) this.once('connect', done);
    if (options.timeout) this.setTimeout(options.timeout);
    this.connecting = true;
    this.#open(this.#net.nextId());
    this.#net.host.send({ op: 'connect', id: this.#id ?? 0, host: options.host ?? 'localhost', port });
    options.signal?.addEventListener('abort', () => this.destroy(coded('The operation was aborted', 'ABORT_ERR')));
    return this;
  }

  /** Called by its server: it is connected from the beginning. */
  accepted(id: number, local: Address, remote: Address): this {
    this.#open(id);
    this.#local = local;
    this.#remote = remote;
    return this;
  }

  hear(message: FromConnection): void {
    switch (message.op) {
      case 'connected':
        if (this.destroyed) return;
        this.connecting = false;
        this.#local = message.local;
        this.#remote = message.remote;
        this.#touch();
        this.emit('connect');
        this.emit('ready');
        this.#writeOn();
        if (!this.isPaused()) this.read(0);
        break;
      case 'refused':
        this.connecting = false;
        this.destroy(systemError('connect', message.code));
        break;
      case 'data': {
        const { bytes, cuts } = message;
        let at = 0;
        for (const length of cuts ?? [bytes.length]) {
          this.#arrived.add(bytes.subarray(at, at + length), cuts !== undefined);
          at += length;
        }
        this.#readOn();
        break;
      }
      case 'fin':
        this.#arrived.add('fin');
        this.#readOn();
        break;
      case 'reset':
        this.#arrived.add('reset');
        this.#isReset = true;
        // Who neither reads nor writes does not notice, as no poll of the socket is under way.
        if (this.#write) this.#fail('write');
        else this.#readOn();
        break;
      case 'room':
        this.#sendRoom += message.count;
        this.#writeOn();
    }
  }

  override _read(): void {
    this.#isReading = true;
    this.#readOn();
  }

  override _write(chunk: NodeBuffer, _encoding: string, done: Done): void {
    this.#write = { rest: chunk, done };
    this.#touch();
    if (this.#isReset) this.#fail('write');
    else this.#writeOn();
  }

  override _final(done: Done): void {
    if (this.connecting) {
      this.once('connect', () => this._final(done));
      return;
    }
    this.depart();
    if (this.#id !== undefined) this.#net.host.send({ op: 'fin', id: this.#id });
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#hadError = error !== null;
    this.connecting = false;
    clearTimeout(this.#timer);
    if (this.#id !== undefined) {
      this.#net.connections.delete(this.#id);
      const unread = typeof this.#arrived.first === 'object';
      if (!this.#isReset) {
        this.depart();
        this.#net.host.send(this.#resetting ? { op: 'reset', id: this.#id } : { op: 'close', id: this.#id, unread });
      }
    }
    // A handle's `close` comes with the next turn of the loop, not within this one.
    this.#net.nextTurn(() => {
      done(error);
      queueMicrotask(() => {
        this.#release?.();
        this.server?.forget(this);
      });
    });
  }

  protected override closeArguments(): unknown[] {
    return [this.#hadError];
  }

  resetAndDestroy(): this {
    if (this.#id === undefined) {
      this.destroy(coded('Socket is closed', 'ERR_SOCKET_CLOSED'));
      return this;
    }
    if (this.connecting) this.once('connect', () => this.resetAndDestroy());
    else {
      this.#resetting = true;
      this.destroy();
    }
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  setTimeout(ms: number, done?: Listener): this {
    if (typeof ms !== 'number') {
      throw invalidType(`The "msecs" argument must be of type number. Received ${typeof ms}`);
    }
    this.timeout = ms;
    if (done) {
      if (ms === 0) this.off('timeout', done);
      else this.once('timeout', done);
    }
    this.#touch();
    return this;
  }

  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    if (!this.destroyed && this.#id !== undefined) this.#release ??= this.#net.host.hold();
    return this;
  }
  unref(): this {
    this.#release?.();
    this.#release = undefined;
    return this;
  }

  #open(id: number): void {
    this.#id = id;
    this.#release = this.#net.host.hold();
    this.#net.connections.set(id, this);
  }

  /** Starts the idle time anew: any byte, either way, is activity. */
  #touch(): void {
    clearTimeout(this.#timer);
    if (!this.timeout || this.destroyed) return;
    this.#timer = setTimeout(() => {
      if (!this.destroyed) this.emit('timeout');
    }, this.timeout);
    (this.#timer as { unref?(): void }).unref?.();
  }

  /**
   * Reads while more is wanted. As libuv does, a read that fills its buffer is followed by the next one at once, before
   * anything that waits for the next turn; what a read has set going by promises is done before the next.
   */
  #readOn(): void {
    if (this.#isReadQueued || !this.#mayRead) return;
    this.#isReadQueued = true;
    let count = 0;
    this.#net.host.turns.add(() => {
      let length = 0;
      this.#net.host.run(() => {
        length = this.#readOnce();
      });
      count += 1;
      if (length === MAX_READ_BYTES && count < MAX_READS_A_TURN && this.#mayRead) return true;
      this.#isReadQueued = false;
      this.#readOn();
      return false;
    });
  }

  get #mayRead(): boolean {
    return this.#isReading && !this.destroyed && !this.#arrived.isEmpty;
  }

  /** @returns how many bytes it brought. */
  #readOnce(): number {
    if (!this.#mayRead) return 0;
    if (this.#arrived.first === 'reset') {
      this.#fail('read');
      return 0;
    }
    const read = this.#arrived.read() as Uint8Array | 'fin';
    this.#touch();
    if (read === 'fin') {
      this.#isReading = false;
      this.push(null);
      // As Node does, so that the end is seen although nobody reads.
      this.read(0);
      return 0;
    }
    this.bytesRead += read.length;
    this.#unsaid += read.length;
    // Not for every read: a window that opens by little bits is filled by little bits (RFC 9293 §3.8.6.2.2).
    if (this.#unsaid >= RECEIVE_BUFFER_BYTES / 2) this.tellRead();
    this.#isReading = this.push(bytesOf(read));
    return read.length;
  }

  #writeOn(): void {
    const write = this.#write;
    if (!write || this.connecting || this.destroyed || this.#id === undefined) return;
    const count = Math.min(this.#sendRoom, write.rest.length);
    if (count > 0) {
      // A copy, as its owner may use the memory again.
      this.#departing.push(new Uint8Array(write.rest.subarray(0, count)));
      this.#net.departSoon(this);
      this.#sendRoom -= count;
      this.#sent += count;
      write.rest = write.rest.subarray(count);
      this.#touch();
    }
    if (write.rest.length > 0) return;
    this.#write = undefined;
    write.done();
  }

  /** Tells the network how much was read. */
  tellRead(): void {
    if (this.#unsaid > 0 && this.#id !== undefined)
      this.#net.host.send({ op: 'read', id: this.#id, count: this.#unsaid });
    this.#unsaid = 0;
  }

  /** Hands to the network what was written. */
  depart(): void {
    if (this.#departing.length === 0 || this.#id === undefined) return;
    const bytes = joined(this.#departing);
    this.#departing = [];
    this.#net.host.send({ op: 'data', id: this.#id, bytes });
  }

  #fail(call: 'read' | 'write'): void {
    const error = systemError(call, 'ECONNRESET');
    const write = this.#write;
    this.#write = undefined;
    if (write) write.done(error);
    else this.destroy(error);
  }
}
