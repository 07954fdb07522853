import { CheckpointFailure, check } from '../../harness/failure.ts';
import { exitOf, type Program, spawnProgram } from '../../harness/program.ts';
import { keyOf } from './broker.ts';
import { curse, expectExactly, expectPaid } from './effects.ts';
import { expectHistory } from './retries.ts';
import { reward } from './reward.ts';
import { Tavern } from './tavern.ts';

const REDRIVEN_WITHIN_MS = 20_000;

export interface Redriven {
  readonly code: number | null;
  /** What its line says; undefined without one. */
  readonly count: number | undefined;
  readonly program: Program;
}

/** Runs the command to its end. */
export async function runRedrive(tavern: Tavern): Promise<Redriven> {
  await using program = spawnProgram({ env: tavern.environment({ ROLE: 'redrive' }) });
  const { code } = await exitOf(
    program,
    REDRIVEN_WITHIN_MS,
    () =>
      new CheckpointFailure({
        sent: 'ROLE=redrive',
        expected: 'the line REDRIVEN <n>, and its end',
        received: 'a program that still runs',
        usually:
          'it moves until the queue is empty, and what dies again keeps it from being so; or something keeps it alive',
        details: program.logTail(),
      }),
  );
  const [, count] = /^REDRIVEN (\d+)\r?$/m.exec(program.stdout) ?? [];
  return { code, count: count === undefined ? undefined : Number(count), program };
}

const HISTORY = [{ attempt: 1, at: '2026-01-05T09:30:00.000Z', error: 'an older failure' }];

export async function bringsTheDeadBack(): Promise<void> {
  const env = { MAX_ATTEMPTS: '2', RETRY_DELAY_MS: '50' };
  await using tavern = await Tavern.open({ env });
  await tavern.start({ ROLE: 'worker' });
  await curse(tavern, 'Cursed');
  const key = keyOf(1);
  const dead = [
    reward('cursed', { adventurer: 'Cursed' }),
    reward('open'),
    reward('keyed-1', { key }),
    reward('keyed-2', { key }),
    reward('cursed-keyed', { adventurer: 'Cursed', key: keyOf(2) }),
  ];
  for (const each of dead) {
    const headers = {
      attempts: 2,
      history: JSON.stringify(HISTORY),
      ...(each.key === undefined ? {} : { key: each.key }),
    };
    await tavern.rabbit.put('dead', JSON.stringify(each), headers, each.id);
  }
  const { code, count, program } = await runRedrive(tavern);
  const sent = 'ROLE=redrive with 5 messages in <QUEUE>.dead, two of which will fail again';
  check(code === 0 && count === dead.length, {
    sent,
    expected: `REDRIVEN ${dead.length}, and exit code 0`,
    received: `${count === undefined ? 'no such line' : `REDRIVEN ${count}`}, and ${code === null ? 'a signal' : `exit code ${code}`}`,
    usually:
      'it moves until the queue is empty, and so what died again meanwhile as well: take as many as lie there at the start',
    details: program.logTail(),
  });
  await expectPaid(tavern, ['open', 'keyed-1', 'keyed-2'], {
    sent,
    usually: 'what is brought back goes to another queue',
  });
  const returned = await tavern.rabbit.dead(
    2,
    'a message that is brought back counts on from its old attempts, or is lost when it fails',
  );
  for (const { id, key: wanted } of dead.filter(({ adventurer }) => adventurer === 'Cursed')) {
    const again = returned.find(({ properties }) => properties.messageId === id);
    check(again !== undefined, {
      sent,
      expected: 'the messages that failed again in <QUEUE>.dead, with their message-id',
      received: returned.map(({ properties }) => String(properties.messageId ?? 'no message-id')).join(', '),
      usually: 'the properties of the message get lost on the way back',
    });
    expectHistory(again, { sent, attempts: 2, error: 'cursed' }, HISTORY.length + 2);
    check((again.properties.headers?.key ?? undefined) === wanted, {
      sent,
      expected: wanted === undefined ? 'no header key' : 'the header key as it was',
      received: wanted === undefined ? 'one' : String(again.properties.headers?.key ?? 'no header key'),
      usually: 'the key picks the queue and is not published with the message: its order is lost from there on',
    });
  }
  const ordered = ['keyed-1', 'keyed-2'];
  const { rows } = await tavern.sql.query<{ id: string }>(
    "SELECT message_id AS id FROM ledger WHERE message_id LIKE 'keyed%' ORDER BY entry",
  );
  check(rows.map(({ id }) => id).join() === ordered.join(), {
    sent,
    expected: 'messages of one key in the order in which they lay there',
    received: rows.map(({ id }) => id).join(', '),
    usually: 'they are published without their key, or several at once',
  });
}

export async function redriveLosesNothing(): Promise<void> {
  await using tavern = await Tavern.open();
  const publisher = await tavern.start({ ROLE: 'publisher' });
  await publisher.stop();
  for (const id of ['one', 'two', 'three']) await tavern.rabbit.put('dead', JSON.stringify(reward(id)), {}, id);
  const full = tavern.rabbit.queue('retry.9');
  await tavern.rabbit.on(async (channel) => {
    await channel.assertQueue(full, { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
    await channel.bindQueue(full, tavern.rabbit.name, 'any');
    channel.sendToQueue(full, Buffer.from('full'));
    await channel.checkQueue(full);
  });
  const { code, program } = await runRedrive(tavern);
  const sent = 'ROLE=redrive, while the broker refuses what is published';
  check(code !== 0 && code !== null, {
    sent,
    expected: 'an exit code other than 0',
    received: code === 0 ? 'exit code 0' : 'a signal',
    usually: 'the outcome of the publish is not looked at',
    details: program.logTail(),
  });
  await tavern.rabbit.expectReady('dead', 3, 'a dead message is acknowledged before its new publish is confirmed');
  await expectExactly(tavern, [], { sent, usually: 'something was paid' });
}
