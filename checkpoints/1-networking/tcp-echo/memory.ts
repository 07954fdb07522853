import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { createRandom, deriveSeed } from '../../harness/random.ts';
import { connectTcp, formatCount } from '../../harness/tcp-client.ts';
import { expectDescriptorsBack } from './closing.ts';
import { expectPattern, inParallel, roundTrip, whileAlive } from './echo-client.ts';
import { feedUntilStalled } from './feed.ts';
import { Pattern } from './pattern.ts';
import { holdingsOf, megabytes } from './process-group.ts';

const OFFERED_BYTES = 64_000_000;
/** The brief's bound: runtime and garbage included. */
const GROWTH_BYTES = 32_000_000;
const RANDOM_BYTES = 1_000_000;
const RANDOM_CLIENTS = 40;
const TRAFFIC_CLIENTS = 64;
/** What the brief allows after the same traffic once more. A collector may be lazy; a leak of it all is larger. */
const LEFTOVER_BYTES = 48_000_000;

export async function holdsSlowReadersBack({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram();
  await using slow = await connectTcp(server);
  await using other = await connectTcp(server);
  const pattern = new Pattern(seed);
  await roundTrip(slow, 'the server does not echo');
  await roundTrip(other, 'the server does not echo');
  const before = (await holdingsOf(server)).residentBytes;
  const usually = 'one client that does not read keeps the server from serving the others';
  const feed = await whileAlive(server, { usually: 'it ran out of memory' }, () =>
    feedUntilStalled([slow], other, { pattern, maxBytes: OFFERED_BYTES, usually }),
  );
  const growth = (await holdingsOf(server)).residentBytes - before;
  check(growth < GROWTH_BYTES, {
    sent: `up to ${megabytes(OFFERED_BYTES)} by a client that reads nothing`,
    expected: `your process to grow by less than ${megabytes(GROWTH_BYTES)}, and the client to be held back`,
    received: `${megabytes(feed.takenBytes)} taken, ${megabytes(growth)} more memory`,
    usually:
      'the server reads on while its writes pile up: stop reading when the write buffer is full, go on when it is empty',
  });
  slow.resume();
  await expectPattern(slow, pattern, feed.offeredBytes, {
    sent: `${formatCount(feed.offeredBytes)} without reading, then began to read`,
    usually:
      'bytes were thrown away while the client did not read, or the server never went on reading after it had stopped',
  });
}

export async function outlivesHostileClients({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram();
  const usually = 'something that a client did ended the server: no peer may do that';
  const pattern = new Pattern(seed);
  await whileAlive(server, { usually }, async () => {
    await traffic(server, pattern);
    const before = await holdingsOf(server);
    await inParallel(RANDOM_CLIENTS, 8, (client) => behaveAtRandom(server, deriveSeed(seed, client)));
    await traffic(server, pattern);
    await using after = await connectTcp(server);
    await roundTrip(after, usually);
    if (before.descriptors !== undefined) await expectDescriptorsBack(server, before.descriptors);
    await pollUntil(
      async () => {
        await roundTrip(after, usually);
        return (await holdingsOf(server)).residentBytes;
      },
      (residentBytes) => residentBytes < before.residentBytes + LEFTOVER_BYTES,
      {
        withinMs: 1_500,
        everyMs: 50,
        otherwise: (residentBytes) =>
          new CheckpointFailure({
            sent: `${megabytes(TRAFFIC_CLIENTS * 1_000_000)} by ${TRAFFIC_CLIENTS} connections that are gone, a second time`,
            expected: `less than ${megabytes(LEFTOVER_BYTES)} more memory than after the first time`,
            received: `${megabytes(residentBytes - before.residentBytes)} more`,
            usually: 'something keeps what belongs to connections that have ended: a list, a map, a listener, a timer',
          }),
      },
    );
  });
}

/** 64 connections echo 1 MB each and are reset: what only a FIN would tidy up is left behind. */
async function traffic(server: Program, pattern: Pattern): Promise<void> {
  const million = pattern.bytes(0, 1_000_000);
  await inParallel(TRAFFIC_CLIENTS, 8, async () => {
    await using client = await connectTcp(server);
    void client.write(million);
    await expectPattern(client, pattern, 1_000_000, {
      sent: '1,000,000 bytes',
      usually: 'the server stopped serving after clients that behaved badly',
    });
    client.reset();
  });
}

/** Sends random bytes in random pieces, reads or does not, and leaves in one of four ways; to leave with bytes unread is a reset too. */
async function behaveAtRandom(server: Program, seed: number): Promise<void> {
  const random = createRandom(seed);
  await using client = await connectTcp(server);
  const leave = random.int(0, 3);
  if (random.chance(0.5)) client.pause();
  for (let left = RANDOM_BYTES / RANDOM_CLIENTS; left > 0; ) {
    const piece = random.bytes(Math.min(left, random.int(1, 2_000)));
    left -= piece.length;
    await client.write(piece);
  }
  if (leave === 1) client.reset();
  if (leave === 2) client.end();
  if (leave === 3) {
    client.end();
    client.reset();
  }
}
