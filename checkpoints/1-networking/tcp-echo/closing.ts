import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { connectTcp, formatCount, type TcpClient } from '../../harness/tcp-client.ts';
import { expectPattern, inParallel, roundTrip, whileAlive } from './echo-client.ts';
import { feedUntilStalled } from './feed.ts';
import { echoCapacity, sendAndEnd } from './half-close.ts';
import { COUNTS_WRONGLY, connectWhenPlaceIsFree } from './many-clients.ts';
import { Pattern } from './pattern.ts';
import { holdingsOf } from './process-group.ts';

const ENDED_WITHIN_MS = 2_500;
/** Enough for totals on both sides of what the kernel holds: see `sendAndEnd`. */
const HALF_CLOSERS = 12;
const RESET_ROUNDS = 1_000;
const RESETTING = 40;
/** Below this bound a server that forgets to give places back runs out of them. */
const RESET_BOUND = 100;

export async function answersAfterTheEnd({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram();
  await using stack = new AsyncDisposableStack();
  const pattern = new Pattern(seed);

  const never = 'the server does not end its side, or ends it before it has written everything';
  for (const count of [0, 1, 65_536]) {
    await using client = await connectTcp(server);
    const sent = `${formatCount(count)}, then FIN`;
    if (count > 0) void client.write(pattern.bytes(0, count));
    client.end();
    await expectPattern(client, pattern, count, { sent, usually: never, withinMs: ENDED_WITHIN_MS });
    await client.readToEnd({
      sent,
      expected: `${formatCount(count)}, then the end (FIN)`,
      usually: 'the server leaves its own side open after the FIN: nobody told it to end that too',
      withinMs: ENDED_WITHIN_MS,
    });
  }

  const bystander = stack.use(await connectTcp(server));
  const clients: TcpClient[] = [];
  for (let i = 0; i < HALF_CLOSERS; i += 1) clients.push(stack.use(await connectTcp(server)));
  const stalls = 'one client that does not read keeps the server from serving the others';
  const capacity = await echoCapacity(pattern);
  const totals = await sendAndEnd(clients, bystander, { pattern, capacity, usually: stalls });
  for (let i = 0; i < 30; i += 1) await roundTrip(bystander, stalls);
  for (const client of clients) client.resume();
  await inParallel(clients.length, clients.length, async (i) => {
    const [client, total] = [clients[i] as TcpClient, totals[i] ?? 0];
    const usually =
      'the server closes its socket when it sees the FIN, with bytes still waiting in a buffer of its own: write them, then end';
    const sent = `${formatCount(total)}, then FIN, and only then began to read`;
    const expected = 'every byte that it sent, and then the end (FIN)';
    await expectPattern(client, pattern, total, { sent, expected, usually });
    await client.readToEnd({ sent, expected, usually });
  });
}

export async function survivesResets({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram({ env: { MAX_CONNECTIONS: String(RESET_BOUND) } });
  const pattern = new Pattern(seed);
  const usually =
    'a reset arrives as an error (ECONNRESET, EPIPE) that nobody handles: handle it on every connection, for reads and writes';
  const before = await descriptorsWithOneClient(server, usually);
  await whileAlive(server, { usually }, async () => {
    // In the middle of a write: the server has bytes that it cannot get rid of.
    {
      await using bystander = await connectTcp(server);
      const stalled = [await connectTcp(server), await connectTcp(server)];
      await feedUntilStalled(stalled, bystander, { pattern, maxBytes: 16_000_000, usually });
      for (const client of stalled) client.reset();
      await roundTrip(bystander, usually);
    }
    await inParallel(RESET_ROUNDS, RESETTING, async (round) => {
      await using client = await connectTcp(server);
      // By turns: reset at once, after a write, and while the echo comes in.
      if (round % 3 > 0) void client.write(pattern.bytes(0, round % 3 === 1 ? 10 : 40_000));
      if (round % 3 === 2) await client.read(1, { usually }).catch(() => undefined);
      client.reset();
    });
  });
  await using after = await connectWhenPlaceIsFree(server, {
    sent: `MAX_CONNECTIONS=${RESET_BOUND}, and ${formatCount(RESET_ROUNDS, 'connection')}, each reset by its client`,
    usually: COUNTS_WRONGLY,
  });
  await roundTrip(after, usually);
  if (before !== undefined) await expectDescriptorsBack(server, before);
}

async function descriptorsWithOneClient(server: Program, usually: string): Promise<number | undefined> {
  await using client = await connectTcp(server);
  await roundTrip(client, usually);
  return (await holdingsOf(server)).descriptors;
}

/** Descriptors may lag behind by a moment, and a runtime opens some for itself: .NET was seen to open seven. */
export async function expectDescriptorsBack(server: Program, before: number): Promise<void> {
  const slack = 16;
  await pollUntil(
    async () => (await holdingsOf(server)).descriptors ?? 0,
    (descriptors) => descriptors <= before + slack,
    {
      withinMs: 2_500,
      otherwise: (descriptors) =>
        new CheckpointFailure({
          sent: 'connections that their clients have reset or ended',
          expected: 'as many open descriptors as before',
          received: `${before} before, ${descriptors} now`,
          usually: 'the socket is dropped but not closed: close it at every kind of end, errors included',
        }),
    },
  );
}
