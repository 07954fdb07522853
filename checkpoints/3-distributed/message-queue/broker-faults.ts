import { check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import type { PrivateServer } from '../../services/private-server.ts';
import { keyOf } from './broker.ts';
import { expectPaid, holdEffects, paid } from './effects.ts';
import { expectKeyOrder } from './order.ts';
import { expectOnce } from './outages.ts';
import { alarm, withOwnRabbit } from './own-rabbit.ts';
import { type Answer, outcomesOf, post, publish } from './post.ts';
import { type Reward, reward, rewards } from './reward.ts';
import { Tavern } from './tavern.ts';

const TIMEOUT_MS = 700;

export function livesThroughAnAlarm(): Promise<void> {
  return withOwnRabbit(outlivesTheAlarm);
}

async function outlivesTheAlarm(server: PrivateServer): Promise<void> {
  await using tavern = await Tavern.open({ amqpUrl: server.url });
  const program = await tavern.start({ PUBLISH_TIMEOUT_MS: String(TIMEOUT_MS) });
  await publish(program, [reward('before')]);
  await expectPaid(tavern, ['before'], { usually: 'the worker does not begin the effect' });
  await using hold = await holdEffects(tavern);
  const held = rewards(30, 'held', { adventurer: 'Held' });
  await publish(program, held);
  {
    await using _ = await alarm(server);
    const answers = await post(program, rewards(3, 'alarm'));
    check(
      answers.every(({ outcome }) => outcome === 'failed'),
      {
        sent: '3 messages, while the broker has raised its memory alarm and reads nothing from publishers',
        expected: '3 failed',
        received: outcomesOf(answers),
        usually: 'a message counts as confirmed once it is written to the socket',
        details: program.logTail(),
      },
    );
    // More than one PREFETCH, so that the last of them are handed out only when the first are acknowledged.
    await hold.release();
    await expectPaid(
      tavern,
      held.map(({ id }) => id),
      {
        sent: '30 messages that lay there before the memory alarm, with PREFETCH=20',
        usually:
          'publisher and consumer share a connection: the broker reads no acknowledgements either, and hands out no more',
        program,
      },
    );
  }
  const answers = await post(program, [reward('after')], 20_000);
  check(answers[0]?.outcome !== 'unroutable', {
    sent: 'a message after the alarm',
    expected: 'confirmed, or failed and then confirmed',
    received: outcomesOf(answers),
    usually: 'the topology is gone',
  });
}

const MESSAGES = 10_000;
const BATCH = 100;
const PUBLISHERS = 4;
/** The broker is killed when so many have had their effect, and once more when so many have. */
const KILLED_AT = [1_000, 4_000] as const;
const EFFECTS_WITHIN_MS = 60_000;
/** Longer than a reconnect takes. When nothing is paid for so long, nothing more will be. */
const STILL_MS = 8_000;

export function losesNothing(): Promise<void> {
  return withOwnRabbit(outlivesTheBroker);
}

async function outlivesTheBroker(server: PrivateServer): Promise<void> {
  await using tavern = await Tavern.open({ amqpUrl: server.url, env: { PREFETCH: '100', PUBLISH_TIMEOUT_MS: '2000' } });
  const [program] = await Promise.all([tavern.start(), tavern.start({ ROLE: 'worker' })]);
  // A key belongs to one publisher: between two of them there is no order to keep.
  const messages = Array.from({ length: MESSAGES }, (_, i) =>
    reward(`m-${i}`, i % 40 < PUBLISHERS ? { key: keyOf(i % PUBLISHERS) } : {}),
  );
  const confirmed: string[] = [];
  const counts = new Map<string, number>();
  const note = (answers: readonly Answer[]) => {
    for (const { id, outcome } of answers) {
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      if (outcome === 'confirmed') confirmed.push(id);
    }
  };
  const publishing = publishAll(program, messages, note);
  const killing = killTwice(tavern, publishing, server);
  await Promise.all([publishing, killing]);
  const told = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  const sent = `${MESSAGES.toLocaleString('en')} messages, while the broker was killed with SIGKILL and started again under load`;
  check((counts.get('unroutable') ?? 0) === 0 && confirmed.length > 0, {
    sent,
    expected: 'each message confirmed or failed',
    received: told,
    usually: 'what is published before the topology is there again has nowhere to go',
  });
  await expectPaid(tavern, confirmed, {
    sent,
    expected: 'the effect of each message that was confirmed',
    usually:
      'a message was confirmed, and the broker did not have it: no confirm, not persistent, or a queue that is not durable',
    program,
    withinMs: EFFECTS_WITHIN_MS,
    stillMs: STILL_MS,
  });
  await expectOnce(tavern, sent);
  expectKeyOrder(
    await firstOfEach(tavern),
    messages.filter(isIn(confirmed)),
    sent,
    'the order of a key is lost with the connection',
  );
}

function isIn(ids: readonly string[]): (each: Reward) => boolean {
  const known = new Set(ids);
  return ({ id }) => known.has(id);
}

async function firstOfEach(tavern: Tavern): Promise<string[]> {
  return [...new Set(await paid(tavern))];
}

/** Several at once, each batch after the one before: whoever was told `failed` does not try again, so that all can be counted. */
async function publishAll(program: Program, messages: readonly Reward[], note: (answers: readonly Answer[]) => void) {
  const publisher = async (number: number): Promise<void> => {
    const own = messages.filter((_, i) => i % PUBLISHERS === number);
    for (let at = 0; at < own.length; at += BATCH) note(await post(program, own.slice(at, at + BATCH)));
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, (_, number) => publisher(number)));
}

async function killTwice(tavern: Tavern, publishing: Promise<void>, server: PrivateServer) {
  let done = false;
  publishing.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  for (const at of KILLED_AT) {
    for (;;) {
      const { rows } = await tavern.sql.query<{ n: number }>('SELECT count(*)::integer AS n FROM ledger');
      if ((rows[0]?.n ?? 0) >= at || done) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    if (done) return;
    await server.kill();
    await server.start();
  }
}
