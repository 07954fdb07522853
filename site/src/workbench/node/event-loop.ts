import { abortError } from './events.ts';
import { browser, Immediate, Timeout } from './timers.ts';
import { Turns } from './turns.ts';

type Work = (...given: unknown[]) => void;

/** What the loop belongs to. */
export interface LoopOwner {
  /** Runs a callback; what it throws is the program's own affair. */
  run(work: () => void): void;
  /** Nothing is left that could call back. */
  onIdle(): void;
}

/** A program's timers and turns. Counts what keeps it going, as a loop does that ends when nothing is left. */
export class EventLoop {
  readonly #owner: LoopOwner;
  readonly #timers = new Map<number, Timeout>();
  readonly turns = new Turns();
  #holds = 0;
  #isLookingForEnd = false;

  constructor(owner: LoopOwner) {
    this.#owner = owner;
  }

  /** Keeps the program going until what it returns is called. */
  hold(): () => void {
    this.#holds += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds -= 1;
      this.lookForEnd();
    };
  }

  get isIdle(): boolean {
    return this.#holds === 0;
  }

  /** The program ends unless something will call back. Asked after the turn, as promises may still start something. */
  lookForEnd(): void {
    if (this.#holds > 0 || this.#isLookingForEnd) return;
    this.#isLookingForEnd = true;
    browser.setTimeout(() => {
      this.#isLookingForEnd = false;
      if (this.#holds === 0) this.#owner.onIdle();
    });
  }

  /** The globals of timers. */
  readonly globals = {
    setTimeout: (work: Work, ms?: number, ...given: unknown[]) => this.#start(work, ms, given, false),
    setInterval: (work: Work, ms?: number, ...given: unknown[]) => this.#start(work, ms, given, true),
    clearTimeout: (timer: unknown) => this.#clear(timer),
    clearInterval: (timer: unknown) => this.#clear(timer),
    setImmediate: (work: Work, ...given: unknown[]): Immediate => {
      const release = this.hold();
      const cancel = this.turns.next(() => {
        this.#owner.run(() => work(...given));
        release();
      });
      return new Immediate(() => {
        cancel();
        release();
      });
    },
    clearImmediate: (immediate: unknown) => {
      if (immediate instanceof Immediate) immediate.clear();
    },
  };

  /** `node:timers/promises`. */
  readonly promises = {
    setTimeout: (ms?: number, value?: unknown, options: WaitOptions = {}) =>
      this.#wait(value, options, (done) => {
        const timer = this.#start(done, ms, [], false);
        if (options.ref === false) timer.unref();
        return () => timer.close();
      }),
    setImmediate: (value?: unknown, options: WaitOptions = {}) =>
      this.#wait(value, options, (done) => {
        const immediate = this.globals.setImmediate(done);
        return () => immediate.clear();
      }),
    setInterval: (ms?: number, value?: unknown, options: WaitOptions = {}) => this.#ticks(ms, value, options),
    scheduler: {
      wait: (ms: number, options?: WaitOptions) => this.promises.setTimeout(ms, undefined, options),
      yield: () => this.promises.setImmediate(),
    },
  };

  async *#ticks(ms: number | undefined, value: unknown, options: WaitOptions): AsyncGenerator<unknown> {
    for (;;) yield await this.promises.setTimeout(ms, value, options);
  }

  #wait(value: unknown, { signal }: WaitOptions, start: (done: () => void) => () => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError(signal));
        return;
      }
      const stop = start(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve(value);
      });
      const onAbort = () => {
        stop();
        reject(abortError(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #start(work: Work, ms: number | undefined, given: readonly unknown[], repeats: boolean): Timeout {
    if (typeof work !== 'function') {
      throw Object.assign(new TypeError(`The "callback" argument must be of type function. Received ${String(work)}`), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
    // As Node does with what is no time: 1.
    const wanted = Number(ms);
    const timeMs = wanted >= 1 && wanted <= 2 ** 31 - 1 ? Math.trunc(wanted) : 1;
    const timer: Timeout = new Timeout({
      ms: timeMs,
      repeats,
      hold: () => this.hold(),
      fire: () => this.#owner.run(() => work(...given)),
      forget: (id) => this.#timers.delete(id),
    });
    this.#timers.set(Number(timer), timer);
    return timer;
  }

  #clear(timer: unknown): void {
    if (timer instanceof Timeout) timer.close();
    else if (typeof timer === 'number' || typeof timer === 'string') this.#timers.get(Number(timer))?.close();
  }
}

interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}
