/** A message that fails twice and then succeeds: who waits for it, how long, and who overtakes it? */
import { keyOf } from '../../3-distributed/message-queue/broker.ts';
import { bodyOf, connectQueue, type Place } from './queues.ts';
import { WorkerProcess } from './worker-process.ts';

export const WAITS = { behindEach: 5, retryDelayMs: 1_000, failures: 2 } as const;

export const GROUPS = ['its key', 'another key of its partition', 'a key of another partition', 'no key'] as const;
export type Group = (typeof GROUPS)[number];

export interface Wait {
  readonly broker: Place['broker'];
  /** Whether the message that fails has a key. */
  readonly keyed: boolean;
  readonly group: Group;
  /** The longest that one of the group took from its publish to its effect. */
  readonly longestMs: number;
  /** How many of the group had their effect before it. */
  readonly overtook: number;
}

const KEYS: Readonly<Record<Group, string | undefined>> = {
  'its key': keyOf(0),
  'another key of its partition': keyOf(0, 1),
  'a key of another partition': keyOf(1),
  'no key': undefined,
};

export async function measureWaits(place: Place, keyed: boolean): Promise<Wait[]> {
  const env = { ...place.env, RETRY_DELAY_MS: String(WAITS.retryDelayMs), MAX_ATTEMPTS: '10' };
  await using worker = new WorkerProcess(env);
  await worker.ready();
  const queue = await connectQueue(env);
  // Where nothing of its key exists, there is nothing to say about its key.
  const groups = GROUPS.filter((group) => keyed || KEYS[group] === undefined);
  const flaky = `flaky-${keyed}`;
  const publishedAtMs = new Map<string, number>();
  const publish = async (id: string, key: string | undefined): Promise<void> => {
    publishedAtMs.set(id, performance.timeOrigin + performance.now());
    const { outcome, why } = await queue.publish({ id, key, body: bodyOf(id, key) });
    if (outcome !== 'confirmed') throw new Error(`a message was not confirmed: ${why}`);
  };
  await publish(flaky, keyed ? KEYS['its key'] : undefined);
  // At once: the mock of Kafka hands out one batch a partition and fetch, so singly they would wait for each other.
  const rounds = Array.from({ length: WAITS.behindEach }, (_, i) => i + 1);
  await Promise.all(
    rounds.flatMap((i) => groups.map((group) => publish(`${keyed}-${GROUPS.indexOf(group)}-${i}`, KEYS[group]))),
  );
  await worker.count('done', 1 + groups.length * WAITS.behindEach);
  await queue.close();
  const done = worker.events.filter(({ event }) => event === 'done');
  const turn = done.findIndex(({ id }) => id === flaky);
  return groups.map((group) => {
    const own = done.filter(({ id }) => id.startsWith(`${keyed}-${GROUPS.indexOf(group)}-`));
    const times = own.map(({ id, atMs }) => Math.round(atMs - (publishedAtMs.get(id) ?? Number.NaN)));
    return {
      broker: place.broker,
      keyed,
      group,
      longestMs: Math.max(...times),
      overtook: own.filter((each) => done.indexOf(each) < turn).length,
    };
  });
}
