// #region single-flight
/** Lets the first who asks for something work, and everybody who comes meanwhile wait for the same result. */
export class SingleFlight {
  readonly #flights = new Map<string, Promise<unknown>>();

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** Joins the flight for `key`, or begins one. A failure is everybody's, and is not kept. */
  join<T>(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#flights.get(key);
    if (running !== undefined) return running as Promise<T>;
    const flight = work().finally(() => {
      // Another one may have taken its place since it was forgotten.
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    this.#flights.set(key, flight);
    return flight;
  }

  /** Who asks from now on begins anew: what is under way may have read what was there before. */
  forget(key: string): void {
    this.#flights.delete(key);
  }
}
// #endregion single-flight
