import type { Database, Queryable } from '../database.ts';
import type { Drill } from '../drill.ts';
import type { Log } from '../log.ts';
import { createEvent, type NewEvent, type TavernEvent } from './event.ts';

const BATCH = 50;
/** Whoever commits says so; this is for what was left by a process that died, and for a broker that was away. */
const POLL_MS = 200;

/** Publishes events and resolves when the broker has taken all of them over. */
export type Publish = (events: readonly TavernEvent[]) => Promise<void>;

interface Row {
  readonly position: number;
  readonly event: TavernEvent;
}

export interface OutboxOptions {
  readonly service: string;
  readonly database: Database;
  readonly drill: Drill;
  readonly log: Log;
}

/** Events wait in a table until the broker has them: there is an event if and only if its change was committed. */
export class Outbox {
  readonly #options: OutboxOptions;
  #wake: () => void = () => {};

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  // #region add
  /** Writes an event down in the transaction of the change that it tells of. */
  async add(client: Queryable, event: NewEvent): Promise<void> {
    const whole = createEvent(this.#options.service, event);
    await client.query('INSERT INTO outbox (event) VALUES ($1)', [JSON.stringify(whole)]);
  }
  // #endregion add

  /** To be called after a commit, so that nobody waits for the next look. */
  nudge(): void {
    this.#wake();
  }

  /** Carries events to the broker until `signal` is aborted, or a publish fails, which it throws. */
  async relay(publish: Publish, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // A nudge that comes while we are busy must not be slept through.
      const nudged = this.#nextNudge(signal);
      const sent = await this.#sendBatch(publish);
      if (sent < BATCH) await nudged;
    }
  }

  // #region send-batch
  async #sendBatch(publish: Publish): Promise<number> {
    const { database, drill } = this.#options;
    const rows = await database.query<Row>('SELECT position, event FROM outbox ORDER BY position LIMIT $1', [BATCH]);
    if (rows.length === 0) return 0;
    drill('before-publish');
    await publish(rows.map(({ event }) => event));
    drill('after-publish');
    // Only now: a crash in between publishes them again, and the inbox of each consumer knows them by their ids. Each row
    // is taken by its own number and never by "up to here": positions are drawn before commits, and come out of order.
    await database.query('DELETE FROM outbox WHERE position = ANY($1)', [rows.map(({ position }) => position)]);
    return rows.length;
  }
  // #endregion send-batch

  #nextNudge(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, POLL_MS);
      signal.addEventListener('abort', done, { once: true });
      this.#wake = done;
    });
  }
}
