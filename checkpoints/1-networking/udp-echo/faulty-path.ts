import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check, withDetails } from '../../harness/failure.ts';
import { createUdpProxy } from '../../harness/faults/udp-proxy.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { runClient } from './client-run.ts';
import { PathObserver } from './path-observer.ts';
import { countPath, describeCounts, sameCounts } from './path-truth.ts';
import { withServer } from './server-run.ts';

export async function agreesWithThePath({ seed }: CheckpointContext): Promise<void> {
  // A busy machine may hold the server up for a while: the wait has to outlast that, or a right client misses replies.
  const plan = { count: 100, intervalMs: 1, waitMs: 800 };
  await withServer({}, async (server) => {
    const faults = { loss: 0.08, duplication: 0.1, reorder: 0.12, reorderByMs: 6, delayMs: 1 };
    await using proxy = await createUdpProxy({ upstream: server, seed, faults });
    await using observer = await PathObserver.open(proxy);
    await withDetails(
      () => proxy.log.describe(),
      async () => {
        const report = await runClient(observer.target, plan);
        const [up, down] = [proxy.counts('toServer'), proxy.counts('toClient')];
        const sent = `COUNT=${plan.count} through a proxy that loses 8 %, repeats 10 % and holds back 12 % each way`;
        check(down.sent === up.delivered + up.duplicated, {
          sent,
          expected: 'one echo for each datagram that reached the server, copies included',
          received: `${formatCount(up.delivered + up.duplicated, 'datagram')} reached it, ${down.sent} came out`,
          usually:
            'the server drops copies, waits for gaps to fill, or puts datagrams in order: state it has no use for',
        });
        const { replies } = observer.target;
        check(replies.length === down.delivered + down.duplicated, {
          sent,
          expected: 'the client to listen until WAIT_MS after its last send',
          received: 'a client that had ended before the last replies reached it',
          usually: 'the wait is counted from the start, or from the last reply',
        });
        const truth = countPath(plan.count, replies);
        check(sameCounts(report, truth), {
          sent,
          expected: 'a report of exactly what the proxy let through',
          received: `${describeCounts(report)}; it let through: ${describeCounts(truth)}`,
          usually: 'copies, losses and late ones are counted rightly each by itself, but not together',
        });
      },
    );
  });
}
