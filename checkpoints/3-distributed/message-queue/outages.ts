import { once } from 'node:events';
import { createServer } from 'node:net';
import pg from 'pg';
import { deadlineMs, pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { TcpProxy } from '../../harness/faults/tcp-proxy.ts';
import { startPrivatePostgres } from '../../services/private-server.ts';
import { keyOf } from './broker.ts';
import { expectPaid, holdEffects, paid } from './effects.ts';
import { type Answer, outcomesOf, post, publish } from './post.ts';
import { proxyTo } from './publishing.ts';
import { type Reward, reward, rewards } from './reward.ts';
import { Tavern } from './tavern.ts';

const BACK_WITHIN_MS = 10_000;

/** More than the messages have attempts, all together. */
const KNOCKS = 8;

export async function blamesNoMessageForTheDatabase(): Promise<void> {
  // Both to their end, so that none is left behind.
  const results = await Promise.allSettled([outlivesTheDatabase(), leavesAStuckDatabase()]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

const STUCK_MS = 1_000;

/** A lock that nobody lets go: the database is there, takes the statement, and says nothing more. */
async function leavesAStuckDatabase(): Promise<void> {
  const env = { DATABASE_TIMEOUT_MS: String(STUCK_MS), MAX_ATTEMPTS: '1' };
  await using tavern = await Tavern.open({ env });
  const program = await tavern.start();
  await using hold = await holdEffects(tavern);
  await publish(program, [reward('stuck', { adventurer: 'Held' })]);
  await hold.reached(1, 'the worker does not begin the effect');
  const [first] = await waits(tavern);
  const sent = `a message whose statement the database does not answer, with DATABASE_TIMEOUT_MS=${STUCK_MS} and MAX_ATTEMPTS=1`;
  const failed = (received: string, usually: string) =>
    new CheckpointFailure({
      sent,
      expected: 'the wait to be given up, and the effect to be tried again without counting',
      received,
      usually,
      details: program.logTail(),
    });
  await pollUntil(
    async () => {
      if ((await tavern.rabbit.ready('dead')) > 0) {
        throw failed('the message in <QUEUE>.dead', 'a timeout of the database counts as a failed attempt');
      }
      return waits(tavern);
    },
    (now) => now.some((wait) => wait !== first),
    {
      withinMs: BACK_WITHIN_MS,
      everyMs: 25,
      otherwise: () =>
        failed('the same statement, still waiting', 'a statement waits without a limit: the driver sets none'),
    },
  );
  await hold.release();
  await expectPaid(tavern, ['stuck'], { sent, usually: 'the message is given up with the wait', program });
}

/** The waits for a lock: which session, and since when. */
async function waits({ sql }: Tavern): Promise<string[]> {
  const { rows } = await sql.query<{ wait: string }>(
    `SELECT pid || ' since ' || query_start AS wait FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
  );
  return rows.map(({ wait }) => wait);
}

async function outlivesTheDatabase(): Promise<void> {
  await using server = await startPrivatePostgres();
  const env = { MAX_ATTEMPTS: '2', RETRY_DELAY_MS: '50' };
  await using tavern = await Tavern.open({ env, databaseServer: server.url });
  const program = await tavern.start();
  await publish(program, [reward('before')]);
  await expectPaid(tavern, ['before'], { usually: 'the worker does not begin the effect' });
  await server.kill();
  const ids = [reward('open'), reward('keyed', { key: keyOf(1) }), reward('open-too')];
  {
    // Whoever knocks meanwhile finds the door, and nobody behind it.
    let knocks = 0;
    const door = createServer((socket) => {
      knocks += 1;
      socket.on('error', () => {});
      socket.destroy();
    });
    door.listen(server.port, '127.0.0.1');
    await once(door, 'listening');
    await publish(program, ids);
    await pollUntil(
      () => knocks,
      (n) => n >= KNOCKS,
      {
        withinMs: BACK_WITHIN_MS,
        everyMs: 25,
        otherwise: (n) =>
          new CheckpointFailure({
            sent: `${ids.length} messages while the database is away`,
            expected: 'the worker to look for its database again and again',
            received: n === 0 ? 'no try at all' : 'a few tries, and then no more',
            usually: 'the messages are put aside after MAX_ATTEMPTS, though nothing is wrong with them',
            details: program.logTail(),
          }),
      },
    );
    door.close();
    await once(door, 'close');
  }
  await server.start();
  const client = new pg.Client({ connectionString: tavern.database.url });
  await client.connect();
  try {
    const sent = `${ids.length} messages with MAX_ATTEMPTS=2 while the database was away; then it came back`;
    await pollUntil(
      async () => (await client.query<{ id: string }>('SELECT DISTINCT message_id AS id FROM ledger')).rows.length,
      (count) => count === ids.length + 1,
      {
        withinMs: BACK_WITHIN_MS,
        everyMs: 50,
        otherwise: () =>
          new CheckpointFailure({
            sent,
            expected: 'the effects of all of them',
            received: 'some are missing',
            usually: 'an outage counts as a failed attempt: the messages are in the dead-letter queue',
            details: program.logTail(),
          }),
      },
    );
    check((await tavern.rabbit.ready('dead')) === 0, {
      sent,
      expected: 'nothing in <QUEUE>.dead',
      received: 'messages',
      usually: 'an outage counts as a failed attempt',
    });
  } finally {
    await client.end();
  }
}

/** Publishes until the broker is well again for this program. */
async function expectPublishing(tavern: Tavern, program: Parameters<typeof post>[0], name: string, usually: string) {
  let turn = 0;
  await pollUntil(
    async () => {
      turn += 1;
      return post(program, [reward(`${name}-${turn}`)]);
    },
    ([answer]) => answer?.outcome === 'confirmed',
    {
      withinMs: BACK_WITHIN_MS,
      everyMs: 50,
      otherwise: (answers) =>
        new CheckpointFailure({
          sent: 'messages, one after the other, after the broker has come back',
          expected: 'the outcome "confirmed" again, without a restart',
          received: `${outcomesOf(answers)} for ${deadlineMs(BACK_WITHIN_MS).toLocaleString('en')} ms`,
          usually,
          details: program.logTail(),
        }),
    },
  );
  await expectPaid(tavern, [`${name}-${turn}`], {
    expected: 'the effect of a message that was published now',
    sent: 'a message after the broker has come back',
    usually: 'publishing came back and consuming did not: the consumers belong to the connection that is gone',
    program,
  });
}

export async function comesBack(seed: number): Promise<void> {
  await using tavern = await Tavern.open();
  const { proxy, url } = await proxyTo(tavern.rabbit.url, seed);
  await using _ = proxy;
  const program = await tavern.start({ AMQP_URL: url, PUBLISH_TIMEOUT_MS: '2000' });
  const published: Reward[] = [];
  const answers: Answer[] = [];
  for (let cut = 1; cut <= 4; cut += 1) {
    const messages = [...rewards(150, `cut-${cut}-open`), ...rewards(50, `cut-${cut}-keyed`, { key: keyOf(cut % 4) })];
    const under = post(program, messages);
    // In the middle of it, or not; the outcomes have to be right in either case.
    await pollUntil(
      () => proxy.open,
      (open) => open > 0,
      { withinMs: BACK_WITHIN_MS, otherwise: () => noConnection() },
    );
    proxy.reset();
    answers.push(...(await under));
    published.push(...messages);
    await expectPublishing(tavern, program, `after-${cut}`, 'a connection that is lost is not made again');
  }
  const confirmed = answers.filter(({ outcome }) => outcome === 'confirmed').map(({ id }) => id);
  const sent = `${published.length} messages, while the connections to the broker were cut four times`;
  check(
    answers.every(({ outcome }) => outcome !== 'unroutable'),
    {
      sent,
      expected: 'each message confirmed or failed',
      received: outcomesOf(answers),
      usually: 'what is published before the topology is there again has nowhere to go',
    },
  );
  await expectPaid(tavern, confirmed, {
    sent,
    expected: 'the effect of each message that was confirmed',
    usually: 'a message counts as confirmed though the connection was lost before its confirm',
    program,
  });
  await expectOnce(tavern, sent);
}

function noConnection(): CheckpointFailure {
  return new CheckpointFailure({
    expected: 'a connection to the broker',
    received: 'none',
    usually: 'a connection that is lost is not made again',
  });
}

/** Fails when a message had its effect more than once. */
export async function expectOnce(tavern: Tavern, sent: string): Promise<void> {
  const ledger = await paid(tavern);
  const twice = ledger.length - new Set(ledger).size;
  check(twice === 0, {
    sent,
    expected: 'no effect twice',
    received: 'effects that happened more than once',
    usually: 'what is handed out again after the connection was lost is not known to have been done',
    details: [`${twice} of ${ledger.length}`],
  });
}

export async function declaresAgain(): Promise<void> {
  await using tavern = await Tavern.open({ env: { PUBLISH_TIMEOUT_MS: '1000' } });
  const program = await tavern.start();
  await publish(program, [reward('before')]);
  await expectPaid(tavern, ['before'], { usually: 'the worker does not begin the effect' });
  // The queue of the worker, then also what the publisher writes to: as somebody does who tidies up the wrong broker.
  await tavern.rabbit.on((channel) => channel.deleteQueue(tavern.rabbit.queue('any')));
  await expectPublishing(
    tavern,
    program,
    'without-queue',
    'the queue is declared at the start only, or the broker says that a consumer was cancelled, and nobody listens',
  );
  await tavern.rabbit.on(async (channel) => {
    await channel.deleteExchange(tavern.rabbit.name);
    await channel.deleteQueue(tavern.rabbit.queue('any'));
    await channel.deleteQueue(tavern.rabbit.queue(1));
  });
  await expectPublishing(
    tavern,
    program,
    'without-exchange',
    'a publish to what is gone ends the channel, and nothing is declared again: topology belongs to every connect',
  );
}

export async function noticesAHalfOpenConnection(seed: number): Promise<void> {
  await using tavern = await Tavern.open({ env: { HEARTBEAT_S: '1' } });
  const { proxy, url } = await proxyTo(tavern.rabbit.url, seed);
  await using _ = proxy;
  const program = await tavern.start({ AMQP_URL: url });
  await publish(program, [reward('before')]);
  await expectPaid(tavern, ['before'], { usually: 'the worker does not begin the effect' });
  const before = accepted(proxy);
  proxy.freeze();
  await pollUntil(
    () => accepted(proxy),
    (count) => count > before,
    {
      withinMs: BACK_WITHIN_MS,
      everyMs: 50,
      otherwise: () =>
        new CheckpointFailure({
          sent: 'nothing at all on open connections, as behind a firewall that has forgotten them, with HEARTBEAT_S=1',
          expected: 'the program to give its connections up and make others',
          received: 'no new connection',
          usually: 'heartbeats are switched off, or not asked for: TCP itself does not notice for hours',
          details: program.logTail(),
        }),
    },
  );
  proxy.unfreeze();
  await expectPublishing(tavern, program, 'after', 'a connection that hung is not replaced');
}

function accepted(proxy: TcpProxy): number {
  return proxy.log.events.filter((event) => event.endsWith(': accepted')).length;
}
