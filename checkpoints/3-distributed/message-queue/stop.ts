import { once } from 'node:events';
import { connect } from 'node:net';
import { deadlineMs, pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { exitOf, type Program } from '../../harness/program.ts';
import { keyOf, partitionOf } from './broker.ts';
import { expectExactly, expectPaid, holdEffects, paid } from './effects.ts';
import { publish } from './post.ts';
import { reward, rewards } from './reward.ts';
import { Tavern } from './tavern.ts';

const SHORT_MS = 700;
const SOON_MS = 8_000;

export async function returnsTheRest(): Promise<void> {
  await using tavern = await Tavern.open({ env: { PREFETCH: '10', SHUTDOWN_TIMEOUT_MS: '60000' } });
  const program = await tavern.start();
  const key = keyOf(2);
  await using hold = await holdEffects(tavern);
  const kept = [reward('in-flight-keyed', { key, adventurer: 'Held' }), ...rewards(3, 'behind', { key })];
  await publish(program, [reward('in-flight', { adventurer: 'Held' }), ...kept]);
  await hold.reached(2, 'the worker does not begin the effects');
  program.kill('SIGTERM');
  const sent = 'SIGTERM, with two effects under way and three messages in hand that wait for one of them';
  await expectRefused(program, sent);
  // What comes now is nobody's but the next worker's.
  await tavern.rabbit.put('any', JSON.stringify(reward('late')), {}, 'late');
  await hold.release();
  await expectExit(program, {
    sent,
    expected: 'exit code 0 as soon as the two effects are done',
    usually: 'the connection, the pool or a timer keeps the process alive, or consuming goes on',
    withinMs: SOON_MS,
  });
  await expectExactly(tavern, ['in-flight', 'in-flight-keyed'], {
    sent,
    usually: 'what is under way is cut off, or what has not begun yet is begun after the signal',
  });
  const usually = 'what was in hand and not begun is acknowledged, or held by a connection that is still open';
  await tavern.rabbit.expectReady(partitionOf(key), 3, usually);
  await tavern.rabbit.expectReady('any', 1, usually);
  await tavern.start();
  await expectPaid(tavern, ['late', 'behind-3'], { sent, usually });
  const order = (await paid(tavern)).filter((id) => id.startsWith('behind'));
  check(order.join() === 'behind-1,behind-2,behind-3', {
    sent,
    expected: 'the rest in its order, by the next worker',
    received: order.join(', '),
    usually: 'messages are given back one by one, in another order',
  });
}

export async function stopsAtTheDeadline(): Promise<void> {
  await using tavern = await Tavern.open({ env: { SHUTDOWN_TIMEOUT_MS: String(SHORT_MS) } });
  const program = await tavern.start();
  await using hold = await holdEffects(tavern);
  await publish(program, [reward('stuck', { adventurer: 'Held' })]);
  await hold.reached(1, 'the worker does not begin the effect');
  const since = performance.now();
  program.kill('SIGTERM');
  const text = {
    sent: `SIGTERM with SHUTDOWN_TIMEOUT_MS=${SHORT_MS}, while an effect never ends`,
    expected: `exit code 0 once ${SHORT_MS} ms have passed`,
  };
  await expectExit(program, {
    ...text,
    usually: 'the stop waits for every effect, and one of them never ends',
    withinMs: SHORT_MS + SOON_MS,
  });
  const elapsedMs = performance.now() - since;
  check(elapsedMs > SHORT_MS * 0.9, {
    ...text,
    received: 'its exit before that',
    usually: 'the program ends at once instead of letting effects finish in the time they have',
    details: [`after ${Math.round(elapsedMs)} ms`],
  });
  await tavern.rabbit.expectReady('any', 1, 'the message is acknowledged though its effect was cut off');
}

async function expectRefused(program: Program, sent: string): Promise<void> {
  const probe = async (): Promise<boolean> => {
    const socket = connect(program.port, program.host);
    try {
      await once(socket, 'connect');
      return false;
    } catch {
      return true;
    } finally {
      socket.destroy();
    }
  };
  await pollUntil(probe, (refused) => refused, {
    withinMs: SOON_MS,
    otherwise: () =>
      new CheckpointFailure({
        sent,
        expected: 'new connections to be refused',
        received: `a connection accepted ${deadlineMs(SOON_MS).toLocaleString('en')} ms after SIGTERM`,
        usually: 'the listening socket stays open while the program waits for its effects',
        details: program.logTail(),
      }),
  });
}

async function expectExit(
  program: Program,
  {
    withinMs,
    ...text
  }: { readonly sent: string; readonly expected: string; readonly usually: string; readonly withinMs: number },
): Promise<void> {
  const { code, signal } = await exitOf(
    program,
    withinMs,
    () =>
      new CheckpointFailure({
        ...text,
        received: `a program that still runs ${deadlineMs(withinMs).toLocaleString('en')} ms later`,
        details: program.logTail(),
      }),
  );
  check(code === 0, {
    ...text,
    received: code === null ? `an end by ${signal}` : `exit code ${code}`,
    details: program.logTail(),
  });
}
