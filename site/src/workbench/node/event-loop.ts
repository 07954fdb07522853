import { NodeBuffer } from './buffer.ts';
import { abortError } from './events.ts';
import { Turns } from './turns.ts';

type Work = (...given: unknown[]) => void;

/** What the loop belongs to. */
export interface LoopOwner {
  /** Runs a callback; what it throws is the program's own affair. */
  run(work: () => void): void;
  /** Nothing is left that could call back. */
  onIdle(): void;
}

const browser = {
  setTimeout: globalThis.setTimeout.bind(globalThis),
  clearTimeout: globalThis.clearTimeout.bind(globalThis),
  setInterval: globalThis.setInterval.bind(globalThis),
  clearInterval: globalThis.clearInterval.bind(globalThis),
};

/**
 * Timers as Node has them: objects that can be let go (`unref`) and started anew (`refresh`). Counts what keeps the
 * program going, as a loop does that ends when nothing is left.
 */
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

interface TimeoutOptions {
  readonly ms: number;
  readonly repeats: boolean;
  readonly hold: () => () => void;
  readonly fire: () => void;
  readonly forget: (id: number) => void;
}

let lastTimer = 0;

function nextTimerId(): number {
  lastTimer += 1;
  return lastTimer;
}

class Timeout {
  readonly #options: TimeoutOptions;
  readonly #id = nextTimerId();
  #handle: ReturnType<typeof setTimeout> | undefined;
  #release: (() => void) | undefined;
  #isRef = true;
  #isOver = false;

  constructor(options: TimeoutOptions) {
    this.#options = options;
    this.#begin();
  }

  hasRef(): boolean {
    return this.#isRef;
  }

  ref(): this {
    this.#isRef = true;
    if (!this.#isOver) this.#release ??= this.#options.hold();
    return this;
  }

  unref(): this {
    this.#isRef = false;
    this.#release?.();
    this.#release = undefined;
    return this;
  }

  refresh(): this {
    if (this.#isOver && this.#handle === undefined) return this;
    browser.clearTimeout(this.#handle);
    this.#begin();
    return this;
  }

  close(): this {
    browser.clearTimeout(this.#handle);
    this.#handle = undefined;
    this.#end();
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #begin(): void {
    const { ms, repeats, hold, fire } = this.#options;
    this.#isOver = false;
    if (this.#isRef) this.#release ??= hold();
    this.#handle = browser.setTimeout(() => {
      if (repeats) this.#begin();
      const round = this.#handle;
      fire();
      if (!repeats && this.#handle === round) this.#end();
    }, ms);
  }

  #end(): void {
    this.#isOver = true;
    this.#release?.();
    this.#release = undefined;
    this.#options.forget(this.#id);
  }
}

class Immediate {
  readonly clear: () => void;

  constructor(clear: () => void) {
    this.clear = clear;
  }

  hasRef(): boolean {
    return true;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  [Symbol.dispose](): void {
    this.clear();
  }
}

const PLACEHOLDERS = ['s', 'd', 'i', 'f', 'j', 'o', 'O', 'c'];

/** Text that a console prints, formatted as Node does it in the simple cases. */
export function formatted(given: readonly unknown[]): string {
  const [first, ...rest] = given;
  if (typeof first !== 'string' || !/%[a-z%]/i.test(first)) return given.map((each) => inspect(each)).join(' ');
  const text = first.replaceAll(/%([a-z%])/gi, (all, kind: string) => {
    if (kind === '%') return '%';
    if (rest.length === 0 || !PLACEHOLDERS.includes(kind)) return all;
    const value = rest.shift();
    if (kind === 'c') return '';
    if (kind === 's') return typeof value === 'string' ? value : inspect(value);
    if (kind === 'j') return JSON.stringify(value);
    if (kind === 'd') return String(Number(value));
    if (kind === 'i') return String(Number.parseInt(String(value), 10));
    if (kind === 'f') return String(Number.parseFloat(String(value)));
    return inspect(value);
  });
  return [text, ...rest.map((each) => inspect(each))].join(' ');
}

/** A value as text. Simplified: objects as JSON. */
export function inspect(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return stackOf(value);
  if (value instanceof NodeBuffer)
    return `<Buffer ${value
      .subarray(0, 50)
      .toString('hex')
      .replaceAll(/..(?!$)/g, '$& ')}>`;
  if (value instanceof Map || value instanceof Set)
    return `${value.constructor.name}(${value.size}) ${inspect([...value])}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

export function stackOf(error: Error): string {
  const head = `${error.name}: ${error.message}`;
  const stack = error.stack ?? head;
  // Only V8 begins a stack with the message.
  return stack.startsWith(error.name) ? stack : `${head}\n${stack}`;
}
