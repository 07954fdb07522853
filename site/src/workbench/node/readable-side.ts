/**
 * The readable side of a stream, by Node's rules: flowing and paused, the high-water mark, `read`, `pipe` and iteration.
 * What ends or breaks the stream as a whole is its other half's affair; see duplex.ts.
 */
import { NodeBuffer } from './buffer.ts';
import type { Duplex } from './duplex.ts';
import { EventEmitter, type EventName, type Listener } from './events.ts';
import { asBuffer, type Chunk } from './stream-chunk.ts';
import { prematureClose } from './stream-errors.ts';

export const HIGH_WATER_MARK = 65_536;

export interface ReadableOptions {
  readonly highWaterMark?: number;
  readonly readableHighWaterMark?: number;
  readonly encoding?: string;
  readonly readable?: boolean;
}

export abstract class ReadableSide extends EventEmitter {
  destroyed = false;
  closed = false;
  errored: Error | null = null;
  readonly readableHighWaterMark: number;
  readableEncoding: string | null = null;
  readableFlowing: boolean | null = null;
  /** `end` has been emitted. */
  readableEnded = false;
  readableLength = 0;
  protected readonly hasReadable: boolean;
  #buffer: Chunk[] = [];
  #decoder: TextDecoder | undefined;
  /** Nothing more will be pushed. */
  #sourceEnded = false;
  #reading = false;
  #flowQueued = false;
  #readableQueued = false;
  #endQueued = false;
  #pipes: { readonly to: Duplex; readonly undo: () => void }[] = [];

  constructor({ highWaterMark = HIGH_WATER_MARK, readableHighWaterMark, encoding, readable = true }: ReadableOptions) {
    super();
    this.readableHighWaterMark = readableHighWaterMark ?? highWaterMark;
    this.hasReadable = readable;
    if (encoding) this.setEncoding(encoding);
  }

  _read(_size: number): void {}
  abstract destroy(error?: Error | null): this;
  /** `end` has been emitted. */
  protected abstract afterEnd(): void;

  get readable(): boolean {
    return this.hasReadable && !this.destroyed && !this.readableEnded && !this.errored;
  }

  get readableAborted(): boolean {
    return this.hasReadable && (this.destroyed || this.errored !== null) && !this.readableEnded;
  }

  get readableDidRead(): boolean {
    return this.readableFlowing !== null;
  }

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
    if (this.#reading || this.destroyed || !this.hasReadable || !this.#isHungry()) return;
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
      this.afterEnd();
    });
  }
}
