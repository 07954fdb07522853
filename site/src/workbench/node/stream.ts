/** `node:stream` and `node:stream/promises` over the one stream of this folder. */
import type { NodeBuffer } from './buffer.ts';
import { type Done, Duplex, type DuplexOptions } from './duplex.ts';
import { prematureClose } from './stream-errors.ts';

export class Readable extends Duplex {
  constructor(options: DuplexOptions = {}) {
    super({ ...options, writable: false });
  }

  /** A stream of what an iterable yields: text and bytes. */
  static from(source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Readable {
    const whole = typeof source === 'string' ? [source] : source;
    const iterator = (async function* () {
      yield* whole;
    })();
    return new Readable({
      read() {
        iterator.next().then(
          ({ value, done }) => this.push(done ? null : value),
          (error: Error) => this.destroy(error),
        );
      },
    });
  }
}

export class Writable extends Duplex {
  constructor(options: DuplexOptions = {}) {
    super({ ...options, readable: false });
  }
}

export interface TransformOptions extends DuplexOptions {
  transform?(this: Transform, chunk: NodeBuffer, encoding: string, done: TransformDone): void;
  flush?(this: Transform, done: TransformDone): void;
}

type TransformDone = (error?: Error | null, chunk?: Uint8Array | string | null) => void;

export class Transform extends Duplex {
  #waiting: (() => void) | undefined;

  constructor(options: TransformOptions = {}) {
    super(options);
    if (options.transform) this._transform = options.transform;
    if (options.flush) this._flush = options.flush;
  }

  _transform(_chunk: NodeBuffer, _encoding: string, done: TransformDone): void {
    done();
  }
  _flush(done: TransformDone): void {
    done();
  }

  override _read(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  override _write(chunk: NodeBuffer, encoding: string, done: Done): void {
    this._transform(chunk, encoding, (error, made) => {
      if (error) done(error);
      else if (
        (made === undefined || made === null || this.push(made)) &&
        this.readableLength < this.readableHighWaterMark
      )
        done();
      else this.#waiting = done;
    });
  }

  override _final(done: Done): void {
    this._flush((error, made) => {
      if (!error) {
        if (made !== undefined && made !== null) this.push(made);
        this.push(null);
      }
      done(error);
    });
  }
}

export class PassThrough extends Transform {
  override _transform(chunk: NodeBuffer, _encoding: string, done: TransformDone): void {
    done(null, chunk);
  }
}

/** Calls back once, when a stream is over on both of its sides or broken. */
export function finished(stream: Duplex, ...given: unknown[]): () => void {
  const done = given.at(-1) as Done;
  const isOver = () =>
    (stream.readableEnded || !('readable' in stream) || !stream.readable) &&
    (stream.writableFinished || !stream.writable);
  const look = () => {
    if (!isOver()) return;
    undo();
    done(stream.errored);
  };
  const onError = (error: Error) => {
    undo();
    done(error);
  };
  const onClose = () => {
    undo();
    const isCut = stream.readableAborted || (stream.writableLength > 0 && !stream.writableFinished);
    done(stream.errored ?? (isCut ? prematureClose() : undefined));
  };
  const undo = () => {
    stream.off('end', look);
    stream.off('finish', look);
    stream.off('error', onError);
    stream.off('close', onClose);
  };
  stream.on('end', look).on('finish', look).on('error', onError).on('close', onClose);
  if (stream.closed) queueMicrotask(onClose);
  return undo;
}

/** Pipes each stream into the next; when one breaks, all are destroyed. */
export function pipeline(...given: unknown[]): Duplex {
  const done = typeof given.at(-1) === 'function' ? (given.pop() as Done) : () => {};
  const streams = given as Duplex[];
  let waiting = streams.length;
  let isDone = false;
  const settle = (error?: Error | null) => {
    if (isDone) return;
    waiting -= 1;
    if (!error && waiting > 0) return;
    isDone = true;
    if (error) for (const stream of streams) stream.destroy(error);
    done(error ?? undefined);
  };
  streams.forEach((stream, at) => {
    const isFirst = at === 0;
    const isLast = at === streams.length - 1;
    const onError = (error: Error) => settle(error);
    stream.on('error', onError);
    if (isLast) stream.once('finish', () => settle());
    else stream.once('end', () => settle());
    stream.once('close', () => {
      const isWhole = isLast ? stream.writableFinished : stream.readableEnded;
      if (!isWhole) settle(stream.errored ?? prematureClose());
    });
    const next = streams[at + 1];
    if (next) stream.pipe(next);
    if (isFirst && stream.destroyed) settle(prematureClose());
  });
  return streams.at(-1) as Duplex;
}

export const promises = {
  pipeline: (...streams: Duplex[]) =>
    new Promise<void>((resolve, reject) => {
      pipeline(...streams, (error?: Error | null) => (error ? reject(error) : resolve()));
    }),
  finished: (stream: Duplex) =>
    new Promise<void>((resolve, reject) => {
      finished(stream, (error?: Error | null) => (error ? reject(error) : resolve()));
    }),
};

/** `node:stream` is the class itself, with the rest as its properties. */
export const stream = Object.assign(Duplex, {
  Stream: Duplex,
  Duplex,
  Readable,
  Writable,
  Transform,
  PassThrough,
  pipeline,
  finished,
  promises,
});
