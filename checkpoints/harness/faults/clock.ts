/**
 * Time as something that is passed in. The fault model asks a `Clock` for the time and for timers: tests and
 * simulations give it a fake one and run an hour in a millisecond, the proxies give it the machine's.
 */
export interface Timer {
  /** Does nothing if the timer has fired. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since some moment in the past; never goes back. */
  now(): number;
  /** Runs `action` once, `delayMs` from now. Actions due at the same moment run in the order in which they were set. */
  after(delayMs: number, action: () => void): Timer;
}

export interface FakeClock extends Clock {
  /** Moves time on by `ms`, running what falls due at its own moment. */
  advance(ms: number): void;
  /**
   * Runs timers until none is left or `limitMs` has passed.
   * @returns true if none is left.
   */
  runUntilIdle(limitMs: number): boolean;
}

/** A clock that stands at 0 until it is told to move. */
export function createFakeClock(): FakeClock {
  const agenda = new Agenda();
  let nowMs = 0;
  const runUntil = (endMs: number): void => {
    for (let at = agenda.nextAt(); at <= endMs; at = agenda.nextAt()) {
      nowMs = Math.max(nowMs, at);
      agenda.runNext();
    }
  };
  return {
    now: () => nowMs,
    after: (delayMs, action) => agenda.add(nowMs + Math.max(0, delayMs), action),
    advance: (ms) => {
      const endMs = nowMs + ms;
      runUntil(endMs);
      nowMs = endMs;
    },
    runUntilIdle: (limitMs) => {
      runUntil(nowMs + limitMs);
      return agenda.nextAt() === Number.POSITIVE_INFINITY;
    },
  };
}

/**
 * The machine's clock, with all timers on one agenda: `setTimeout` rounds to whole milliseconds and keeps a list for
 * each duration, so that two timers 0.3 ms apart may fire in the wrong order, and a link would reorder unasked.
 * Timers fire up to about 1 ms late on an idle machine. `Symbol.dispose` drops every timer.
 */
export function createRealClock(): Clock & Disposable {
  const agenda = new Agenda();
  let armed: { readonly at: number; readonly timeout: ReturnType<typeof setTimeout> } | undefined;

  const arm = (): void => {
    const at = agenda.nextAt();
    if (armed?.at === at) return;
    clearTimeout(armed?.timeout);
    armed = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    armed = { at, timeout: setTimeout(fire, Math.max(0, Math.ceil(at - performance.now()))) };
  };
  const fire = (): void => {
    armed = undefined;
    while (agenda.nextAt() <= performance.now()) agenda.runNext();
    arm();
  };
  return {
    now: () => performance.now(),
    after: (delayMs, action) => {
      const timer = agenda.add(performance.now() + Math.max(0, delayMs), action);
      arm();
      return timer;
    },
    [Symbol.dispose]: () => {
      agenda.clear();
      arm();
    },
  };
}

interface Entry {
  readonly at: number;
  readonly order: number;
  action: (() => void) | undefined;
}

/** What is due when: a binary heap by time, then by order of arrival. A cancelled entry stays until its turn. */
class Agenda {
  #heap: Entry[] = [];
  #order = 0;

  add(at: number, action: () => void): Timer {
    const entry: Entry = { at, order: this.#order++, action };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    return {
      cancel: () => {
        entry.action = undefined;
      },
    };
  }

  /** Infinity when nothing is due. */
  nextAt(): number {
    while (this.#heap[0] !== undefined && this.#heap[0].action === undefined) this.#takeFirst();
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  runNext(): void {
    const entry = this.#takeFirst();
    const action = entry?.action;
    if (entry !== undefined) entry.action = undefined;
    action?.();
  }

  clear(): void {
    this.#heap = [];
  }

  #takeFirst(): Entry | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(index: number): void {
    const parent = (index - 1) >> 1;
    if (index === 0 || !this.#before(index, parent)) return;
    this.#swap(index, parent);
    this.#rise(parent);
  }

  #sink(index: number): void {
    let least = index;
    for (const child of [2 * index + 1, 2 * index + 2]) {
      if (child < this.#heap.length && this.#before(child, least)) least = child;
    }
    if (least === index) return;
    this.#swap(index, least);
    this.#sink(least);
  }

  #before(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (a === undefined || b === undefined) return;
    this.#heap[i] = b;
    this.#heap[j] = a;
  }
}
