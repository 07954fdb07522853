import type pg from 'pg';
import type { Log } from '../../solution/log.ts';
import { pause } from '../../solution/pause.ts';
import type { Delivery, Outcome, Outgoing, Queue, Record, Traits } from '../../solution/queue.ts';
import type { CarefulLedger } from './careful-ledger.ts';

const LOOK_MS = 50;
const AT_ONCE = 20;
/** Of no meaning but that no other part takes the same. */
const TABLE_LOCK = 7_265_001;

interface Row {
  readonly place: string;
  readonly message_id: string;
  readonly body: Buffer;
  readonly attempts: number;
  readonly history: Record['history'];
}

/**
 * A queue whose messages wait for their retry in a table: the broker needs no delays, whatever broker it is. A row is
 * worked on while its transaction locks it, so several workers look at the same table and nobody takes a row twice.
 */
export class ParkingQueue implements Queue {
  readonly traits: Traits;
  readonly #queue: Queue;
  readonly #ledger: CarefulLedger;
  readonly #retryDelayMs: number;
  readonly #log: Log;
  readonly #closing = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(queue: Queue, ledger: CarefulLedger, { retryDelayMs, log }: { retryDelayMs: number; log: Log }) {
    this.#queue = queue;
    this.traits = queue.traits;
    this.#ledger = ledger;
    this.#retryDelayMs = retryDelayMs;
    this.#log = log;
  }

  connect = (): Promise<void> => this.#queue.connect();
  publish = (message: Outgoing): Promise<Outcome> => this.#queue.publish(message);
  putAside = (message: Outgoing, record: Record): Promise<Outcome> => this.#queue.putAside(message, record);
  redrive = (): Promise<number> => this.#queue.redrive();
  close = (): Promise<void> => this.#queue.close();

  async consume(handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    await this.#ledger.transaction(async (client) => {
      // Two workers that start at the same moment would both find no table.
      await client.query('SELECT pg_advisory_xact_lock($1)', [TABLE_LOCK]);
      await client.query(
        `CREATE TABLE IF NOT EXISTS parked (place bigserial PRIMARY KEY, message_id text NOT NULL, body bytea NOT NULL,
           attempts integer NOT NULL, history jsonb NOT NULL, due_at timestamptz NOT NULL)`,
      );
    });
    await this.#queue.consume((delivery) =>
      handle({
        ...delivery,
        retryLater: async (record) => {
          await this.#park(this.#ledger.pool, delivery.id ?? '', delivery.body, record);
          await delivery.ack();
        },
      }),
    );
    this.#looking = this.#look(handle);
  }

  async stopConsuming(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#queue.stopConsuming(), this.#looking]);
  }

  async #park(on: pg.Pool | pg.PoolClient, id: string, body: Buffer, { attempts, history }: Record): Promise<void> {
    await on.query(
      `INSERT INTO parked (message_id, body, attempts, history, due_at)
       VALUES ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 millisecond')`,
      [id, body, attempts, JSON.stringify(history), this.#retryDelayMs],
    );
  }

  async #look(handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    do {
      try {
        await this.#ledger.transaction((client) => this.#takeDue(client, handle));
      } catch (error) {
        this.#log.warn({ message: (error as Error).message }, 'parked-not-read');
      }
    } while (await pause(LOOK_MS, this.#closing.signal));
  }

  /** What is settled leaves the table with the commit. If that fails, it is tried again, and the inbox knows it. */
  async #takeDue(client: pg.PoolClient, handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    const { rows } = await client.query<Row>(
      `SELECT place, message_id, body, attempts, history FROM parked WHERE due_at <= clock_timestamp()
       ORDER BY place LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [AT_ONCE],
    );
    for (const { place, message_id: id, body, attempts, history } of rows) {
      const remove = async (): Promise<void> => {
        await client.query('DELETE FROM parked WHERE place = $1', [place]);
      };
      await handle({
        id,
        key: undefined,
        body,
        record: { attempts, history },
        lost: this.#closing.signal,
        ack: remove,
        retryLater: async (record) => {
          await this.#park(client, id, body, record);
          await remove();
        },
        deadLetter: async (record) => {
          const { outcome, why } = await this.#queue.putAside({ id, body }, record);
          if (outcome !== 'confirmed') throw new Error(`not put aside: ${why}`);
          await remove();
        },
      });
    }
  }
}
