/**
 * Work of one key, one piece after the other; of different keys, side by side. A lane that has nothing to do is
 * forgotten, so there are never more lanes than pieces of work.
 */
export class Lanes {
  readonly #ends = new Map<string, Promise<void>>();

  /** @param work never rejects. */
  run(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#ends.get(key);
    const end = before === undefined ? work() : before.then(work);
    this.#ends.set(key, end);
    void end.then(() => {
      if (this.#ends.get(key) === end) this.#ends.delete(key);
    });
    return end;
  }
}
