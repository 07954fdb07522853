import { check } from '../../harness/failure.ts';
import { keyOf } from './broker.ts';
import { curse, expectAttempts, expectPaid, holdEffects, liftCurse, paid } from './effects.ts';
import { publish } from './post.ts';
import { type Reward, reward, rewards } from './reward.ts';
import { Tavern } from './tavern.ts';

/** Fails unless the ids of each key come in the order in which they were published. */
export function expectKeyOrder(
  ledger: readonly string[],
  published: readonly Reward[],
  sent: string,
  usually: string,
): void {
  const last = new Map<string, number>();
  const places = new Map(published.map(({ id }, place) => [id, place]));
  for (const id of ledger) {
    const place = places.get(id) ?? -1;
    const key = published[place]?.key;
    if (key === undefined) continue;
    check((last.get(key) ?? -1) < place, {
      sent,
      expected: 'the messages of a key in the order in which they were published',
      received: 'a later one before an earlier one',
      usually,
      details: [`${id} came late`, ledger.slice(0, 30).join(', ')],
    });
    last.set(key, place);
  }
}

export async function keepsTheOrderOfAKey(): Promise<void> {
  await using tavern = await Tavern.open({ env: { PREFETCH: '30' } });
  const [first] = await Promise.all([tavern.start(), tavern.start({ ROLE: 'worker' })]);
  const [key, other] = [keyOf(0), keyOf(1)];
  await using hold = await holdEffects(tavern);
  const kept = [reward('held', { key, adventurer: 'Held' }), ...rewards(12, 'behind', { key })];
  await publish(first, kept);
  await hold.reached(1, 'the worker does not begin the effect');
  await publish(first, [...rewards(5, 'open'), ...rewards(5, 'other', { key: other })]);
  const sent = 'a message whose effect takes long, messages of its key behind it, and others';
  await expectPaid(tavern, ['open-5', 'other-5'], {
    sent,
    usually: 'a message that takes long holds up messages of other keys, and those without one',
    program: first,
  });
  await hold.release();
  await expectPaid(tavern, ['held', 'behind-12'], { sent, usually: 'messages of the key are lost' });
  const usually = 'messages of one key are worked on at once, by one worker or by two';
  expectKeyOrder(await paid(tavern), kept, sent, usually);
}

export async function keepsTheOrderAcrossWorkers(): Promise<void> {
  await using tavern = await Tavern.open({ env: { PREFETCH: '10' } });
  const [first, second] = await Promise.all([tavern.start({ ROLE: 'worker' }), tavern.start()]);
  await using hold = await holdEffects(tavern);
  const keys = Array.from({ length: 6 }, (_, i) => keyOf(i % 4, i));
  const published: Reward[] = [];
  for (let round = 1; round <= 20; round += 1) {
    for (const key of keys)
      published.push(reward(`${key}-${round}`, { key, ...(round === 3 ? { adventurer: 'Held' } : {}) }));
  }
  await publish(second, published);
  await hold.reached(3, 'messages of different keys wait for each other');
  // Whoever of the two has a key, loses it in the middle of its messages.
  first.kill('SIGKILL');
  await first.exited;
  await hold.release();
  const ids = published.map(({ id }) => id);
  const sent = '120 messages of 6 keys to two workers, of which one was killed';
  await expectPaid(tavern, ids, {
    sent,
    usually: 'what the worker that was killed held is not taken over',
    program: second,
  });
  expectKeyOrder(
    await paid(tavern),
    published,
    sent,
    'two workers take the messages of one key by turns: one queue, one active consumer',
  );
}

export async function keepsTheOrderUnderRetry(): Promise<void> {
  await using tavern = await Tavern.open({ env: { RETRY_DELAY_MS: '150', MAX_ATTEMPTS: '100', PREFETCH: '10' } });
  const program = await tavern.start();
  const [key, other] = [keyOf(0), keyOf(1)];
  await curse(tavern, 'Cursed');
  const kept = [reward('cursed', { key, adventurer: 'Cursed' }), ...rewards(5, 'behind', { key })];
  await publish(program, kept);
  await publish(program, [...rewards(3, 'open'), ...rewards(3, 'other', { key: other })]);
  const sent = 'a message that fails for a while, messages of its key behind it, and others';
  await expectAttempts(tavern, 3, 'a message with a key is tried once only');
  await expectPaid(tavern, ['open-3', 'other-3'], {
    sent,
    usually: 'the retry of one key holds up all others',
    program,
  });
  await liftCurse(tavern, 'Cursed');
  await expectPaid(
    tavern,
    kept.map(({ id }) => id),
    { sent, usually: 'the message is not tried again', program },
  );
  expectKeyOrder(
    await paid(tavern),
    kept,
    sent,
    'the message that failed waits somewhere else, and those behind it overtake it',
  );
}

export async function keepsPrefetchFair(): Promise<void> {
  await using tavern = await Tavern.open({ env: { PREFETCH: '3' } });
  const first = await tavern.start();
  await using hold = await holdEffects(tavern);
  const ids = rewards(10, 'slow', { adventurer: 'Held' });
  await publish(first, ids);
  await hold.reached(1, 'the worker does not begin the effect');
  await tavern.rabbit.expectReady(
    'any',
    7,
    'the worker takes more than PREFETCH messages into its hands, or all of them',
    { isOver: (ready) => ready < 7 },
  );
  const second = await tavern.start({ ROLE: 'worker' });
  await tavern.rabbit.expectReady('any', 4, 'a second worker gets no share of what waits', {
    isOver: (ready) => ready < 4,
  });
  await hold.release();
  await expectPaid(
    tavern,
    ids.map(({ id }) => id),
    { usually: 'messages are lost', program: second },
  );
}
