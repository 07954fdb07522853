/**
 * `node:net` over a network in memory: `Server`, `Socket` and what makes them. Simplified: TCP alone, no pipes, no
 * lookup of names, no options of the socket that only a kernel has.
 */
import { Arrivals } from './arrivals.ts';
import type { NodeBuffer } from './buffer.ts';
import { bytesOf, coded, type Done, Duplex, type DuplexOptions } from './duplex.ts';
import { EventEmitter, type Listener as EventListener, invalidType } from './events.ts';
import {
  type Address,
  type FromNetwork,
  joined,
  MAX_READ_BYTES,
  MAX_READS_A_TURN,
  RECEIVE_BUFFER_BYTES,
  SEND_BUFFER_BYTES,
  type ToNetwork,
} from './link.ts';
import type { Turns } from './turns.ts';

/** What the code of one process has around it. */
export interface NetHost {
  send(message: ToNetwork): void;
  /** Calls back for what the network brings; what it throws is the process's own affair. */
  run(work: () => void): void;
  /** Of its loop: reads, and what waits for its next turn. */
  readonly turns: Turns;
  /** A socket that is open keeps its process going until it is let go. */
  hold(): () => void;
}

interface SocketOptions extends DuplexOptions {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
}

interface ConnectOptions extends SocketOptions {
  readonly port?: number | string;
  readonly host?: string;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

interface ServerOptions extends SocketOptions {
  readonly pauseOnConnect?: boolean;
}

interface ListenOptions {
  readonly port?: number | string;
  readonly host?: string;
  readonly backlog?: number;
  readonly signal?: AbortSignal;
}

type FromConnection = Exclude<FromNetwork, { op: 'listening' | 'accepted' }>;

/** A turn that takes longer than this is heard of before it ends. */
const MAX_WAIT_MS = 5;
const SAID: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  ECONNRESET: 'connection reset by peer',
};

export interface Net {
  /** What stands for `node:net`. */
  readonly module: Readonly<Record<string, unknown>>;
  readonly connect: (...given: unknown[]) => Duplex;
  receive(message: FromNetwork): void;
  /** The process is about to end: the network learns of all that was read and written. */
  settle(): void;
}

