import { Lanes } from './lanes.ts';
import { isOutage, type Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import { parseReward, UnreadableMessage } from './message.ts';
import { pause } from './pause.ts';
import type { Delivery, Queue, Record } from './queue.ts';

export interface WorkerOptions {
  readonly maxAttempts: number;
  readonly retryDelayMs: number;
  readonly log: Log;
}

const MAX_ERROR_CHARS = 300;
const OUTAGE_PAUSE_MS = 200;

type Step = 'settled' | 'failed' | 'outage';

/** What is the same for every broker: attempts, retries, the order of a key, and the end. */
export class Worker {
  readonly #queue: Queue;
  readonly #ledger: Pick<Ledger, 'pay'>;
  readonly #options: WorkerOptions;
  readonly #lanes = new Lanes();
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(queue: Queue, ledger: Pick<Ledger, 'pay'>, options: WorkerOptions) {
    this.#queue = queue;
    this.#ledger = ledger;
    this.#options = options;
  }

  start(): Promise<void> {
    return this.#queue.consume((delivery) => {
      const run =
        delivery.key === undefined
          ? this.#handle(delivery)
          : this.#lanes.run(delivery.key, () => this.#handle(delivery));
      this.#running.add(run);
      return run.finally(() => this.#running.delete(run));
    });
  }

  // #region graceful-stop
  /** Nothing begins any more; resolves when what has begun is settled. What waits for its turn goes back unsettled. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#queue.stopConsuming();
    await Promise.allSettled(this.#running);
  }
  // #endregion graceful-stop

  // #region attempts
  async #handle(delivery: Delivery): Promise<void> {
    const until = AbortSignal.any([this.#stopping.signal, delivery.lost]);
    let record = delivery.record;
    // Its turn may come late: after the stop has begun, or after the message went to somebody else.
    while (!until.aborted) {
      try {
        const [step, next] = await this.#attempt(delivery, record);
        if (step === 'settled') return;
        record = next;
        const isFailure = step === 'failed';
        await pause(isFailure ? this.#options.retryDelayMs : OUTAGE_PAUSE_MS, until);
      } catch (error) {
        // It could not be settled, so the broker still has it. What is done twice by that, the inbox notices.
        this.#options.log.warn({ id: delivery.id, message: (error as Error).message }, 'not-settled');
        return;
      }
    }
  }

  async #attempt(delivery: Delivery, record: Record): Promise<[Step, Record]> {
    try {
      await this.#ledger.pay(parseReward(delivery.body.toString('utf8')));
    } catch (error) {
      return this.#failed(delivery, record, error as Error);
    }
    await delivery.ack();
    return ['settled', record];
  }

  async #failed(delivery: Delivery, before: Record, error: Error): Promise<[Step, Record]> {
    const { maxAttempts, log } = this.#options;
    const unreadable = error instanceof UnreadableMessage;
    if (!unreadable && isOutage(error)) {
      log.warn({ id: delivery.id, message: error.message }, 'database-unavailable');
      return ['outage', before];
    }
    const attempt = before.attempts + 1;
    const entry = { attempt, at: new Date().toISOString(), error: error.message.slice(0, MAX_ERROR_CHARS) };
    const record = { attempts: attempt, history: [...before.history, entry] };
    log.warn({ id: delivery.id, attempt, message: error.message }, 'attempt-failed');
    if (unreadable || attempt >= maxAttempts) {
      await delivery.deadLetter(record);
      return ['settled', record];
    }
    // A message with a key waits where it is, and those behind it with it: that is what its order costs.
    if (delivery.key !== undefined) return ['failed', record];
    await delivery.retryLater(record);
    return ['settled', record];
  }
  // #endregion attempts
}
