import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check, withDetails } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import type { Bench, DeadMessage } from './bench.ts';
import { keyOf } from './broker.ts';
import { DIFFERENCES, tableOfDifferences } from './differences.ts';
import {
  attempts,
  curse,
  endSessionsOf,
  expectAttempts,
  expectExactly,
  expectPaid,
  holdEffects,
  liftCurse,
  paid,
} from './effects.ts';
import { expectKeyOrder } from './order.ts';
import { publish } from './post.ts';
import { runRedrive } from './redrive.ts';
import { reward, rewards } from './reward.ts';
import { type Env, Tavern } from './tavern.ts';

/** A session that has to time out, a rebalance, a visibility timeout: brokers that notice a death by the clock take that long. */
const NOTICED_WITHIN_MS = 30_000;

/** Judges on the given broker; a failure says which, and what is its own way. */
export async function onBench(
  open: () => Promise<Bench>,
  env: Env,
  judge: (tavern: Tavern, bench: Bench) => Promise<void>,
): Promise<void> {
  await using bench = await open();
  const details = () => [`against ${bench.against}`, ...tableOfDifferences()];
  await withDetails(details, async () => {
    await using tavern = await Tavern.open({ broker: bench, env });
    await judge(tavern, bench);
  });
}

/** Killed with two effects under way, of which one was committed, and of which the broker was told nothing. */
export async function deliversOnce(tavern: Tavern): Promise<void> {
  const key = keyOf(0);
  const hold = await holdEffects(tavern);
  await using _ = hold;
  const first = await tavern.start();
  await publish(first, [reward('reward-1', { adventurer: 'Held', key }), reward('open-1', { adventurer: 'Held' })]);
  await hold.reached(2, 'the worker does not begin the effects');
  // It stands still, so that nothing of it reaches the broker; what it has asked the database for goes on.
  first.kill('SIGSTOP');
  await endSessionsOf(tavern, 1);
  await hold.release();
  await settled(tavern);
  first.kill('SIGKILL');
  await first.exited;
  const second = await tavern.start();
  await publish(second, [reward('reward-2', { key })]);
  const sent =
    'two messages whose worker was killed, the effect of one of them committed, and one more for the next worker';
  await expectPaid(tavern, ['reward-1', 'open-1', 'reward-2'], {
    sent,
    usually: 'the broker is told that the message is done before its effect is',
    program: second,
    withinMs: NOTICED_WITHIN_MS,
  });
  await expectExactly(tavern, ['open-1', 'reward-1', 'reward-2'], {
    sent,
    usually: 'the message comes again, and nothing tells the worker that it has been done',
  });
}

/** Nothing of the database waits any more. */
async function settled({ sql }: Tavern): Promise<void> {
  await pollUntil(
    async () => {
      const { rows } = await sql.query<{ n: number }>(
        `SELECT count(*)::integer AS n FROM pg_stat_activity WHERE datname = current_database()
         AND pid <> pg_backend_pid() AND state = 'active'`,
      );
      return rows[0]?.n ?? 0;
    },
    (n) => n === 0,
    { otherwise: () => new Error('a statement that is held by nobody goes on') },
  );
}

export async function keepsOrder(tavern: Tavern, bench: Bench): Promise<void> {
  const [key, other] = [keyOf(0), keyOf(1)];
  await curse(tavern, 'Cursed');
  // Where partitions have one worker each, a second one would show nothing, and cost a rebalance.
  const byPartition = bench.env.BROKER === 'kafka';
  const [program] = await Promise.all([tavern.start(), ...(byPartition ? [] : [tavern.start({ ROLE: 'worker' })])]);
  const kept = [reward('cursed', { key, adventurer: 'Cursed' }), ...rewards(6, 'behind', { key })];
  await publish(program, [...kept]);
  const sent = 'a message that fails for a while, messages of its key and others behind it';
  await expectAttempts(tavern, 3, 'a message with a key is tried once only');
  await publish(program, rewards(4, 'other', { key: other }));
  await expectPaid(tavern, ['other-4'], {
    sent,
    usually: 'one partition or group that waits holds up all others',
    program,
  });
  await liftCurse(tavern, 'Cursed');
  await expectPaid(
    tavern,
    kept.map(({ id }) => id),
    {
      sent,
      usually: 'the message is not tried again, or what is behind it is lost',
      program,
      withinMs: NOTICED_WITHIN_MS,
    },
  );
  expectKeyOrder(await paid(tavern), kept, sent, 'the message that failed is published anew, behind those of its key');
}

const MAX_ATTEMPTS = 3;

