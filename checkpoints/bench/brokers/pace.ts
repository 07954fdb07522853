/** How fast it is, where there is a real broker to be fast: confirmed publishes, and the way from a publish to its worker. */
import { type Distribution, distributionOf } from '../distribution.ts';
import { bodyOf, connectQueue, type Place } from './queues.ts';

export const PACE = { messages: 5_000, batch: 500, singles: 400 } as const;

export interface Pace {
  readonly against: string;
  readonly confirmedPerSecond: number;
  /** From a publish to the hands of the worker, one message after the other. */
  readonly toWorker: Pick<Distribution, 'unit' | 'n' | 'p50' | 'p99' | 'max'>;
}

export async function measurePace(place: Place): Promise<Pace> {
  const queue = await connectQueue(place.env);
  const since = performance.now();
  for (let at = 0; at < PACE.messages; at += PACE.batch) {
    const ids = Array.from({ length: PACE.batch }, (_, i) => `pace-${at + i}`);
    await Promise.all(ids.map((id) => queue.publish({ id, body: bodyOf(id) })));
  }
  const tookMs = performance.now() - since;
  const arrived = new Map<string, PromiseWithResolvers<number>>();
  const drained = Promise.withResolvers<void>();
  let left = PACE.messages;
  await queue.consume(async (delivery) => {
    arrived.get(delivery.id ?? '')?.resolve(performance.now());
    await delivery.ack();
    left -= 1;
    if (left === 0) drained.resolve();
  });
  await drained.promise;
  const ways: number[] = [];
  for (let i = 0; i < PACE.singles; i += 1) {
    const id = `single-${i}`;
    const arrival = Promise.withResolvers<number>();
    arrived.set(id, arrival);
    const begun = performance.now();
    await queue.publish({ id, body: bodyOf(id) });
    ways.push((await arrival.promise) - begun);
  }
  await queue.stopConsuming();
  await queue.close();
  const { unit, n, p50, p99, max } = distributionOf(ways, { unit: 'ms', binWidth: 1 });
  const confirmedPerSecond = Math.round((PACE.messages / tookMs) * 1_000);
  return { against: place.against, confirmedPerSecond, toWorker: { unit, n, p50, p99, max } };
}
