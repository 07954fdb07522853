/** How long lines are held back at most while more and more of them come. */
const MAX_ROUND_MS = 5;

/** When the outboxes are emptied: not line by line, but once nothing more is coming. */
export class DeliveryRound {
  readonly #due = new Set<() => void>();
  #growing = false;
  #beganAt = 0;

  // #region delivery-round
  /**
   * Calls `deliver` at the end of the round. What came in together goes out together: when many speak at once in a room
   * of n clients, that is n writes and not n for each of them.
   */
  add(deliver: () => void): void {
    if (this.#due.size === 0) {
      this.#beganAt = performance.now();
      setImmediate(() => this.#turn());
    }
    this.#due.add(deliver);
    this.#growing = true;
  }

  /** One turn of the event loop is over. Another one costs microseconds, and shows whether more is to be read. */
  #turn(): void {
    if (this.#growing && performance.now() - this.#beganAt < MAX_ROUND_MS) {
      this.#growing = false;
      setImmediate(() => this.#turn());
      return;
    }
    const due = [...this.#due];
    this.#due.clear();
    for (const deliver of due) deliver();
  }
  // #endregion delivery-round
}
