import { check } from '../../harness/failure.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { openUdp, type UdpClient } from '../../harness/udp-client.ts';
import { expectEcho, NO_REFILL, takeThose, withServer } from './server-run.ts';

export async function forgetsSilentSources(): Promise<void> {
  const burst = 2;
  const env = { MAX_SOURCES: '3', RATE_LIMIT_BURST: `${burst}`, RATE_LIMIT_PER_SECOND: NO_REFILL };
  await withServer(env, async (server) => {
    await using flooder = await openUdp(server);
    await using first = await openUdp(server);
    await using second = await openUdp(server);
    await using third = await openUdp(server);
    const sent = `datagrams from four sources in turns, with MAX_SOURCES=3 and RATE_LIMIT_BURST=${burst}`;
    const serves = async (client: UdpClient, text: string, usually: string) => {
      await expectEcho(server, client, text, { sent, expected: `an echo for ${text}`, usually });
    };
    let floods = 0;
    const flood = () => flooder.send(`over the limit ${floods++}`);
    const asNew = 'a source that was forgotten is not new again, or is never forgotten: buckets grow without bound';

    for (let i = 0; i < burst; i += 1) {
      await serves(flooder, `datagram ${i} of the flooding source`, 'a bucket does not start full');
    }
    await flood();
    for (let i = 0; i < burst; i += 1) await serves(first, `datagram ${i} of a second source`, asNew);
    await flood();
    await serves(second, 'the third source', asNew);
    await flood();
    await first.send('over the limit');
    await flood();
    await serves(third, 'the fourth source, which is one too many', asNew);
    const early = await takeThose(first, 'over the limit');
    check(early === 0, {
      sent,
      expected: 'no echo for a source that is over its limit, with as many sources as MAX_SOURCES allows',
      received: 'an echo, as for a new source',
      usually: 'fewer sources are remembered than MAX_SOURCES says',
    });
    await flood();
    // The third source had one token left, and the second none. Two echoes each: they were forgotten, and are new.
    for (const client of [second, first]) {
      await serves(client, 'a source that was forgotten', asNew);
      await serves(client, 'a source that was forgotten, once more', asNew);
      await flood();
    }
    await serves(third, 'a source that was forgotten', asNew);
    const overLimit = await takeThose(flooder, 'over the limit');
    check(overLimit === 0, {
      sent,
      expected: 'no echo for the source that went on flooding: it was never the silent one',
      received: `${formatCount(overLimit, 'datagram')} over its limit echoed`,
      usually:
        'the oldest entry is forgotten, not the one silent the longest; or the whole table is cleared; or a dropped datagram does not count as sent',
    });
  });
}
