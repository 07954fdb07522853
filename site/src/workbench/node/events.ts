/** Node's `EventEmitter` and `once`, as far as servers and their clients use them. */

// biome-ignore lint/suspicious/noExplicitAny: what an event carries is between its emitter and its listeners.
export type Listener = (...given: any[]) => void;
export type EventName = string | symbol;

interface Entry {
  readonly listener: Listener;
  readonly once: boolean;
}

export class EventEmitter {
  static defaultMaxListeners = 10;
  /** Replaced, never changed: an event goes on with the listeners that it began with. */
  readonly #entries = new Map<EventName, readonly Entry[]>();

  on(name: EventName, listener: Listener): this {
    return this.#add(name, { listener, once: false });
  }

  once(name: EventName, listener: Listener): this {
    return this.#add(name, { listener, once: true });
  }

  addListener(name: EventName, listener: Listener): this {
    return this.on(name, listener);
  }

  prependListener(name: EventName, listener: Listener): this {
    return this.#add(name, { listener, once: false }, true);
  }

  prependOnceListener(name: EventName, listener: Listener): this {
    return this.#add(name, { listener, once: true }, true);
  }

  off(name: EventName, listener: Listener): this {
    const entries = this.#entries.get(name) ?? [];
    const at = entries.findLastIndex((entry) => entry.listener === listener);
    if (at >= 0) this.#set(name, entries.toSpliced(at, 1));
    return this;
  }

  removeListener(name: EventName, listener: Listener): this {
    return this.off(name, listener);
  }

  removeAllListeners(name?: EventName): this {
    if (name === undefined) this.#entries.clear();
    else this.#entries.delete(name);
    return this;
  }

  /** @throws the error, or one around it, when `error` is emitted and nobody listens. */
  emit(name: EventName, ...given: unknown[]): boolean {
    const entries = this.#entries.get(name);
    if (!entries) {
      if (name !== 'error') return false;
      const [error] = given;
      if (error instanceof Error) throw error;
      throw Object.assign(new Error(`Unhandled error. (${String(error)})`), { code: 'ERR_UNHANDLED_ERROR' });
    }
    for (const { listener, once } of entries) {
      if (once) this.off(name, listener);
      listener.apply(this, given);
    }
    return true;
  }

  listenerCount(name: EventName): number {
    return this.#entries.get(name)?.length ?? 0;
  }

  listeners(name: EventName): Listener[] {
    return (this.#entries.get(name) ?? []).map(({ listener }) => listener);
  }

  rawListeners(name: EventName): Listener[] {
    return this.listeners(name);
  }

  eventNames(): EventName[] {
    return [...this.#entries.keys()];
  }

  setMaxListeners(): this {
    return this;
  }

  getMaxListeners(): number {
    return EventEmitter.defaultMaxListeners;
  }

  #add(name: EventName, entry: Entry, first = false): this {
    if (typeof entry.listener !== 'function') {
      throw invalidType(`The "listener" argument must be of type function. Received ${typeof entry.listener}`);
    }
    const entries = this.#entries.get(name) ?? [];
    this.#set(name, first ? [entry, ...entries] : [...entries, entry]);
    return this;
  }

  #set(name: EventName, entries: readonly Entry[]): void {
    if (entries.length === 0) this.#entries.delete(name);
    else this.#entries.set(name, entries);
  }
}

/** Resolves with what the next `name` carries; rejects with the next `error`, or when `signal` aborts. */
export function once(
  emitter: EventEmitter,
  name: EventName,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      emitter.off(name, onEvent);
      emitter.off('error', onError);
      signal?.removeEventListener('abort', onAbort);
    };
    const onEvent = (...given: unknown[]) => {
      settle();
      resolve(given);
    };
    const onError = (error: unknown) => {
      settle();
      reject(error);
    };
    const onAbort = () => {
      settle();
      reject(abortError(signal));
    };
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    emitter.once(name, onEvent);
    if (name !== 'error') emitter.once('error', onError);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export function abortError(signal?: AbortSignal): Error {
  return Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });
}

export function invalidType(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** `node:events` is the class itself, with the rest as its properties. */
export const events = Object.assign(EventEmitter, { EventEmitter, once });
