/**
 * A service that changes its database and tells a second one of it, with crashes at both. Each step takes effect in its
 * middle and is known to its doer at its end: whoever crashes in between does not know what has happened.
 */
import type { FakeClock } from '../../../checkpoints/harness/faults/clock.ts';

export interface Way {
  readonly name: string;
  readonly key: string;
  /** When the event is published: by the request, before or after its commit, or from a table by a relay. */
  readonly publishes: 'before the commit' | 'after the commit' | 'from an outbox';
  /** The consumer remembers which events it has had. */
  readonly inbox: boolean;
}

export interface Durations {
  readonly commitMs: number;
  readonly publishMs: number;
}

/** What became of one request. */
export interface Change {
  committed: boolean;
  /** How often the other service has done what the event asks for. */
  effects: number;
  /** Its event is in the outbox, under way or in the queue, or its request still runs. */
  pending: number;
}

export type Fate = 'nothing' | 'waits' | 'once' | 'lost' | 'ghost' | 'twice';

export function fateOf({ committed, effects, pending }: Change): Fate {
  if (effects > 1) return 'twice';
  if (pending > 0) return effects > 0 || committed ? (effects > 0 && committed ? 'once' : 'waits') : 'nothing';
  if (committed) return effects === 1 ? 'once' : 'lost';
  return effects === 1 ? 'ghost' : 'nothing';
}

/** A process that does one thing at a time or several, until it crashes. */
class Worker {
  readonly #clock: FakeClock;
  /** Counts the crashes: what an earlier life has begun, no later one ends. */
  #life = 0;
  isUp = true;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  crash(): void {
    this.#life++;
    this.isUp = false;
  }

  /** @param given up by a crash, before or after its effect. */
  step(ms: number, effect: () => void, done: () => void, givenUp: () => void): void {
    const life = this.#life;
    const half = (next: () => void) => () => (life === this.#life ? next() : givenUp());
    this.#clock.after(
      ms / 2,
      half(() => {
        effect();
        this.#clock.after(ms / 2, half(done));
      }),
    );
  }
}

export class OutboxLane {
  readonly way: Way;
  readonly changes: Change[] = [];
  readonly #durations: Durations;
  readonly #note: (text: string) => void;
  readonly #service: Worker;
  readonly #consumer: Worker;
  /** Written with the change; taken out when the broker has confirmed. */
  readonly #outbox: Change[] = [];
  /** In the broker, each until it is acknowledged. */
  readonly #queue: Change[] = [];
  readonly #had = new Set<Change>();
  #relays = false;
  #consumes = false;

  constructor(way: Way, durations: Durations, clock: FakeClock, note: (text: string) => void) {
    this.way = way;
    this.#durations = durations;
    this.#note = (text) => note(`${way.name}: ${text}`);
    this.#service = new Worker(clock);
    this.#consumer = new Worker(clock);
  }

  get serviceIsUp(): boolean {
    return this.#service.isUp;
  }

  get consumerIsUp(): boolean {
    return this.#consumer.isUp;
  }

  get inOutbox(): number {
    return this.#outbox.length;
  }

  get inQueue(): number {
    return this.#queue.length;
  }

  /** How many requests came to each end. */
  count(fate: Fate): number {
    return this.changes.filter((change) => fateOf(change) === fate).length;
  }

  /** A request comes. While the service is down nobody takes it. */
  request(): void {
    if (!this.#service.isUp) return;
    const change: Change = { committed: false, effects: 0, pending: 1 };
    this.changes.push(change);
    const end = (): void => {
      change.pending--;
      this.#tell(change);
    };
    const { publishes } = this.way;
    if (publishes === 'before the commit') this.#publish(change, () => this.#commit(change, end, end), end);
    else if (publishes === 'after the commit') this.#commit(change, () => this.#publish(change, end, end), end);
    else this.#commit(change, end, end);
  }

  crashService(): void {
    this.#service.crash();
    this.#relays = false;
    this.#note('the service crashes');
  }

  startService(): void {
    this.#service.isUp = true;
    this.#relay();
  }

  crashConsumer(): void {
    this.#consumer.crash();
    this.#consumes = false;
    this.#note('the consumer crashes');
  }

  startConsumer(): void {
    this.#consumer.isUp = true;
    this.#consume();
  }

  #commit(change: Change, done: () => void, givenUp: () => void): void {
    const effect = (): void => {
      change.committed = true;
      if (this.way.publishes !== 'from an outbox') return;
      change.pending++;
      this.#outbox.push(change);
    };
    const committed = (): void => {
      done();
      this.#relay();
    };
    this.#service.step(this.#durations.commitMs, effect, committed, givenUp);
  }

  #publish(change: Change, done: () => void, givenUp: () => void): void {
    const effect = (): void => {
      change.pending++;
      this.#queue.push(change);
      this.#consume();
    };
    this.#service.step(this.#durations.publishMs, effect, done, givenUp);
  }

  /** Publishes the oldest of what waits, then takes it out, then goes on with the next. */
  #relay(): void {
    const [change] = this.#outbox;
    if (change === undefined || this.#relays || !this.#service.isUp) return;
    this.#relays = true;
    const takenOut = (): void => {
      this.#outbox.shift();
      change.pending--;
    };
    const next = (): void => {
      this.#relays = false;
      this.#relay();
    };
    const giveUp = (): void => {};
    this.#publish(change, () => this.#service.step(this.#durations.commitMs, takenOut, next, giveUp), giveUp);
  }

  #consume(): void {
    const [change] = this.#queue;
    if (change === undefined || this.#consumes || !this.#consumer.isUp) return;
    this.#consumes = true;
    const effect = (): void => {
      if (this.way.inbox && this.#had.has(change)) return;
      this.#had.add(change);
      change.effects++;
    };
    const acknowledge = (): void => {
      this.#queue.shift();
      change.pending--;
      this.#consumes = false;
      this.#tell(change);
      this.#consume();
    };
    this.#consumer.step(this.#durations.commitMs, effect, acknowledge, () => {});
  }

  /** Says it of a change that came to a bad end. */
  #tell(change: Change): void {
    const fate = fateOf(change);
    if (fate === 'lost') this.#note('a change is made, and nobody will ever hear of it');
    if (fate === 'ghost') this.#note('an effect of a change that was never made');
    if (fate === 'twice') this.#note('one change, and its effect twice');
  }
}
