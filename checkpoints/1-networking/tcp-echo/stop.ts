import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check } from '../../harness/failure.ts';
import { startProgram } from '../../harness/program.ts';
import { expectExit, expectRefusedConnections } from '../../harness/program-end.ts';
import { connectTcp, formatCount } from '../../harness/tcp-client.ts';
import { expectPattern, roundTrip, whileAlive } from './echo-client.ts';
import { feedUntilStalled } from './feed.ts';
import { Pattern } from './pattern.ts';

const REFUSED_WITHIN_MS = 2_000;
const EXIT_WITHIN_MS = 2_500;
const LONG_MS = 60_000;
const SHORT_MS = 150;

export async function finishesRunningEchoes({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram({ env: { SHUTDOWN_TIMEOUT_MS: String(LONG_MS) } });
  await using quiet = await connectTcp(server);
  await using busy = await connectTcp(server);
  const pattern = new Pattern(seed);
  const usually = 'the handler of SIGTERM ends the process or the open connections, with echoes still under way';
  await roundTrip(quiet, usually);
  const { offeredBytes } = await feedUntilStalled([busy], quiet, { pattern, maxBytes: 12_000_000, usually });
  await whileAlive(
    server,
    { expected: 'a server that goes on until its connections have ended', usually },
    async () => {
      server.kill('SIGTERM');
      await expectRefusedConnections(server, {
        sent: 'SIGTERM while two connections are open, then new connections',
        expected: 'new connections to be refused',
        usually: 'the listening socket stays open while the server waits for its connections: close it first',
        withinMs: REFUSED_WITHIN_MS,
      });
      await roundTrip(quiet, usually);
      busy.end();
      busy.resume();
      const sent = `${formatCount(offeredBytes)}, then SIGTERM to your server, then FIN, and only then began to read`;
      await expectPattern(busy, pattern, offeredBytes, { sent, usually });
      await busy.readToEnd({ sent, expected: 'the end (FIN) after its last byte', usually });
      await roundTrip(quiet, usually);
    },
  );
  quiet.end();
  await quiet.readToEnd({ sent: 'SIGTERM, a few round trips, then FIN', expected: 'the end (FIN)', usually });
  await expectExit(server, {
    sent: `SIGTERM with SHUTDOWN_TIMEOUT_MS=${LONG_MS}; then the last connection ended`,
    expected: 'exit code 0 as soon as the last connection has ended',
    usually: 'the server waits for its deadline, a timer keeps the process alive, or nobody exits at all',
    withinMs: EXIT_WITHIN_MS,
  });
}

export async function stopsAtTheDeadline({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram({ env: { SHUTDOWN_TIMEOUT_MS: String(SHORT_MS) } });
  await using quiet = await connectTcp(server);
  await using stalled = await connectTcp(server);
  const usually = 'the stop waits for every connection, and one of them never ends';
  const pattern = new Pattern(seed);
  await feedUntilStalled([stalled], quiet, { pattern, maxBytes: 24_000_000, usually });
  const since = performance.now();
  server.kill('SIGTERM');
  const sent = `SIGTERM with SHUTDOWN_TIMEOUT_MS=${SHORT_MS}, while one client is quiet and one does not read`;
  const expected = `exit code 0 once ${SHORT_MS} ms have passed`;
  await expectExit(server, { sent, expected, usually, withinMs: EXIT_WITHIN_MS });
  const elapsedMs = performance.now() - since;
  check(elapsedMs > SHORT_MS * 0.9, {
    sent,
    expected,
    received: `its exit after ${Math.round(elapsedMs)} ms, with connections open`,
    usually: 'the server ends at once instead of letting open connections finish in the time they have',
  });
}
