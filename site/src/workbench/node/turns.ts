/**
 * Tasks one after the other, each with all its promises settled before the next: what `setImmediate` stands on, without
 * the four milliseconds that a browser puts between nested timers. A task that says so is called again before any other,
 * as Node's loop reads a socket several times before it comes to what waits for its next turn.
 */
export class Turns {
  readonly #channel = new MessageChannel();
  readonly #tasks: (() => boolean)[] = [];

  constructor() {
    this.#channel.port1.onmessage = () => this.#turn();
  }

  /** @param task returns whether it is to be called once more at once. */
  add(task: () => boolean): void {
    this.#tasks.push(task);
    if (this.#tasks.length === 1) this.#post();
  }

  /** @returns what cancels it. */
  next(work: () => void): () => void {
    let isCancelled = false;
    this.add(() => {
      if (!isCancelled) work();
      return false;
    });
    return () => {
      isCancelled = true;
    };
  }

  #turn(): void {
    const [task] = this.#tasks;
    let isAgain = false;
    try {
      isAgain = task?.() ?? false;
    } finally {
      if (!isAgain) this.#tasks.shift();
      if (this.#tasks.length > 0) this.#post();
    }
  }

  #post(): void {
    this.#channel.port2.postMessage(undefined);
  }
}
