import { describeFate, type Link } from './link.ts';

/** How many events a proxy remembers. */
const MAX_EVENTS = 1000;
const SHOWN_EVENTS = 12;
const SHOWN_FATES = 6;

/** What a proxy did, so that a failure can print it beside the seed. */
export class EventLog {
  readonly seed: number;
  readonly #startedAt = performance.now();
  readonly #events: string[] = [];
  readonly #links = new Map<string, Link>();

  constructor(seed: number) {
    this.seed = seed;
  }

  /** The last events, oldest first. */
  get events(): readonly string[] {
    return this.#events;
  }

  add(event: string): void {
    this.#events.push(`${(performance.now() - this.#startedAt).toFixed(1)} ms  ${event}`);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** Has a link's history told with the rest. */
  follow(name: string, link: Link): void {
    this.#links.set(name, link);
    const oldest = this.#links.keys().next();
    if (this.#links.size > MAX_EVENTS && !oldest.done) this.#links.delete(oldest.value);
  }

  /** The links followed, by name: for tests and for counting. */
  get links(): ReadonlyMap<string, Link> {
    return this.#links;
  }

  /** The seed, the last events and the last fates on each of the last few links, as lines. */
  describe(): string[] {
    const links = [...this.#links].slice(-2).flatMap(([name, link]) => {
      const { sent, lost, duplicated, reordered } = link.counts;
      return [
        `${name}: ${sent} packets, ${lost} lost, ${duplicated} duplicated, ${reordered} held back`,
        ...link.log.slice(-SHOWN_FATES).map((fate) => `  ${describeFate(fate)}`),
      ];
    });
    return [`fault proxy, seed ${this.seed}`, ...this.#events.slice(-SHOWN_EVENTS), ...links];
  }
}
