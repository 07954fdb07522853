/**
 * A stream with a readable and a writable side that keep Node's rules: flowing and paused, high-water marks and `drain`,
 * `end` and `finish`, half-open and `close`. Simplified: bytes and text alone, no object mode, no `writev`.
 */
import { NodeBuffer } from './buffer.ts';
import { EventEmitter, type EventName, invalidType, type Listener } from './events.ts';

export type Done = (error?: Error | null) => void;
type Chunk = Uint8Array | string;

export interface DuplexOptions {
  readonly allowHalfOpen?: boolean;
  readonly highWaterMark?: number;
  readonly readableHighWaterMark?: number;
  readonly writableHighWaterMark?: number;
  readonly encoding?: string;
  readonly emitClose?: boolean;
  readonly autoDestroy?: boolean;
  readonly readable?: boolean;
  readonly writable?: boolean;
  readonly decodeStrings?: boolean;
  read?(this: Duplex, size: number): void;
  write?(this: Duplex, chunk: NodeBuffer, encoding: string, done: Done): void;
  final?(this: Duplex, done: Done): void;
  destroy?(this: Duplex, error: Error | null, done: Done): void;
}

interface Pending {
  readonly chunk: NodeBuffer;
  readonly done: Done | undefined;
}

const HIGH_WATER_MARK = 65_536;

export class Duplex extends EventEmitter {
  allowHalfOpen: boolean;
  destroyed = false;
  closed = false;
  errored: Error | null = null;
  readonly readableHighWaterMark: number;
  readonly writableHighWaterMark: number;
  readableEncoding: string | null = null;
  readableFlowing: boolean | null = null;
  /** `end` has been emitted. */
  readableEnded = false;
  writableEnded = false;
  /** `finish` has been emitted. */
  writableFinished = false;
  writableLength = 0;
  writableNeedDrain = false;
  writableCorked = 0;
  readonly #hasReadable: boolean;
  readonly #hasWritable: boolean;
  readonly #autoDestroy: boolean;
  #buffer: Chunk[] = [];
  #decoder: TextDecoder | undefined;
  readableLength = 0;
  /** Nothing more will be pushed. */
  #sourceEnded = false;
  #reading = false;
  #flowQueued = false;
  #readableQueued = false;
  #endQueued = false;
  #pipes: { readonly to: Duplex; readonly undo: () => void }[] = [];
  #queue: Pending[] = [];
  #current: Pending | undefined;
  #finishing: 'no' | 'under way' | 'done' = 'no';

  constructor(options: DuplexOptions = {}) {
    super();
    const { allowHalfOpen = true, highWaterMark = HIGH_WATER_MARK, readable = true, writable = true } = options;
    this.allowHalfOpen = allowHalfOpen;
    this.readableHighWaterMark = options.readableHighWaterMark ?? highWaterMark;
    this.writableHighWaterMark = options.writableHighWaterMark ?? highWaterMark;
    this.#hasReadable = readable;
    this.#hasWritable = writable;
    this.#autoDestroy = options.autoDestroy ?? true;
    if (options.read) this._read = options.read;
    if (options.write) this._write = options.write;
    if (options.final) this._final = options.final;
    if (options.destroy) this._destroy = options.destroy;
    if (options.encoding) this.setEncoding(options.encoding);
  }

  _read(_size: number): void {}
  _write(_chunk: NodeBuffer, _encoding: string, done: Done): void {
    done();
  }
  _final(done: Done): void {
    done();
  }
  _destroy(error: Error | null, done: Done): void {
    done(error);
  }
  /** What `close` carries. */
  protected closeArguments(): unknown[] {
    return [];
  }

  get readable(): boolean {
    return this.#hasReadable && !this.destroyed && !this.readableEnded && !this.errored;
  }

  get writable(): boolean {
    return this.#hasWritable && !this.destroyed && !this.writableEnded && !this.errored;
  }

  get readableAborted(): boolean {
    return this.#hasReadable && (this.destroyed || this.errored !== null) && !this.readableEnded;
  }

  get readableDidRead(): boolean {
    return this.readableFlowing !== null;
  }

  // The readable side

