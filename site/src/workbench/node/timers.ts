/** The browser's own, whatever the program puts in their place. */
export const browser = {
  setTimeout: globalThis.setTimeout.bind(globalThis),
  clearTimeout: globalThis.clearTimeout.bind(globalThis),
  setInterval: globalThis.setInterval.bind(globalThis),
  clearInterval: globalThis.clearInterval.bind(globalThis),
};

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

/** A timer that can be let go (`unref`) and started anew (`refresh`). */
export class Timeout {
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

export class Immediate {
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
