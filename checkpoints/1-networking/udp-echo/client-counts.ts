import { check } from '../../harness/failure.ts';
import { checkCounts, runClient } from './client-run.ts';
import { countPath } from './path-truth.ts';
import { ProbeTarget } from './probe-target.ts';
import { together } from './together.ts';

export async function countsLoss(): Promise<void> {
  const plan = { count: 20, intervalMs: 1, waitMs: 100 };
  const lost = new Set([0, 4, 5, 11, 18, 19]);
  await using target = await ProbeTarget.open(({ sequence }, self) => {
    if (!lost.has(sequence)) self.answer(sequence);
  });
  await using silent = await ProbeTarget.open(() => {});
  const [report, none] = await together([runClient(target, plan), runClient(silent, plan)]);
  const usually = 'what is lost is told from gaps between numbers, which the last ones do not leave, or is not counted';
  checkCounts(
    report,
    countPath(plan.count, target.replies),
    `no answer to the numbers ${[...lost].join(', ')} of ${plan.count}`,
    usually,
  );
  checkCounts(none, countPath(plan.count, []), `no answer to any of ${plan.count} datagrams`, usually);
  check(none.rttMinMs === null && none.rttP50Ms === null && none.rttP99Ms === null, {
    sent: `no answer to any of ${plan.count} datagrams`,
    expected: 'null for each of the three times: nothing was measured',
    received: JSON.stringify([none.rttMinMs, none.rttP50Ms, none.rttP99Ms]),
    usually: '0 or a sentinel stands for "no value": a monitoring system takes it for a very fast path',
  });
}

export async function countsDuplicates(): Promise<void> {
  const plan = { count: 20, intervalMs: 1, waitMs: 100 };
  const copies = new Map([
    [0, 1],
    [6, 3],
    [13, 1],
  ]);
  const lost = new Set([7, 15]);
  await using target = await ProbeTarget.open(({ sequence }, self) => {
    if (!lost.has(sequence)) self.answer(sequence);
    for (let i = 0; i < (copies.get(sequence) ?? 0); i += 1) self.answer(sequence);
    // A copy that comes long after the first, when larger numbers have been answered.
    if (sequence === plan.count - 1) self.answer(2);
  });
  const report = await runClient(target, plan);
  checkCounts(
    report,
    countPath(plan.count, target.replies),
    'two numbers lost, 5 copies right after the first reply, and one copy of an early reply at the very end',
    'copies count as received, and hide as many losses; or a late copy counts as reordered; or the client ends when it has COUNT replies',
  );
}

export async function countsReordering(): Promise<void> {
  const plan = { count: 20, intervalMs: 1, waitMs: 100 };
  // The reply to a key is sent after the reply to its value, and after those that were held for the same one earlier.
  const after = new Map([
    [3, 6],
    [4, 6],
    [8, 9],
    [12, plan.count - 1],
  ]);
  const lost = new Set([10, 16]);
  await using target = await ProbeTarget.open(({ sequence }, self) => {
    if (!lost.has(sequence) && !after.has(sequence)) self.answer(sequence);
    for (const [held, until] of after) if (until === sequence) self.answer(held);
  });
  const report = await runClient(target, plan);
  checkCounts(
    report,
    countPath(plan.count, target.replies),
    `replies in this order: ${target.replies.join(' ')}`,
    'a reply is compared with the one before it: two late ones in a row then count once; or a gap counts as reordering',
  );
}
