import type { Database, Queryable } from '../database.ts';
import type { Log } from '../log.ts';
import { majorOf, type TavernEvent } from './event.ts';
import type { Outbox } from './outbox.ts';

/** What a service does about one type of event, inside of the transaction that remembers the event. */
export interface Subscription {
  /** The major version that it can read. */
  readonly major: number;
  readonly handle: (client: Queryable, event: TavernEvent, log: Log) => Promise<void>;
}

export type Subscriptions = Readonly<Record<string, Subscription>>;

/** `parked`: nothing here can read it, and it must not be lost. */
export type Outcome = 'done' | 'repeat' | 'parked';

export interface InboxOptions {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly subscriptions: Subscriptions;
  readonly log: Log;
}

/** Brokers deliver at least once. This makes the effect of each event happen once. */
export class Inbox {
  readonly #options: InboxOptions;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  async take(event: TavernEvent): Promise<Outcome> {
    const { database, outbox, subscriptions, log } = this.#options;
    const subscription = subscriptions[event.type];
    if (subscription?.major !== majorOf(event)) return 'parked';
    const eventLog = log.child({ requestId: event.requestid, type: event.type, eventId: event.id });
    // #region inbox
    const outcome = await database.transaction(async (client): Promise<Outcome> => {
      const first = await client.query(
        'INSERT INTO inbox (source, id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id',
        [event.source, event.id],
      );
      if (first.length === 0) return 'repeat';
      await subscription.handle(client, event, eventLog);
      return 'done';
    });
    // #endregion inbox
    outbox.nudge();
    eventLog.info({ outcome }, 'event');
    return outcome;
  }
}
