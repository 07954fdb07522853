/** A worker that holds messages dies, and another one starts in the same moment. How long until that one has them? */
import { bodyOf, connectQueue, type Place } from './queues.ts';
import { WorkerProcess } from './worker-process.ts';

export const REDELIVERY = {
  messages: 20,
  /** A session of Kafka and a visibility of SQS take so long; of RabbitMQ it is three heartbeats. */
  noticeS: [3, 6],
  /** Killed, the kernel closes its connections. Stopped, nobody does: as if its machine had lost its power. */
  ends: ['killed', 'stopped'],
} as const;

export type End = (typeof REDELIVERY.ends)[number];

export interface Redelivery {
  readonly broker: Place['broker'];
  readonly end: End;
  readonly noticeS: number;
  /** From its end until the next worker had the first and the last of its messages. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Messages that the first one had in hand, and those of them that the second one was handed again. */
  readonly inHand: number;
  readonly handedTwice: number;
}

/** How many of the messages a worker has in its hands at a time, without any having been settled. */
const IN_HAND: Readonly<Record<Place['broker'], number>> = { RabbitMQ: 20, Kafka: 4, SQS: 20 };

export async function measureRedelivery(place: Place, end: End, noticeS: number): Promise<Redelivery> {
  const env = { ...place.env, HEARTBEAT_S: String(noticeS / 3), VISIBILITY_TIMEOUT_S: String(noticeS) };
  await using first = new WorkerProcess({ ...env, HOLDS: '1' });
  await first.ready();
  const queue = await connectQueue(env);
  const ids = Array.from({ length: REDELIVERY.messages }, (_, i) => `held-${i + 1}`);
  const outcomes = await Promise.all(ids.map((id) => queue.publish({ id, body: bodyOf(id) })));
  if (outcomes.some(({ outcome }) => outcome !== 'confirmed')) throw new Error('a message was not confirmed');
  await first.count('got', IN_HAND[place.broker]);
  const endedAtMs = performance.timeOrigin + performance.now();
  first.signal(end === 'killed' ? 'SIGKILL' : 'SIGSTOP');
  await using second = new WorkerProcess(env);
  await second.count('done', REDELIVERY.messages);
  await queue.close();
  const times = second.events.filter(({ event }) => event === 'done').map(({ atMs }) => Math.round(atMs - endedAtMs));
  return {
    broker: place.broker,
    end,
    noticeS,
    firstMs: Math.min(...times),
    lastMs: Math.max(...times),
    inHand: first.ids('got').size,
    handedTwice: [...second.ids('got')].filter((id) => first.ids('got').has(id)).length,
  };
}
