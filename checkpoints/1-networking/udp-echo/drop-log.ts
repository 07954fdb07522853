import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { openUdp, type UdpClient } from '../../harness/udp-client.ts';
import { ANSWER_DEADLINE_MS, expectEcho, loggedEvents, NO_REFILL, withServer } from './server-run.ts';

const BURST = 10;
const FLOOD = 100;
const SENT = `${FLOOD} datagrams from one source, with RATE_LIMIT_BURST=${BURST}`;

/** Settings under which a source never gets a token back. */
function limits(logIntervalMs: number): Record<string, string> {
  return {
    RATE_LIMIT_BURST: `${BURST}`,
    RATE_LIMIT_PER_SECOND: NO_REFILL,
    LOG_INTERVAL_MS: `${logIntervalMs}`,
  };
}

export async function countsDrops(): Promise<void> {
  // The longest interval: whatever the first line does not tell is told at the end, or never.
  await withServer(limits(60_000), async (server) => {
    await using client = await openUdp(server);
    await flood(client);
    await expectSumsAtTheEnd(server, client);
  });
  await withServer(limits(50), async (server) => {
    const startMs = performance.now();
    await using client = await openUdp(server);
    await flood(client);
    const told = () => sumOfDropped(server);
    const expected = `lines with "event":"rate-limited" whose "dropped" add up to ${FLOOD - BURST}, while the server runs`;
    const notTold = () =>
      new CheckpointFailure({
        sent: SENT,
        expected,
        received: `lines that add up to ${told()}`,
        usually: 'the event or the field has another name, or only the end is logged',
      });
    await server.waitForOutput(() => told() >= FLOOD - BURST, ANSWER_DEADLINE_MS, notTold);
    if (told() > FLOOD - BURST) throw notTold();
    const lines = server.stderr.trim().split('\n').length;
    const most = 20 + (performance.now() - startMs) / 50;
    check(lines < Math.min(FLOOD - BURST, most), {
      sent: SENT,
      expected: 'few lines of log, however many datagrams are dropped',
      received: `${lines} lines`,
      usually: 'each datagram makes a line: a flood then fills the disk, and writing logs takes the time of serving',
    });
    await expectSumsAtTheEnd(server, client);
  });
}

async function flood(client: UdpClient): Promise<void> {
  for (let i = 0; i < FLOOD; i += 1) await client.send(`flood ${i}`);
}

/** Drops five more, stops the server, and holds what its lines tell against its totals. */
async function expectSumsAtTheEnd(server: Program, client: UdpClient): Promise<void> {
  await using marker = await openUdp(server);
  for (let i = 0; i < 5; i += 1) await client.send(`more ${i}`);
  await expectEcho(server, marker, 'marker', {
    sent: `${SENT}, 5 more, and 1 of another source`,
    usually: 'see its log',
  });
  await server.stop();
  const stopped = loggedEvents(server, 'stopped');
  const totals = { received: FLOOD + 6, echoed: BURST + 1, dropped: FLOOD - BURST + 5 };
  const { received, echoed, dropped } = stopped[0] ?? {};
  const sent = `${SENT}, 5 more, and 1 of another source, then SIGTERM`;
  check(JSON.stringify({ received, echoed, dropped }) === JSON.stringify(totals), {
    sent,
    expected: `one line with "event":"stopped" and ${JSON.stringify(totals)}`,
    received: stopped.length === 0 ? 'no such line' : JSON.stringify({ received, echoed, dropped }),
    usually: 'the totals are not kept, or the process ends before the line is written',
  });
  const told = sumOfDropped(server);
  check(told === totals.dropped, {
    sent,
    expected: `"rate-limited" lines that add up to the ${totals.dropped} of the "stopped" line`,
    received: `lines that add up to ${told}`,
    usually: 'what was dropped since the last line is forgotten at the end, or lines tell totals and not what is new',
  });
}

function sumOfDropped(server: Program): number {
  return loggedEvents(server, 'rate-limited').reduce((sum, { dropped }) => sum + (Number(dropped) || 0), 0);
}