export function createNet(host: NetHost): Net {
  const connections = new Map<number, Socket>();
  const servers = new Map<number, Server>();
  /** Sockets that have written in this turn: what they wrote travels together, as it would in a kernel's buffer. */
  const writers = new Set<Socket>();
  let writingSince = 0;
  const departAll = () => {
    const all = [...writers];
    writers.clear();
    for (const each of all) each.depart();
  };
  const departSoon = (socket: Socket) => {
    const now = performance.now();
    if (writers.size === 0) {
      writingSince = now;
      queueMicrotask(departAll);
    }
    writers.add(socket);
    if (now - writingSince > MAX_WAIT_MS) departAll();
  };
  const nextTurn = (work: () => void) => void host.turns.next(() => host.run(work));
  let lastChosen = 0;
  const nextId = () => {
    lastChosen -= 1;
    return lastChosen;
  };

  class Socket extends Duplex {
    connecting = false;
    bytesRead = 0;
    timeout: number | undefined;
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

    constructor(options: SocketOptions = {}) {
      super({ ...options, allowHalfOpen: options.allowHalfOpen ?? false });
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
      this.#open(nextId());
      host.send({ op: 'connect', id: this.#id ?? 0, host: options.host ?? 'localhost', port });
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
      if (this.#id !== undefined) host.send({ op: 'fin', id: this.#id });
      done();
    }

    override _destroy(error: Error | null, done: Done): void {
      this.#hadError = error !== null;
      this.connecting = false;
      clearTimeout(this.#timer);
      if (this.#id !== undefined) {
        connections.delete(this.#id);
        const unread = typeof this.#arrived.first === 'object';
        if (!this.#isReset) {
          this.depart();
          host.send(this.#resetting ? { op: 'reset', id: this.#id } : { op: 'close', id: this.#id, unread });
        }
      }
      // A handle's `close` comes with the next turn of the loop, not within this one.
      nextTurn(() => {
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

    setTimeout(ms: number, done?: EventListener): this {
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
      if (!this.destroyed && this.#id !== undefined) this.#release ??= host.hold();
      return this;
    }
    unref(): this {
      this.#release?.();
      this.#release = undefined;
      return this;
    }

    #open(id: number): void {
      this.#id = id;
      this.#release = host.hold();
      connections.set(id, this);
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
      host.turns.add(() => {
        let length = 0;
        host.run(() => {
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
        departSoon(this);
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
      if (this.#unsaid > 0 && this.#id !== undefined) host.send({ op: 'read', id: this.#id, count: this.#unsaid });
      this.#unsaid = 0;
    }

    /** Hands to the network what was written. */
    depart(): void {
      if (this.#departing.length === 0 || this.#id === undefined) return;
      const bytes = joined(this.#departing);
      this.#departing = [];
      host.send({ op: 'data', id: this.#id, bytes });
    }

    #fail(call: 'read' | 'write'): void {
      const error = systemError(call, 'ECONNRESET');
      const write = this.#write;
      this.#write = undefined;
      if (write) write.done(error);
      else this.destroy(error);
    }
  }

  class Server extends EventEmitter {
    listening = false;
    maxConnections: number | undefined;
    readonly #options: ServerOptions;
    readonly #sockets = new Set<Socket>();
    #id: number | undefined;
    #address: (Address & { readonly family: 'IPv4' }) | null = null;
    #isClosing = false;
    #release: (() => void) | undefined;
    #host = LOOPBACK;

    constructor(first?: ServerOptions | EventListener, second?: EventListener) {
      super();
      const onConnection = typeof first === 'function' ? first : second;
      this.#options = typeof first === 'object' ? first : {};
      if (onConnection) this.on('connection', onConnection);
    }

    listen(...given: unknown[]): this {
      if (this.#id !== undefined) {
        throw coded('Listen method has been called more than once without closing.', 'ERR_SERVER_ALREADY_LISTEN');
      }
      const { options, done } = listenArguments(given);
      const port = checkedPort(options.port ?? 0, 'options.port');
      if (done) this.once('listening', done);
      this.#id = nextId();
      this.#isClosing = false;
      this.#host = options.host ?? '0.0.0.0';
      this.#release = host.hold();
      servers.set(this.#id, this);
      this.#port = port;
      host.send({ op: 'listen', id: this.#id, host: this.#host, port });
      options.signal?.addEventListener('abort', () => this.close());
      return this;
    }
    #port = 0;

    hear(message: Extract<FromNetwork, { op: 'listening' | 'accepted' | 'refused' }>): void {
      if (message.op === 'listening') {
        if (this.#id === undefined) return;
        this.listening = true;
        this.#address = { address: this.#host, family: 'IPv4', port: message.port };
        this.emit('listening');
      } else if (message.op === 'refused') {
        this.#stop();
        const { code } = message;
        const where = `${this.#host}:${this.#port}`;
        const error = systemError('listen', code, `${code}: ${SAID[code] ?? 'failed'} ${where}`);
        this.emit('error', Object.assign(error, { address: this.#host, port: this.#port }));
      } else this.#accept(message);
    }

    #accept({ id, local, remote }: Extract<FromNetwork, { op: 'accepted' }>): void {
      if (this.#id === undefined) {
        host.send({ op: 'reset', id });
        return;
      }
      if (this.maxConnections !== undefined && this.#sockets.size >= this.maxConnections) {
        host.send({ op: 'close', id, unread: false });
        this.emit('drop', {
          localAddress: local.address,
          localPort: local.port,
          localFamily: 'IPv4',
          remoteAddress: remote.address,
          remotePort: remote.port,
          remoteFamily: 'IPv4',
        });
        return;
      }
      const socket = new Socket(this.#options).accepted(id, local, remote);
      socket.server = this;
      this.#sockets.add(socket);
      if (this.#options.pauseOnConnect) socket.pause();
      else socket.read(0);
      this.emit('connection', socket);
    }

    forget(socket: Socket): void {
      this.#sockets.delete(socket);
      this.#closeIfDone();
    }

    close(done?: (error?: Error) => void): this {
      if (done) {
        if (this.#id === undefined)
          this.once('close', () => done(coded('Server is not running.', 'ERR_SERVER_NOT_RUNNING')));
        else this.once('close', done);
      }
      this.#stop();
      this.#isClosing = true;
      this.#closeIfDone();
      return this;
    }

    address(): object | null {
      return this.#address;
    }

    getConnections(done: (error: Error | null, count: number) => void): this {
      queueMicrotask(() => done(null, this.#sockets.size));
      return this;
    }

    ref(): this {
      if (this.#id !== undefined) this.#release ??= host.hold();
      return this;
    }
    unref(): this {
      this.#release?.();
      this.#release = undefined;
      return this;
    }

    async [Symbol.asyncDispose](): Promise<void> {
      if (this.#id === undefined) return;
      await new Promise<void>((resolve) => this.close(() => resolve()));
    }

    #stop(): void {
      if (this.#id === undefined) return;
      host.send({ op: 'stop-listening', id: this.#id });
      servers.delete(this.#id);
      this.#id = undefined;
      this.listening = false;
      this.#address = null;
      const release = this.#release;
      this.#release = undefined;
      nextTurn(() => release?.());
    }

    #closeIfDone(): void {
      if (!this.#isClosing || this.#sockets.size > 0) return;
      this.#isClosing = false;
      const release = host.hold();
      nextTurn(() => {
        release();
        this.emit('close');
      });
    }
  }

  const connect = (...given: unknown[]): Socket => {
    const { options } = connectArguments(given);
    return new Socket(options).connect(...given);
  };
  const createServer = (first?: ServerOptions | EventListener, second?: EventListener) => new Server(first, second);

  const receive = (message: FromNetwork): void => {
    host.run(() => {
      if (message.op === 'accepted') {
        const server = servers.get(message.listener);
        if (server) server.hear(message);
        else host.send({ op: 'reset', id: message.id });
      } else if (message.op === 'listening') servers.get(message.id)?.hear(message);
      else if (message.op === 'refused' && servers.has(message.id)) servers.get(message.id)?.hear(message);
      else if (connections.has(message.id)) connections.get(message.id)?.hear(message);
      else if (message.op === 'connected') host.send({ op: 'close', id: message.id, unread: false });
    });
  };
  const isIPv4 = (text: string) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
  const isIPv6 = (text: string) => text.includes(':') && URL.canParse(`http://[${text.replace(/%.*/, '')}]`);
  const module = {
    Socket,
    Stream: Socket,
    Server,
    createServer,
    connect,
    createConnection: connect,
    isIPv4,
    isIPv6,
    isIP: (text: string) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0),
  };
  const settle = (): void => {
    for (const socket of connections.values()) {
      socket.tellRead();
      socket.depart();
    }
  };
  return { module, connect, receive, settle };
}

const LOOPBACK = '127.0.0.1';

function connectArguments(given: readonly unknown[]): {
  readonly options: ConnectOptions;
  readonly done: EventListener | undefined;
} {
  const [first, second] = given;
  const done = given.find((each): each is EventListener => typeof each === 'function');
  if (typeof first === 'object' && first !== null) return { options: first as ConnectOptions, done };
  return { options: { port: first as number, ...(typeof second === 'string' ? { host: second } : {}) }, done };
}

function listenArguments(given: readonly unknown[]): {
  readonly options: ListenOptions;
  readonly done: EventListener | undefined;
} {
  const [first, second] = given;
  const done = given.find((each): each is EventListener => typeof each === 'function');
  if (typeof first === 'object' && first !== null) return { options: first as ListenOptions, done };
  const port = typeof first === 'function' ? undefined : (first as number | undefined);
  return {
    options: { ...(port === undefined ? {} : { port }), ...(typeof second === 'string' ? { host: second } : {}) },
    done,
  };
}

/** @throws RangeError as Node does for a port that cannot be. */
function checkedPort(port: unknown, name: string): number {
  const value = typeof port === 'string' && port.trim() !== '' ? Number(port) : port;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  const what = typeof port === 'string' ? `type string ('${port}')` : `type ${typeof port} (${String(port)})`;
  throw Object.assign(new RangeError(`${name} should be >= 0 and < 65536. Received ${what}.`), {
    code: 'ERR_SOCKET_BAD_PORT',
  });
}

function systemError(syscall: string, code: string, said = code): Error {
  return Object.assign(new Error(`${syscall} ${said}`), { code, syscall, errno: -1 });
}
