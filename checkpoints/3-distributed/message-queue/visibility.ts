import { check } from '../../harness/failure.ts';
import { keyOf } from './broker.ts';
import { expectExactly, expectPaid, holdEffects } from './effects.ts';
import { publish } from './post.ts';
import { reward } from './reward.ts';
import { openSqs } from './sqs-bench.ts';
import { Tavern } from './tavern.ts';

const VISIBILITY_S = 3;
/** Longer than twice the visibility timeout. */
const WATCHED_S = 7;

export async function extendsVisibility(): Promise<void> {
  await using bench = await openSqs();
  await using tavern = await Tavern.open({ broker: bench, env: { VISIBILITY_TIMEOUT_S: String(VISIBILITY_S) } });
  const program = await tavern.start();
  await using hold = await holdEffects(tavern);
  await publish(program, [
    reward('slow', { adventurer: 'Held' }),
    reward('slow-keyed', { adventurer: 'Held', key: keyOf(0) }),
  ]);
  await hold.reached(2, 'the worker does not begin the effects');
  // As a second worker: whatever becomes visible while the first still works on it, this one gets.
  const got = await Promise.all([bench.receive('', WATCHED_S), bench.receive('.fifo', WATCHED_S)]);
  const sent = `two messages whose effects take longer than VISIBILITY_TIMEOUT_S=${VISIBILITY_S}, while a second worker asks`;
  check(got.flat().length === 0, {
    sent,
    expected: 'nothing for the second worker, as long as the first is at work',
    received: 'a message that the first one still works on',
    usually: 'the visibility timeout is never extended: SQS takes a slow worker for a dead one',
    details: [`against ${bench.against}`],
  });
  await hold.release();
  await expectPaid(tavern, ['slow', 'slow-keyed'], { sent, usually: 'the messages are lost', program });
  await program.stop();
  await expectExactly(tavern, ['slow', 'slow-keyed'], { sent, usually: 'an effect happened twice' });
}
