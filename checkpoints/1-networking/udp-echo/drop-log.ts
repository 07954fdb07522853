import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { openUdp } from '../../harness/udp-client.ts';
import { ANSWER_DEADLINE_MS, expectEcho, loggedEvents, NO_REFILL, withServer } from './server-run.ts';

export async function countsDrops(): Promise<void> {
  const burst = 10;
  const flood = 100;
  const env = { RATE_LIMIT_BURST: `${burst}`, RATE_LIMIT_PER_SECOND: NO_REFILL, LOG_INTERVAL_MS: '50' };
  await withServer(env, async (server) => {
    const startMs = performance.now();
    await using client = await openUdp(server);
    await using marker = await openUdp(server);
    const sent = `${flood} datagrams from one source, with RATE_LIMIT_BURST=${burst}`;
    for (let i = 0; i < flood; i += 1) await client.send(`flood ${i}`);
    const told = () => sumOfDropped(server);
    const expected = `lines with "event":"rate-limited" whose "dropped" add up to ${flood - burst}, while the server runs`;
    const notTold = () =>
      new CheckpointFailure({
        sent,
        expected,
        received: `lines that add up to ${told()}`,
        usually: 'the event or the field has another name, or only the end is logged',
      });
    await server.waitForOutput(() => told() >= flood - burst, ANSWER_DEADLINE_MS, notTold);
    if (told() > flood - burst) throw notTold();
    const lines = server.stderr.trim().split('\n').length;
    const most = 20 + (performance.now() - startMs) / 50;
    check(lines < Math.min(flood - burst, most), {
      sent,
      expected: 'few lines of log, however many datagrams are dropped',
      received: `${lines} lines`,
      usually: 'each datagram makes a line: a flood then fills the disk, and writing logs takes the time of serving',
    });

    // Dropped and told only at the end.
    for (let i = 0; i < 5; i += 1) await client.send(`more ${i}`);
    await expectEcho(server, marker, 'marker', {
      sent: `${sent}, 5 more, and 1 of another source`,
      usually: 'see its log',
    });
    await server.stop();
    const stopped = loggedEvents(server, 'stopped');
    const totals = { received: flood + 6, echoed: burst + 1, dropped: flood - burst + 5 };
    const { received, echoed, dropped } = stopped[0] ?? {};
    check(JSON.stringify({ received, echoed, dropped }) === JSON.stringify(totals), {
      sent: `${sent}, 5 more, and 1 of another source, then SIGTERM`,
      expected: `one line with "event":"stopped" and ${JSON.stringify(totals)}`,
      received: stopped.length === 0 ? 'no such line' : JSON.stringify({ received, echoed, dropped }),
      usually: 'the totals are not kept, or the process ends before the line is written',
    });
    check(told() === totals.dropped, {
      sent: `${sent}, 5 more, and 1 of another source, then SIGTERM`,
      expected: `"rate-limited" lines that add up to the ${totals.dropped} of the "stopped" line`,
      received: `lines that add up to ${told()}`,
      usually: 'what was dropped since the last line is forgotten at the end, or lines tell totals and not what is new',
    });
  });
}

function sumOfDropped(server: Program): number {
  return loggedEvents(server, 'rate-limited').reduce((sum, { dropped }) => sum + (Number(dropped) || 0), 0);
}
