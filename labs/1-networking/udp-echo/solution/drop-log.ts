import type { Log } from './log.ts';

// #region drop-log
/** Tells about dropped datagrams in sums, at most one line an interval, however many a flood drops. */
export class DropLog {
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #untold = 0;

  constructor(log: Log, intervalMs: number) {
    this.#log = log;
    this.#timer = setInterval(() => this.#tell(), intervalMs);
  }

  add(): void {
    this.#untold += 1;
  }

  /** Tells the rest. Without this the timer would keep the process alive. */
  close(): void {
    clearInterval(this.#timer);
    this.#tell();
  }

  #tell(): void {
    if (this.#untold === 0) return;
    this.#log('warn', 'rate-limited', { dropped: this.#untold });
    this.#untold = 0;
  }
}
// #endregion drop-log
