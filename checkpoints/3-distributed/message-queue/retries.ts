import type { ConsumeMessage } from 'amqplib';
import { deadlineMs, pollUntil, within } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { keyOf } from './broker.ts';
import { attempts, attemptTimes, curse, expectExactly, expectPaid } from './effects.ts';
import { publish } from './post.ts';
import { reward, rewards } from './reward.ts';
import { Tavern } from './tavern.ts';

interface Attempt {
  readonly attempt?: unknown;
  readonly at?: unknown;
  readonly error?: unknown;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export async function retriesAside(): Promise<void> {
  const env = { PREFETCH: '2', RETRY_DELAY_MS: '600000', MAX_ATTEMPTS: '3' };
  await using tavern = await Tavern.open({ env });
  const program = await tavern.start();
  await curse(tavern, 'Cursed');
  const cursed = rewards(8, 'cursed', { adventurer: 'Cursed' });
  await publish(program, cursed);
  await publish(program, rewards(3, 'good'));
  await expectPaid(tavern, ['good-1', 'good-2', 'good-3'], {
    sent: '8 messages that fail, with PREFETCH=2 and RETRY_DELAY_MS=600000, and 3 behind them that do not',
    usually: 'a message that waits for its retry keeps its place: the worker holds it, and may hold no other one',
    program,
  });
  const tried = await attempts(tavern);
  check(tried === cursed.length, {
    sent: '8 messages that fail, with a retry in ten minutes',
    expected: '8 attempts so far',
    received: tried > cursed.length ? 'more' : 'fewer',
    usually: 'a message that fails goes straight back to its queue, and fails again at once',
  });
}

const HELD_WITHIN_MS = 8_000;
const PUT_ASIDE_WITHIN_MS = 5_000;
const MAX_ATTEMPTS = 3;
const RETRY_DELAY_MS = 300;

export async function setsPoisonAside(): Promise<void> {
  await countsAttempts();
  await keepsTheOriginal();
}

/** The queue of the dead has gone, so no copy in it is confirmed. What comes next is a crash. */
async function keepsTheOriginal(): Promise<void> {
  await using tavern = await Tavern.open();
  const first = await tavern.start();
  await tavern.rabbit.on((channel) => channel.deleteQueue(tavern.rabbit.queue('dead')));
  await tavern.rabbit.put('any', 'not JSON', {}, 'nowhere-to-go');
  // Behind it in the same queue: when this one is paid, that one has been looked at.
  await publish(first, [reward('marker')]);
  const usually = 'the message is acknowledged before its copy is confirmed, or whatever becomes of the copy';
  await expectPaid(tavern, ['marker'], { usually: 'what cannot be put aside holds up everything', program: first });
  first.kill('SIGKILL');
  await first.exited;
  const second = await tavern.start();
  const ready = () => tavern.rabbit.ready('dead');
  await pollUntil(ready, (count) => count > 0, {
    withinMs: PUT_ASIDE_WITHIN_MS,
    everyMs: 25,
    otherwise: () =>
      new CheckpointFailure({
        sent: 'a body that is no message, while there was no <QUEUE>.dead to put it into; then another worker',
        expected: 'the message in <QUEUE>.dead, as soon as there is one again',
        received: 'no message, there or anywhere',
        usually,
        details: second.logTail(),
      }),
  });
}

async function countsAttempts(): Promise<void> {
  const env = { RETRY_DELAY_MS: String(RETRY_DELAY_MS), MAX_ATTEMPTS: String(MAX_ATTEMPTS) };
  await using tavern = await Tavern.open({ env });
  const program = await tavern.start();
  await curse(tavern, 'Cursed');
  const key = keyOf(3);
  for (const poison of [reward('open', { adventurer: 'Cursed' }), reward('keyed', { adventurer: 'Cursed', key })]) {
    const before = await attempts(tavern);
    await publish(program, [poison, reward(`behind-${poison.id}`, poison.key === undefined ? {} : { key })]);
    const [dead] = await tavern.rabbit.dead(1, 'a message that has failed MAX_ATTEMPTS times is tried on, or dropped');
    const sent = `a message ${poison.key === undefined ? 'without a key' : 'with a key'} that fails each time, with MAX_ATTEMPTS=${MAX_ATTEMPTS}`;
    expectHistory(dead, { sent, attempts: MAX_ATTEMPTS, error: 'cursed' });
    check(dead?.properties.messageId === poison.id && dead.content.toString().includes('"Cursed"'), {
      sent,
      expected: 'the message in <QUEUE>.dead with its body and its message-id',
      received: 'another body or message-id',
      usually: 'what is put aside is made anew and not copied',
    });
    const tried = (await attempts(tavern)) - before;
    check(tried === MAX_ATTEMPTS, {
      sent,
      expected: `${MAX_ATTEMPTS} attempts`,
      received: String(tried),
      usually: 'the first attempt does not count, or a redelivery begins to count anew',
    });
    const times = (await attemptTimes(tavern, before + tried)).slice(before);
    const shortest = Math.min(...times.slice(1).map((time, i) => time - (times[i] ?? 0)));
    check(shortest >= RETRY_DELAY_MS - 20, {
      sent: `${sent} and RETRY_DELAY_MS=${RETRY_DELAY_MS}`,
      expected: 'at least the delay between two attempts',
      received: 'less',
      usually: 'the message is tried again at once, or the delay is taken for seconds',
      details: [`shortest ${shortest} ms`],
    });
    await expectPaid(tavern, [`behind-${poison.id}`], {
      usually: 'what is behind the poison stays behind it',
      program,
    });
  }
}

/** Fails unless a dead message carries what the brief says of its attempts. */
export function expectHistory(
  dead: ConsumeMessage | undefined,
  { sent, attempts: count, error }: { readonly sent: string; readonly attempts: number; readonly error: string },
  entries = count,
): void {
  const { attempts: told, history } = dead?.properties.headers ?? {};
  check(told === count, {
    sent,
    expected: `the header attempts with the number ${count}`,
    received: JSON.stringify(told) ?? 'no such header',
    usually: 'the count is kept by the worker alone, begins elsewhere than at 1, or is a text',
  });
  const list = parsed(history);
  const whole =
    list.length === entries &&
    list.every((each) => Number.isInteger(each.attempt) && ISO.test(String(each.at)) && typeof each.error === 'string');
  check(whole && list.some((each) => String(each.error).includes(error)), {
    sent,
    expected: `the header history with ${entries} ${entries === 1 ? 'entry' : 'entries'} of attempt, at and error`,
    received: list.length === entries ? 'entries of another form' : `${list.length}`,
    usually: 'only the last failure is kept, or only those since the last redrive: each attempt adds its own',
    details: [String(history).slice(0, 300)],
  });
}

function parsed(history: unknown): Attempt[] {
  try {
    const list: unknown = JSON.parse(String(history));
    return Array.isArray(list) ? (list as Attempt[]) : [];
  } catch {
    return [];
  }
}

export async function setsTheUnreadableAside(): Promise<void> {
  await using tavern = await Tavern.open({ env: { RETRY_DELAY_MS: '600000' } });
  const program = await tavern.start();
  // From a publisher that means something else by these names.
  const foreign = { history: 'see the log', attempts: 'many' };
  await tavern.rabbit.put('any', JSON.stringify(reward('foreign')), foreign, 'foreign');
  await expectPaid(tavern, ['foreign'], {
    sent: 'a good message whose headers history and attempts are somebody else\'s: "see the log" and "many"',
    usually: 'headers of strangers are parsed as if they were ours, outside of what handles a failed attempt',
    program,
  });
  const bodies = ['{"id":"half', '[]', JSON.stringify({ id: 'no-gold', adventurer: 'Brida' }), ''];
  for (const body of bodies) await tavern.rabbit.put('any', body);
  await tavern.rabbit.put(1, 'not JSON', { key: keyOf(1) });
  await publish(program, [reward('good'), reward('good-too', { key: keyOf(1) })]);
  await expectPaid(tavern, ['good', 'good-too'], {
    sent: 'bodies that are no messages, and good ones behind them',
    usually: 'a body that cannot be parsed ends the worker, or is tried for ever',
    program,
  });
  const dead = await tavern.rabbit.dead(
    bodies.length + 1,
    'no retry makes them readable: they go aside at the first look',
  );
  for (const each of dead) expectHistory(each, { sent: 'a body that is no message', attempts: 1, error: '' });
  await expectExactly(tavern, ['foreign', 'good', 'good-too'], {
    sent: 'bodies that are no messages',
    usually: 'something was paid',
  });
}

export async function letsTheBrokerCount(): Promise<void> {
  await using tavern = await Tavern.open({ env: { DELIVERY_LIMIT: '2' } });
  const program = await tavern.start({ ROLE: 'publisher' });
  await publish(program, [reward('deadly'), reward('deadly-too', { key: keyOf(2) })]);
  for (const end of ['any', 2]) {
    // As a worker does that the message kills before it can count anything.
    for (let death = 1; death <= 3; death += 1) {
      await tavern.rabbit.on(async (channel) => {
        const missing = () =>
          new CheckpointFailure({
            expected: 'the message in its queue',
            received: 'none',
            usually: 'messages go to another queue than the brief says: CRC-32 of the key',
          });
        // It was confirmed, and nobody has consumed yet.
        if (death === 1 && (await tavern.rabbit.ready(end)) === 0) throw missing();
        const held = Promise.withResolvers<void>();
        await channel.prefetch(1);
        await channel.consume(tavern.rabbit.queue(end), () => held.resolve());
        await within(held.promise, deadlineMs(HELD_WITHIN_MS), missing);
      });
    }
  }
  const dead = await tavern.rabbit.dead(
    2,
    'the queues have no x-delivery-limit, or are no quorum queues: it has no default in RabbitMQ 3.10',
    // What is back in its queue after so many deaths will not leave it any more.
    { isOver: async () => (await tavern.rabbit.ready('any')) + (await tavern.rabbit.ready(2)) > 0 },
  );
  check(
    dead.every(({ properties }) => String(properties.messageId).startsWith('deadly')),
    {
      expected: 'the messages that kill their workers, in <QUEUE>.dead',
      received: 'others',
      usually: 'the queues do not dead-letter to <QUEUE>.dead',
    },
  );
}
