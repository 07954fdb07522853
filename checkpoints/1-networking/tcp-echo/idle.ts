import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { deadlineMs } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { connectTcp, formatCount, type TcpClient } from '../../harness/tcp-client.ts';
import { all, expectPattern, roundTrip, whileAlive } from './echo-client.ts';
import { feedUntilStalled } from './feed.ts';
import { echoCapacity, sendAndEnd } from './half-close.ts';
import { connectWhenPlaceIsFree, expectNoPlace } from './many-clients.ts';
import { Pattern } from './pattern.ts';

interface Pace {
  readonly idleMs: number;
  /** The brief allows twice the time and a second; the rest is for a busy machine. */
  readonly endedWithinMs: number;
}

const PACES: readonly Pace[] = [
  { idleMs: 150, endedWithinMs: 1_500 },
  { idleMs: 500, endedWithinMs: 3_000 },
];
/** Where processes stand in a queue for the processor, the client itself was seen to come 350 ms late. */
const CROWDED_PACE: Pace = { idleMs: 2_500, endedWithinMs: 8_000 };

/** LAB_PATIENCE stretches these too, as a slow machine holds up our client no less than the server. */
function pacesHere(): readonly Pace[] {
  const isCrowded = (loadavg()[0] ?? 0) > 2 * availableParallelism();
  return (isCrowded ? [...PACES, CROWDED_PACE] : PACES).map(({ idleMs, endedWithinMs }) => ({
    idleMs: deadlineMs(idleMs),
    endedWithinMs,
  }));
}

/**
 * A machine under load can stop a server for longer than a short idle timeout, and then the server is right to find a
 * client idle that has written. So the first attempt is short, and only what fails again at a longer timeout has failed.
 */
async function atEitherPace(judge: (pace: Pace) => Promise<void>): Promise<void> {
  const paces = pacesHere();
  for (const [attempt, pace] of paces.entries()) {
    try {
      return await judge(pace);
    } catch (error) {
      if (!(error instanceof CheckpointFailure) || attempt === paces.length - 1) throw error;
    }
  }
}

export function endsIdleConnections(_: CheckpointContext): Promise<void> {
  return atEitherPace(endsIdleOnes);
}

async function endsIdleOnes({ idleMs, endedWithinMs }: Pace): Promise<void> {
  await using server = await startProgram({ env: { IDLE_TIMEOUT_MS: String(idleMs), MAX_CONNECTIONS: '2' } });
  await using stack = new AsyncDisposableStack();
  const watch = async (what: string, say: (client: TcpClient) => Promise<void>): Promise<void> => {
    const client = stack.use(await connectTcp(server));
    const since = performance.now();
    await say(client);
    await client.waitForPeerEnd({
      sent: `IDLE_TIMEOUT_MS=${idleMs}, and ${what}`,
      expected: 'the server to end the connection',
      usually: 'nothing ends a connection on which nothing happens: a timer for each, restarted by its bytes',
      withinMs: endedWithinMs,
    });
    const elapsedMs = performance.now() - since;
    check(elapsedMs > idleMs * 0.9, {
      sent: `IDLE_TIMEOUT_MS=${idleMs}, and ${what}`,
      expected: 'the connection to live for IDLE_TIMEOUT_MS after its last byte',
      received: `its end after ${Math.round(elapsedMs)} ms`,
      usually: 'the timer measures something else than the time since the last byte, or other units',
    });
  };
  await Promise.all([
    watch('a client that says nothing', () => Promise.resolve()),
    watch('a client that says one thing and no more', (client) => roundTrip(client, 'the server does not echo')),
  ]);
  // Both clients still hold their own side open.
  await using next = await connectWhenPlaceIsFree(server, {
    sent: `IDLE_TIMEOUT_MS=${idleMs}, MAX_CONNECTIONS=2, and two idle clients that keep their own side open`,
    usually:
      'the server only ends its own side, and then waits for a FIN that the client may never send: close the socket',
  });
  check(next.peer === 'open', {
    expected: 'a connection that is served',
    received: 'its end',
    usually: 'idle connections are only half closed',
  });
}

