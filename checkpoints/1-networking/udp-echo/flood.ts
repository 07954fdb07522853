import { deadlineMs } from '../../harness/deadline.ts';
import { check } from '../../harness/failure.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { openUdp } from '../../harness/udp-client.ts';
import { Bystander } from './bystander.ts';
import { ANSWER_DEADLINE_MS, expectEcho, NO_REFILL, takeThose, withLimit, withServer } from './server-run.ts';

export async function cutsFloods(): Promise<void> {
  const burst = 10;
  await withServer({ RATE_LIMIT_BURST: `${burst}`, RATE_LIMIT_PER_SECOND: NO_REFILL }, async (server) => {
    await using flooder = await openUdp(server);
    await using other = await openUdp(server);
    const waves = 5;
    const waveLength = 30;
    const sent = `${waves} waves of ${waveLength} datagrams from one source, and one datagram of another source after each (RATE_LIMIT_BURST=${burst})`;
    for (let wave = 0; wave < waves; wave += 1) {
      for (let i = 0; i < waveLength; i += 1) await flooder.send(`flood ${wave}.${i}`);
      await expectEcho(server, other, `wave ${wave}`, {
        sent,
        expected: 'the other source’s datagram back',
        usually: 'one bucket for all sources: whoever sends most leaves nothing for the rest',
      });
    }
    const echoed = await takeThose(flooder, 'flood');
    check(echoed === burst, {
      sent,
      expected: `${burst} datagrams back to the flooding source: its bucket, and no token comes back in this time`,
      received: `${echoed} datagrams`,
      usually: echoed > burst ? 'there is no limit for each source' : 'a bucket does not start full',
    });
  });
}

export async function staysSilent(): Promise<void> {
  const burst = 2;
  await withServer({ RATE_LIMIT_BURST: `${burst}`, RATE_LIMIT_PER_SECOND: NO_REFILL }, async (server) => {
    await using client = await openUdp(server);
    await using marker = await openUdp(server);
    for (const byte of 'abcdef') await client.send(byte);
    await expectEcho(server, marker, 'marker', { sent: '1 datagram of another source', usually: 'see its log' });
    // Until the end: a farewell would be a datagram that nobody sent as well.
    await server.stop();
    const received: string[] = [];
    while (client.pendingCount > 0) received.push((await client.receiveWithin(0))?.data.toString('latin1') ?? '');
    check(received.length === burst && received.every((text) => text.length === 1), {
      sent: `6 datagrams of 1 byte, with RATE_LIMIT_BURST=${burst}`,
      expected: `${burst} datagrams of 1 byte, and nothing else until the server has ended`,
      received: describeTexts(received),
      usually: received.some((text) => text.length !== 1)
        ? 'a message about the limit, or about the end, is sent: it goes to whoever the sender claims to be, it may be larger than what came, and it keeps a loop of two servers alive'
        : 'there is no limit for each source',
    });
  });
}

export async function letsLoopsDie(): Promise<void> {
  await withLimit({ burst: 20, perSecond: 50 }, async (server, limit) => {
    const startMs = performance.now();
    await using bystander = await Bystander.open(server, limit);
    // The other echo server: whatever comes goes back.
    await using other = await openUdp(server);
    let turns = 0;
    other.socket.on('message', (data) => {
      turns += 1;
      void other.send(data).catch(() => {});
    });
    await other.send('a datagram that started it all');
    const deadline = performance.now() + deadlineMs(ANSWER_DEADLINE_MS);
    for (let before = -1; before !== turns; ) {
      before = turns;
      // Twice as long as a token takes: a reply that only waited for one has left by then.
      await bystander.wait((2 / limit.perSecond) * 1000);
      check(performance.now() < deadline, () => ({
        sent: 'one datagram, and then every reply back to the server, as a second echo server would',
        expected: `the loop to end once it has used up a bucket (RATE_LIMIT_BURST=${limit.burst}, RATE_LIMIT_PER_SECOND=${limit.perSecond})`,
        received: `${turns} turns within ${Math.round(performance.now() - startMs)} ms, and still going`,
        usually:
          'datagrams over the limit are delayed instead of dropped, or answered with a message, or replies do not cost a token: each keeps the loop alive',
      }));
    }
  });
}

function describeTexts(texts: readonly string[]): string {
  const other = texts.find((text) => text.length !== 1);
  return `${formatCount(texts.length, 'datagram')}${other === undefined ? '' : `, one of them ${JSON.stringify(other.slice(0, 60))}`}`;
}
