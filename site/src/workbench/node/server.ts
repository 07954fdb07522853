import { EventEmitter, type Listener } from './events.ts';
import type { Address, FromNetwork } from './link.ts';
import { checkedPort, listenArguments, type ServerOptions } from './net-arguments.ts';
import type { NetProcess } from './net-process.ts';
import type { Socket } from './socket.ts';
import { coded } from './stream-errors.ts';
import { systemError } from './system-error.ts';

/** What listens at a port, as `node:net` has it. */
export class Server extends EventEmitter {
  listening = false;
  maxConnections: number | undefined;
  readonly #options: ServerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #net: NetProcess;
  #id: number | undefined;
  #address: (Address & { readonly family: 'IPv4' }) | null = null;
  #isClosing = false;
  #release: (() => void) | undefined;
  #host = '0.0.0.0';
  #port = 0;

  constructor(net: NetProcess, first?: ServerOptions | Listener, second?: Listener) {
    super();
    this.#net = net;
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
    this.#id = this.#net.nextId();
    this.#isClosing = false;
    this.#host = options.host ?? '0.0.0.0';
    this.#release = this.#net.host.hold();
    this.#net.servers.set(this.#id, this);
    this.#port = port;
    this.#net.host.send({ op: 'listen', id: this.#id, host: this.#host, port });
    options.signal?.addEventListener('abort', () => this.close());
    return this;
  }

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
      const error = systemError('listen', code, where);
      this.emit('error', Object.assign(error, { address: this.#host, port: this.#port }));
    } else this.#accept(message);
  }

  #accept({ id, local, remote }: Extract<FromNetwork, { op: 'accepted' }>): void {
    if (this.#id === undefined) {
      this.#net.host.send({ op: 'reset', id });
      return;
    }
    if (this.maxConnections !== undefined && this.#sockets.size >= this.maxConnections) {
      this.#net.host.send({ op: 'close', id, unread: false });
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
    const socket = this.#net.newSocket(this.#options).accepted(id, local, remote);
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
    if (this.#id !== undefined) this.#release ??= this.#net.host.hold();
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
    this.#net.host.send({ op: 'stop-listening', id: this.#id });
    this.#net.servers.delete(this.#id);
    this.#id = undefined;
    this.listening = false;
    this.#address = null;
    const release = this.#release;
    this.#release = undefined;
    this.#net.nextTurn(() => release?.());
  }

  #closeIfDone(): void {
    if (!this.#isClosing || this.#sockets.size > 0) return;
    this.#isClosing = false;
    const release = this.#net.host.hold();
    this.#net.nextTurn(() => {
      release();
      this.emit('close');
    });
  }
}
