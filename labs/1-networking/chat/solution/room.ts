import type { ClientId } from './effect.ts';

/** Who is together. A Map keeps the order in which they came in. */
export class Room {
  readonly name: string;
  readonly #members = new Map<ClientId, string>();

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#members.size;
  }

  /** In the order in which they came in. */
  get names(): string[] {
    return [...this.#members.values()];
  }

  enter(client: ClientId, name: string): void {
    this.#members.set(client, name);
  }

  leave(client: ClientId): void {
    this.#members.delete(client);
  }

  // #region everybody-else
  /** Everybody but one: a list of its own, so that somebody who leaves during the delivery shifts nobody. */
  othersThan(client: ClientId): ClientId[] {
    return [...this.#members.keys()].filter((member) => member !== client);
  }
  // #endregion everybody-else
}
