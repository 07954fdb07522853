import { check } from '../../harness/failure.ts';
import { keyOf } from './broker.ts';
import { endSessionsOf, expectExactly, expectPaid, type Hold, holdEffects, holdTable, paid } from './effects.ts';
import { publish } from './post.ts';
import { proxyTo } from './publishing.ts';
import { reward } from './reward.ts';
import { Tavern } from './tavern.ts';

const AFTER_THE_MARKER_MS = 4_000;
const UNDER_WAY = 'the worker does not begin the effect, or does not write the tables of the brief';

export async function getsItsMessagesAgain(): Promise<void> {
  await using tavern = await Tavern.open();
  const first = await tavern.start();
  const key = keyOf(0);
  await using hold = await holdEffects(tavern);
  await publish(first, [reward('held', { adventurer: 'Held', key }), reward('open', { adventurer: 'Held' })]);
  await hold.reached(2, UNDER_WAY);
  first.kill('SIGKILL');
  await first.exited;
  await endSessionsOf(tavern);
  await hold.release();
  const second = await tavern.start();
  await publish(second, [reward('marker')]);
  await expectPaid(tavern, ['marker'], { usually: UNDER_WAY, program: second });
  // What was handed out before it, and came back, lay in front of it.
  await expectPaid(tavern, ['held', 'open'], {
    withinMs: AFTER_THE_MARKER_MS,
    sent: 'two messages; the worker was killed in the middle of their effects, and another one started',
    usually: 'the message is acknowledged when it arrives, before its effect: then nobody has it',
  });
}

export async function appliesOnce(seed: number): Promise<void> {
  await using tavern = await Tavern.open();
  const { proxy, url } = await proxyTo(tavern.rabbit.url, seed);
  await using _ = proxy;
  const first = await tavern.start({ AMQP_URL: url });
  const key = keyOf(0);
  await using hold = await holdEffects(tavern);
  await publish(first, [reward('reward-1', { adventurer: 'Held', key })]);
  await hold.reached(1, UNDER_WAY);
  // From here on no acknowledgement arrives, but the effect is committed.
  proxy.freeze();
  await hold.release();
  await expectPaid(tavern, ['reward-1'], { usually: UNDER_WAY });
  first.kill('SIGKILL');
  await first.exited;
  proxy.reset();
  const second = await tavern.start();
  // Of the same key, so it comes after whatever comes again.
  await publish(second, [reward('reward-2', { key })]);
  await expectPaid(tavern, ['reward-2'], { usually: 'the second worker does not get what the first one held' });
  await expectExactly(tavern, ['reward-1', 'reward-2'], {
    sent: 'a message whose worker was killed after its effect and before its acknowledgement',
    usually: 'the message comes again, and nothing tells the worker that it has been done: keep its id with the effect',
  });
}

/** A crash between the two writes, whichever comes first. */
export async function writesBothOrNone(): Promise<void> {
  await using tavern = await Tavern.open();
  for (const table of ['ledger', 'inbox'] as const) {
    const key = keyOf(1);
    const [cut, next] = [`cut-at-${table}`, `after-${table}`];
    const hold: Hold = await holdTable(tavern, table);
    await using _ = hold;
    await using first = await tavern.start();
    await publish(first, [reward(cut, { key })]);
    await hold.reached(1, UNDER_WAY);
    first.kill('SIGKILL');
    await first.exited;
    await endSessionsOf(tavern);
    await hold.release();
    await using second = await tavern.start();
    await publish(second, [reward(next, { key })]);
    await expectPaid(tavern, [next], { usually: 'the second worker does not get what the first one held' });
    second.kill('SIGKILL');
    const times = (await paid(tavern)).filter((id) => id === cut).length;
    check(times === 1, {
      sent: `a message whose worker was killed while it wrote into the table ${table}`,
      expected: 'its effect once, by the worker that came next',
      received: times === 0 ? 'no effect' : `its effect ${times} times`,
      usually:
        times === 0
          ? 'the inbox row was committed without the effect: one transaction for both'
          : 'the effect was committed without its inbox row: one transaction for both',
    });
  }
}

export async function appliesTwinsOnce(): Promise<void> {
  await using tavern = await Tavern.open();
  const [first] = await Promise.all([tavern.start(), tavern.start({ ROLE: 'worker' })]);
  await using hold = await holdEffects(tavern);
  const twin = reward('twin', { adventurer: 'Held' });
  // What a publisher does whose first attempt was answered "failed", though it had arrived.
  await publish(first, [twin, twin, twin]);
  await hold.reached(2, 'the copies are not worked on side by side, or the second waits for nothing');
  await hold.release();
  await tavern.rabbit.expectReady('any', 0, 'messages are left');
  await publish(first, [reward('last')]);
  await expectPaid(tavern, ['twin', 'last'], { usually: UNDER_WAY });
  await first.stop();
  const times = (await paid(tavern)).filter((id) => id === twin.id).length;
  check(times === 1, {
    sent: 'three copies of one message, worked on at the same time',
    expected: 'its effect once',
    received: `its effect ${times} times`,
    usually: 'looking whether a message is new and noting that it is here are two steps; the copies pass between them',
  });
}