  /** Takes what the source has; null ends it. @returns whether more is welcome. */
  push(given: Chunk | null): boolean {
    this.#reading = false;
    if (this.destroyed || this.#sourceEnded) return false;
    if (given === null) {
      this.#sourceEnded = true;
      this.#keep(this.#decoder?.decode() ?? '');
      this.#announce();
      return false;
    }
    const bytes = typeof given === 'string' ? NodeBuffer.from(given) : asBuffer(given);
    const chunk: Chunk = this.#decoder ? this.#decoder.decode(bytes, { stream: true }) : bytes;
    if (chunk.length === 0) return this.#isHungry();
    if (this.readableFlowing && this.readableLength === 0 && this.listenerCount('data') > 0) {
      this.emit('data', chunk);
      this.#flowSoon();
    } else {
      this.#keep(chunk);
      this.#announce();
    }
    return this.#isHungry();
  }

  unshift(chunk: Chunk): void {
    this.#buffer.unshift(chunk);
    this.readableLength += chunk.length;
    this.#announce();
  }

  /** Takes `size` bytes, or all that there are; null when there are not so many. */
  read(size?: number): Chunk | null {
    if (size === 0) {
      this.#ask();
      this.#endIfDrained();
      return null;
    }
    const isShort = size !== undefined && size > this.readableLength;
    if (this.readableLength === 0 || (isShort && !this.#sourceEnded)) {
      this.#ask();
      this.#endIfDrained();
      return null;
    }
    const taken = this.#take(isShort || size === undefined ? this.readableLength : size);
    this.#ask();
    this.emit('data', taken);
    this.#endIfDrained();
    return taken;
  }

  resume(): this {
    if (this.readableFlowing !== true) {
      this.readableFlowing = this.listenerCount('readable') === 0;
      this.emit('resume');
      this.#flowSoon();
    }
    return this;
  }

  pause(): this {
    if (this.readableFlowing !== false) {
      this.readableFlowing = false;
      this.emit('pause');
    }
    return this;
  }

  isPaused(): boolean {
    return this.readableFlowing === false;
  }

  setEncoding(encoding = 'utf8'): this {
    this.readableEncoding = encoding.toLowerCase() === 'utf-8' ? 'utf8' : encoding.toLowerCase();
    const label = { utf8: 'utf-8', latin1: 'latin1', ascii: 'latin1' }[this.readableEncoding] ?? this.readableEncoding;
    this.#decoder = new TextDecoder(label, { ignoreBOM: true });
    const before = this.#buffer;
    this.#buffer = [];
    this.readableLength = 0;
    for (const chunk of before) {
      this.#keep(typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true }));
    }
    return this;
  }

  override on(name: EventName, listener: Listener): this {
    super.on(name, listener);
    this.#heardOf(name);
    return this;
  }

  override once(name: EventName, listener: Listener): this {
    super.once(name, listener);
    this.#heardOf(name);
    return this;
  }

  override off(name: EventName, listener: Listener): this {
    super.off(name, listener);
    if (name === 'readable' && this.listenerCount('readable') === 0 && this.listenerCount('data') > 0) this.resume();
    return this;
  }

  pipe<D extends Duplex>(to: D, { end = true }: { readonly end?: boolean } = {}): D {
    const onData = (chunk: Chunk) => {
      if (!to.write(chunk)) this.pause();
    };
    const onDrain = () => this.resume();
    const onEnd = () => {
      if (end) to.end();
    };
    const undo = () => {
      this.off('data', onData);
      this.off('end', onEnd);
      to.off('drain', onDrain);
    };
    this.#pipes.push({ to, undo });
    to.on('drain', onDrain);
    to.once('close', () => this.unpipe(to));
    this.once('end', onEnd);
    to.emit('pipe', this);
    this.on('data', onData);
    this.resume();
    return to;
  }

  unpipe(to?: Duplex): this {
    const [gone, rest] = [this.#pipes.filter((p) => !to || p.to === to), this.#pipes.filter((p) => to && p.to !== to)];
    this.#pipes = rest;
    for (const pipe of gone) {
      pipe.undo();
      pipe.to.emit('unpipe', this);
    }
    if (gone.length > 0 && rest.length === 0) this.pause();
    return this;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Chunk> {
    return this.#iterate(true);
  }

  iterator({ destroyOnReturn = true }: { readonly destroyOnReturn?: boolean } = {}): AsyncGenerator<Chunk> {
    return this.#iterate(destroyOnReturn);
  }

  async *#iterate(destroyOnReturn: boolean): AsyncGenerator<Chunk> {
    let wake = () => {};
    const onEvent = () => wake();
    const events = ['readable', 'end', 'error', 'close'];
    for (const name of events) this.on(name, onEvent);
    let completed = false;
    try {
      for (;;) {
        const chunk = this.destroyed ? null : this.read();
        if (chunk !== null) {
          yield chunk;
          continue;
        }
        if (this.errored) throw this.errored;
        if (this.readableEnded) break;
        if (this.closed || this.destroyed) throw prematureClose();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      completed = true;
    } catch (error) {
      completed = true;
      this.destroy(error as Error);
      throw error;
    } finally {
      for (const name of events) this.off(name, onEvent);
      if (!completed && destroyOnReturn) this.destroy();
    }
  }

  #heardOf(name: EventName): void {
    if (name === 'data') {
      if (this.readableFlowing !== false && this.listenerCount('readable') === 0) this.resume();
    } else if (name === 'readable') {
      this.readableFlowing = false;
      if (this.readableLength > 0 || this.#sourceEnded) this.#announce();
      else queueMicrotask(() => this.#ask());
    }
  }

  #isHungry(): boolean {
    return !this.#sourceEnded && this.readableLength < this.readableHighWaterMark;
  }

  #keep(chunk: Chunk): void {
    if (chunk.length === 0) return;
    this.#buffer.push(chunk);
    this.readableLength += chunk.length;
  }

  #take(size: number): Chunk {
    const taken: Chunk[] = [];
    let left = size;
    while (left > 0) {
      const chunk = this.#buffer[0] as Chunk;
      if (chunk.length <= left) this.#buffer.shift();
      else this.#buffer[0] = chunk.slice(left);
      taken.push(chunk.length <= left ? chunk : chunk.slice(0, left));
      left -= Math.min(left, chunk.length);
    }
    this.readableLength -= size;
    if (taken.length === 1) return taken[0] as Chunk;
    return typeof taken[0] === 'string' ? taken.join('') : NodeBuffer.concat(taken as Uint8Array[]);
  }

  /** Asks the source for more, unless it has been asked or enough is here. */
  #ask(): void {
    if (this.#reading || this.destroyed || !this.#hasReadable || !this.#isHungry()) return;
    this.#reading = true;
    this._read(this.readableHighWaterMark);
  }

  /** Tells whoever reads that there is something, or that the end has come. */
  #announce(): void {
    if (this.readableFlowing === true) this.#flowSoon();
    if (this.listenerCount('readable') === 0 || this.#readableQueued) return;
    this.#readableQueued = true;
    queueMicrotask(() => {
      this.#readableQueued = false;
      if (this.destroyed) return;
      if (this.readableLength > 0 || this.#sourceEnded) this.emit('readable');
      if (this.readableLength === 0) this.#endIfDrained();
    });
  }

  #flowSoon(): void {
    if (this.#flowQueued) return;
    this.#flowQueued = true;
    queueMicrotask(() => {
      this.#flowQueued = false;
      while (this.readableFlowing === true && !this.destroyed) {
        const chunk = this.#buffer.shift();
        if (chunk === undefined) break;
        this.readableLength -= chunk.length;
        this.emit('data', chunk);
      }
      if (this.readableFlowing !== true) return;
      this.#ask();
      this.#endIfDrained();
    });
  }

  #endIfDrained(): void {
    if (!this.#sourceEnded || this.readableLength > 0 || this.#endQueued) return;
    this.#endQueued = true;
    queueMicrotask(() => {
      if (this.destroyed || this.errored) return;
      this.readableEnded = true;
      this.emit('end');
      if (this.#hasWritable && !this.allowHalfOpen && !this.writableEnded) this.end();
      this.#destroyIfDone();
    });
  }

  // The writable side

  /** @returns false from the high-water mark on: `drain` says when to go on. */
  write(given: Chunk, second?: string | Done, third?: Done): boolean {
    const done = typeof second === 'function' ? second : third;
    const chunk = bytesOf(given, typeof second === 'string' ? second : 'utf8');
    const refused = this.writableEnded
      ? coded('write after end', 'ERR_STREAM_WRITE_AFTER_END')
      : this.destroyed
        ? coded('Cannot call write after a stream was destroyed', 'ERR_STREAM_DESTROYED')
        : undefined;
    if (refused) {
      queueMicrotask(() => done?.(refused));
      this.destroy(refused);
      return false;
    }
    this.writableLength += chunk.length;
    this.#queue.push({ chunk, done });
    const hasRoom = this.writableLength < this.writableHighWaterMark;
    if (!hasRoom) this.writableNeedDrain = true;
    this.#writeNext();
    return hasRoom && !this.errored && !this.destroyed;
  }

  end(first?: Chunk | Done | null, second?: string | Done, third?: Done): this {
    const done = [first, second, third].find((given) => typeof given === 'function');
    if (first !== undefined && first !== null && typeof first !== 'function') {
      this.write(first, typeof second === 'string' ? second : undefined);
    }
    this.writableCorked = 0;
    const wasEnded = this.writableEnded;
    if (!wasEnded && !this.destroyed) {
      this.writableEnded = true;
      this.#writeNext();
      this.#finishIfDone();
    }
    if (done) {
      if (this.writableFinished)
        queueMicrotask(() => done(wasEnded ? coded('already finished', 'ERR_STREAM_ALREADY_FINISHED') : null));
      else this.#whenOver(done);
    }
    return this;
  }

  cork(): void {
    this.writableCorked += 1;
  }

  uncork(): void {
    if (this.writableCorked > 0) this.writableCorked -= 1;
    this.#writeNext();
  }

  setDefaultEncoding(): this {
    return this;
  }

  #whenOver(done: Done): void {
    const settle = (error?: Error | null) => {
      this.off('finish', onFinish);
      this.off('close', onClose);
      done(error);
    };
    const onFinish = () => settle();
    const onClose = () => settle(this.errored ?? prematureClose());
    this.once('finish', onFinish);
    this.once('close', onClose);
  }

  #writeNext(): void {
    while (!this.#current && this.writableCorked === 0 && !this.destroyed) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#current = next;
      let isSync = true;
      let called = false;
      this._write(next.chunk, 'buffer', (error) => {
        if (called) return;
        called = true;
        this.#written(next, error ?? undefined, isSync);
      });
      isSync = false;
      if (!called) return;
    }
  }

  #written(write: Pending, error: Error | undefined, isSync: boolean): void {
    if (this.#current === write) this.#current = undefined;
    if (this.destroyed && !error) {
      queueMicrotask(() => write.done?.(destroyedError()));
      return;
    }
    this.writableLength -= write.chunk.length;
    if (error) {
      queueMicrotask(() => write.done?.(error));
      this.destroy(error);
      return;
    }
    const after = () => {
      if (this.writableNeedDrain && this.writableLength === 0 && !this.destroyed && !this.writableEnded) {
        this.writableNeedDrain = false;
        this.emit('drain');
      }
      write.done?.(null);
      this.#finishIfDone();
    };
    if (isSync) queueMicrotask(after);
    else {
      this.#writeNext();
      after();
    }
  }

  #finishIfDone(): void {
    const isDone = this.writableEnded && this.writableLength === 0 && !this.#current;
    if (!isDone || this.#finishing !== 'no' || this.destroyed) return;
    this.#finishing = 'under way';
    this._final((error) => {
      if (error) {
        this.destroy(error);
        return;
      }
      queueMicrotask(() => {
        if (this.destroyed || this.#finishing === 'done') return;
        this.#finishing = 'done';
        this.writableFinished = true;
        this.emit('finish');
        this.#destroyIfDone();
      });
    });
  }

  // Both sides

  destroy(error?: Error | null): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    if (error) this.errored = error;
    const unwritten = this.#current ? [this.#current, ...this.#queue] : this.#queue;
    this.#queue = [];
    this.#current = undefined;
    this._destroy(error ?? null, (later) => {
      const reason = later ?? error ?? null;
      if (reason) this.errored = reason;
      queueMicrotask(() => {
        for (const { done } of unwritten) done?.(reason ?? destroyedError());
        this.closed = true;
        try {
          if (reason) this.emit('error', reason);
        } finally {
          this.emit('close', ...this.closeArguments());
        }
      });
    });
    return this;
  }

  #destroyIfDone(): void {
    const isReadDone = !this.#hasReadable || this.readableEnded;
    const isWriteDone = !this.#hasWritable || this.writableFinished;
    if (this.#autoDestroy && isReadDone && isWriteDone) this.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.closed) return;
    const closed = new Promise<void>((resolve) => super.once('close', () => resolve()));
    if (!this.destroyed) {
      this.on('error', () => {});
      this.destroy();
    }
    await closed;
  }
}

export function bytesOf(given: unknown, encoding = 'utf8'): NodeBuffer {
  if (typeof given === 'string') return NodeBuffer.from(given, encoding);
  if (given instanceof Uint8Array) return asBuffer(given);
  throw invalidType(
    `The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${given === null ? 'null' : typeof given}`,
  );
}

function asBuffer(bytes: Uint8Array): NodeBuffer {
  if (bytes instanceof NodeBuffer) return bytes;
  return new NodeBuffer(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
}

export function coded(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

export function prematureClose(): Error {
  return coded('Premature close', 'ERR_STREAM_PREMATURE_CLOSE');
}

function destroyedError(): Error {
  return coded('Cannot call write after a stream was destroyed', 'ERR_STREAM_DESTROYED');
}