export async function setsAsideAndRedrives(tavern: Tavern, bench: Bench): Promise<void> {
  await curse(tavern, 'Cursed');
  const program = await tavern.start({ MAX_ATTEMPTS: String(MAX_ATTEMPTS), RETRY_DELAY_MS: '300' });
  // A look ahead: a reader of its own takes some seconds to begin.
  const looking = bench.dead();
  looking.catch(() => {});
  const key = keyOf(2);
  const poison = [reward('open', { adventurer: 'Cursed' }), reward('keyed', { adventurer: 'Cursed', key })];
  await publish(program, [...poison, reward('behind', { key })]);
  const sent = `two messages that fail each time, one of them with a key, with MAX_ATTEMPTS=${MAX_ATTEMPTS}`;
  await expectPaid(tavern, ['behind'], {
    sent,
    usually: 'what is behind the poison stays behind it',
    program,
    withinMs: NOTICED_WITHIN_MS,
  });
  const dead = await pollUntil(
    () => bench.dead(),
    (list) => poison.every(({ id }) => list.some((each) => each.id === id)),
    {
      withinMs: NOTICED_WITHIN_MS,
      everyMs: 100,
      otherwise: (list) =>
        new CheckpointFailure({
          sent,
          expected: 'both of them put aside, with their ids',
          received: `${list.length} messages`,
          usually: 'they are tried for ever, or dropped, or lose their id on the way',
          details: program.logTail(),
        }),
    },
  );
  for (const each of dead) expectRecord(each, sent);
  const tried = await attempts(tavern);
  check(tried === poison.length * MAX_ATTEMPTS, {
    sent,
    expected: `${poison.length * MAX_ATTEMPTS} attempts`,
    received: String(tried),
    usually: 'attempts are counted by the broker and by the worker, or begin anew with each delivery',
  });
  await liftCurse(tavern, 'Cursed');
  const { code, count, program: command } = await runRedrive(tavern);
  check(code === 0 && count === poison.length, {
    sent: 'ROLE=redrive with two messages that were put aside',
    expected: `REDRIVEN ${poison.length}, and exit code 0`,
    received: `${count === undefined ? 'no such line' : `REDRIVEN ${count}`}, and ${code === null ? 'a signal' : `exit code ${code}`}`,
    usually: 'only one of the places is looked at where messages are put aside',
    details: command.logTail(),
  });
  await expectPaid(tavern, ['open', 'keyed'], {
    sent: 'ROLE=redrive with two messages that were put aside, and now would succeed',
    usually: 'a message that is published with its old id is taken for a repeat by the broker, and dropped',
    program,
    withinMs: NOTICED_WITHIN_MS,
  });
}

function expectRecord({ attempts: told, history }: DeadMessage, sent: string): void {
  check(told === MAX_ATTEMPTS && history.length === MAX_ATTEMPTS, {
    sent,
    expected: `attempts ${MAX_ATTEMPTS}, and a history of as many entries`,
    received: `attempts ${told}, and ${history.length} entries`,
    usually: 'what went wrong is kept in the memory of a worker, or only its last failure is',
  });
}

/** The program says of itself what the table says. */
export async function namesDifferences(benches: readonly (() => Promise<Bench>)[]): Promise<void> {
  const rabbit = async (): Promise<void> => {
    await using tavern = await Tavern.open();
    await expectTraits(await tavern.start({ ROLE: 'publisher' }), 'rabbitmq');
  };
  const other = async (open: () => Promise<Bench>): Promise<void> => {
    await using bench = await open();
    await using tavern = await Tavern.open({ broker: bench });
    await expectTraits(await tavern.start({ ROLE: 'publisher' }), bench.env.BROKER as keyof typeof DIFFERENCES);
  };
  // All to their end, so that none is left behind; then the first failure, in this order.
  const results = await Promise.allSettled([rabbit(), ...benches.map(other)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function expectTraits(program: Program, broker: keyof typeof DIFFERENCES): Promise<void> {
  const response = await fetch(`http://${program.host}:${program.port}/broker`);
  const text = await response.text();
  const sent = `GET /broker with BROKER=${broker}`;
  const told = response.status === 200 ? parsedObject(text) : {};
  for (const [name, value] of Object.entries(DIFFERENCES[broker])) {
    check(told[name] === value, {
      sent,
      expected: `${name}: ${JSON.stringify(value)}`,
      received: JSON.stringify(told[name]) ?? 'no such field',
      usually: 'one answer for all brokers, as if they were the same',
      details: [text.slice(0, 300), ...tableOfDifferences()],
    });
  }
}

function parsedObject(text: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
