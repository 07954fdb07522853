/**
 * A stream with a readable and a writable side that keep Node's rules: high-water marks and `drain`, `end` and `finish`,
 * half-open and `close`. Simplified: bytes and text alone, no object mode, no `writev`.
 */
import type { NodeBuffer } from './buffer.ts';
import { HIGH_WATER_MARK, type ReadableOptions, ReadableSide } from './readable-side.ts';
import { bytesOf, type Chunk } from './stream-chunk.ts';
import { coded, destroyedError, prematureClose } from './stream-errors.ts';

export type Done = (error?: Error | null) => void;

export interface DuplexOptions extends ReadableOptions {
  readonly allowHalfOpen?: boolean;
  readonly writableHighWaterMark?: number;
  readonly emitClose?: boolean;
  readonly autoDestroy?: boolean;
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

export class Duplex extends ReadableSide {
  allowHalfOpen: boolean;
  readonly writableHighWaterMark: number;
  writableEnded = false;
  /** `finish` has been emitted. */
  writableFinished = false;
  writableLength = 0;
  writableNeedDrain = false;
  writableCorked = 0;
  readonly #hasWritable: boolean;
  readonly #autoDestroy: boolean;
  #queue: Pending[] = [];
  #current: Pending | undefined;
  #finishing: 'no' | 'under way' | 'done' = 'no';

  constructor(options: DuplexOptions = {}) {
    super(options);
    const { allowHalfOpen = true, highWaterMark = HIGH_WATER_MARK, writable = true } = options;
    this.allowHalfOpen = allowHalfOpen;
    this.writableHighWaterMark = options.writableHighWaterMark ?? highWaterMark;
    this.#hasWritable = writable;
    this.#autoDestroy = options.autoDestroy ?? true;
    if (options.read) this._read = options.read;
    if (options.write) this._write = options.write;
    if (options.final) this._final = options.final;
    if (options.destroy) this._destroy = options.destroy;
  }

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

  get writable(): boolean {
    return this.#hasWritable && !this.destroyed && !this.writableEnded && !this.errored;
  }

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

  protected override afterEnd(): void {
    if (this.#hasWritable && !this.allowHalfOpen && !this.writableEnded) this.end();
    this.#destroyIfDone();
  }

  override destroy(error?: Error | null): this {
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
    const isReadDone = !this.hasReadable || this.readableEnded;
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
