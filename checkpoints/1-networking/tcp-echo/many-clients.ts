import { setTimeout as delay } from 'node:timers/promises';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { deadlineMs } from '../../harness/deadline.ts';
import { check, fail } from '../../harness/failure.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { connectTcp, formatCount, type TcpClient } from '../../harness/tcp-client.ts';
import { inParallel, roundTrip, whileAlive } from './echo-client.ts';

const CLIENTS = 1_000;
/** So many connect at once; more would overflow the queue of a server that asks for a short one. */
const CONNECTING = 100;
const BOUND = 8;
const PLACE_WITHIN_MS = 1_500;
export const COUNTS_WRONGLY =
  "the count goes down at only one kind of end: count at the event that follows each of them, such as Node's 'close'";

export async function keepsClientsApart(_: CheckpointContext): Promise<void> {
  await using server = await startProgram();
  await using stack = new AsyncDisposableStack();
  const clients: TcpClient[] = [];
  await whileAlive(
    server,
    { usually: 'too many connections for a limit that the server has, or a state that they share' },
    async () => {
      await inParallel(CLIENTS, CONNECTING, async (index) => {
        clients[index] = stack.use(await connectTcp(server));
      });
      // Two rounds, the second in the other order: state that is shared shows in one of them at the latest.
      for (const round of [1, 2]) {
        const order = round === 1 ? clients.keys() : [...clients.keys()].reverse();
        for (const index of order) void clients[index]?.write(lineOf(index, round));
        await inParallel(CLIENTS, CLIENTS, async (index) => {
          const expected = Buffer.from(lineOf(index, round));
          const received = await clients[index]?.read(expected.length, {
            sent: `${formatCount(CLIENTS)} connections, each its own line: ${JSON.stringify(lineOf(index, round))}`,
            expected: 'its own line back on each connection',
            usually:
              'the server keeps the connection or its bytes where the next client overwrites them, or has a limit below 1,000',
            withinMs: 4_000,
          });
          check(received?.equals(expected) ?? false, () => ({
            sent: `${formatCount(CLIENTS)} connections, each its own line: ${JSON.stringify(expected.toString())}`,
            expected: 'its own line back on each connection',
            received: `on connection ${index}: ${JSON.stringify(received?.toString().split('\n')[0])}`,
            usually: 'the server keeps the connection or its bytes where the next client overwrites them',
          }));
        });
      }
    },
  );
  const stranger = clients.findIndex((client) => client.pendingCount > 0);
  check(stranger < 0, () => ({
    expected: 'nothing but its own bytes on each connection',
    received: `on connection ${stranger} also ${clients[stranger]?.pendingText()}which it never sent`,
    usually: 'the server sends to every connection what came on one',
  }));
}

function lineOf(index: number, round: number): string {
  return `I am client ${index} and this is round ${round}.\n`;
}

export async function boundsConnections(_: CheckpointContext): Promise<void> {
  await using server = await startProgram({ env: { MAX_CONNECTIONS: String(BOUND) } });
  await using stack = new AsyncDisposableStack();
  const usually = 'a surplus connection disturbs those that are open, or the limit counts wrongly';
  const clients: TcpClient[] = [];
  for (let i = 0; i < BOUND; i += 1) {
    const client = stack.use(await connectTcp(server));
    await roundTrip(client, 'the limit is lower than MAX_CONNECTIONS says');
    clients.push(client);
  }
  for (let i = 0; i < 3; i += 1) await expectNoPlace(server, BOUND);
  for (const client of clients) await roundTrip(client, usually);
  const [left, aborted] = clients.splice(0, 2) as [TcpClient, TcpClient];
  left.end();
  aborted.reset();
  for (const _place of [left, aborted]) {
    const sent = `MAX_CONNECTIONS=${BOUND}, ${BOUND} connections open; then one ended, one was reset, and two new ones came`;
    clients.push(stack.use(await connectWhenPlaceIsFree(server, { sent, usually: COUNTS_WRONGLY })));
  }
  for (const client of clients) await roundTrip(client, usually);
}

/** Fails unless a further connection is ended without a byte, now that `bound` are open. */
export async function expectNoPlace(server: Program, bound: number): Promise<void> {
  await using surplus = await connectTcp(server);
  void surplus.write('let me in');
  const sent = `MAX_CONNECTIONS=${bound}, ${bound} connections open and served, then one more that sends 9 bytes`;
  const expected = 'the surplus connection to be ended without a byte';
  await surplus.waitForPeerEnd({
    sent,
    expected,
    usually: 'nothing counts the open connections, so everybody is served until descriptors or memory run out',
    withinMs: 1_500,
  });
  check(surplus.receivedCount === 0, {
    sent,
    expected,
    received: `${surplus.pendingText()}then the end`,
    usually: 'the server answers before it counts; the surplus is to be closed, not served and not told',
  });
}

/** Connects until a connection is served: the server may need a moment to notice that a place is free. */
export async function connectWhenPlaceIsFree(
  server: Program,
  { sent, usually }: { readonly sent: string; readonly usually: string },
): Promise<TcpClient> {
  const end = performance.now() + deadlineMs(PLACE_WITHIN_MS);
  for (;;) {
    const client = await connectTcp(server);
    void client.write('!');
    try {
      await client.read(1, { usually: '' });
      return client;
    } catch {
      await client[Symbol.asyncDispose]();
      await delay(10);
    }
    if (performance.now() > end) {
      return fail({
        sent,
        expected: 'the places to be free for the next connections',
        received: `every new connection refused for ${deadlineMs(PLACE_WITHIN_MS).toLocaleString('en')} ms`,
        usually,
        details: server.logTail(),
      });
    }
  }
}