export function sparesSlowClients({ seed }: CheckpointContext): Promise<void> {
  const pattern = new Pattern(seed);
  return atEitherPace(async ({ idleMs }) => {
    await using server = await startProgram({ env: { IDLE_TIMEOUT_MS: String(idleMs) } });
    await whileAlive(server, { usually: 'a timer fired on a connection that had ended' }, () =>
      all([writesNowAndThen(server, idleMs), readsSlowly(server, idleMs, pattern)]),
    );
  });
}

const QUARTERS = 12;

async function writesNowAndThen(server: Program, idleMs: number): Promise<void> {
  await using client = await connectTcp(server);
  for (let quarter = 0; quarter < QUARTERS; quarter += 1) {
    await client.write('.');
    await client.read(1, {
      sent: `IDLE_TIMEOUT_MS=${idleMs}, and one byte every ${idleMs / 4} ms`,
      expected: 'every byte back, for as long as they come',
      usually: 'the timer runs from the start of the connection instead of from its last byte',
    });
    await delay(idleMs / 4);
  }
}

async function readsSlowly(server: Program, idleMs: number, pattern: Pattern): Promise<void> {
  const totalBytes = 24_000_000;
  await using client = await connectTcp(server);
  client.pause();
  void client.write(pattern.bytes(0, totalBytes));
  for (let quarter = 1; quarter < QUARTERS; quarter += 1) {
    const target = (totalBytes / QUARTERS) * quarter;
    client.resume();
    const end = performance.now() + deadlineMs(2_500);
    while (client.receivedCount < target && client.peer === 'open' && performance.now() < end) await delay(1);
    client.pause();
    await delay(idleMs / 4);
  }
  client.resume();
  const sent = `IDLE_TIMEOUT_MS=${idleMs}, ${formatCount(totalBytes)} and no more, and read the echo bit by bit for ${3 * idleMs} ms`;
  await expectPattern(client, pattern, totalBytes, {
    sent,
    usually: 'the timer is restarted only by what the client sends, though bytes still move towards it',
  });
}

/** For two clients that end their side, one that does not, and one that reads. */
const PLACES = 4;

export async function endsStalledConnections({ seed }: CheckpointContext): Promise<void> {
  const pattern = new Pattern(seed);
  const capacity = await echoCapacity(pattern);
  await atEitherPace((pace) => endsStalledOnes(pace, pattern, capacity));
}

async function endsStalledOnes({ idleMs, endedWithinMs }: Pace, pattern: Pattern, capacity: number): Promise<void> {
  await using server = await startProgram({
    env: { IDLE_TIMEOUT_MS: String(idleMs), MAX_CONNECTIONS: String(PLACES) },
  });
  await using stack = new AsyncDisposableStack();
  const usually =
    'the timer is stopped while the server waits for the client, or ends politely and waits for a last write that never comes';
  {
    await using bystander = await connectTcp(server);
    const clients: TcpClient[] = [];
    while (clients.length < PLACES - 1) clients.push(stack.use(await connectTcp(server)));
    for (const client of [bystander, ...clients]) await roundTrip(client, 'the server does not echo');
    await expectNoPlace(server, PLACES);
    const [stalled, ...ended] = clients as [TcpClient, ...TcpClient[]];
    // Higher than it is, so that the totals of these few come close to it.
    await sendAndEnd(ended, bystander, { pattern, capacity: capacity + 112 * 1024, usually });
    await feedUntilStalled([stalled], bystander, { pattern, maxBytes: 24_000_000, usually });
  }
  // A client that does not read cannot see its end. So we look at the places: all are free when all of them are gone.
  let served: TcpClient[] = [];
  const deadline = performance.now() + deadlineMs(endedWithinMs);
  while (served.length < PLACES) {
    const client = stack.use(await connectTcp(server));
    void client.write('!');
    const answered = await client.read(1, { usually }).then(
      () => true,
      () => false,
    );
    served = [...served, ...(answered ? [client] : [])].filter(({ peer }) => peer === 'open');
    if (answered) continue;
    check(performance.now() < deadline, () => ({
      sent: `IDLE_TIMEOUT_MS=${idleMs}; two clients send, end their side and never read, a third sends all it can and never reads`,
      expected: 'their connections to be ended, and the places to be free',
      received: `${served.length} of ${PLACES} places free, ${deadlineMs(endedWithinMs).toLocaleString('en')} ms after the last byte moved`,
      usually,
      details: server.logTail(),
    }));
    await delay(10);
  }
}
