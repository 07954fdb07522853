import { check } from '../../harness/failure.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { checkCounts, runClient } from './client-run.ts';
import { countPath } from './path-truth.ts';
import { ProbeTarget } from './probe-target.ts';

/** A client that sends fewer datagrams than it was told to gets its answers all the same. */
const GIVEN_UP_MS = 300;

export async function reportsRoundTrips(): Promise<void> {
  const plan = { count: 20, intervalMs: 4, waitMs: 400 };
  const planMs = (plan.count - 1) * plan.intervalMs;
  const heldMs = 100;
  let firstAtMs: number | undefined;
  let released = false;
  // All are answered in one go, in order, so that the first has taken longest: `heldMs` after the first, or with the last
  // of them if that comes later, as it does from a client that is held up.
  await using target = await ProbeTarget.open(({ bytes, atMs }, self) => {
    if (released) {
      self.reply(bytes);
      return;
    }
    firstAtMs ??= atMs;
    const release = () => {
      if (released) return;
      released = true;
      for (const probe of self.seen) self.reply(probe.bytes);
    };
    if (self.seen.length === plan.count) setTimeout(release, Math.max(0, firstAtMs + heldMs - performance.now()));
    else if (self.seen.length === 1) setTimeout(release, GIVEN_UP_MS);
  });
  const report = await runClient(target, plan);
  const sent = `COUNT=${plan.count} INTERVAL_MS=${plan.intervalMs} to a target that answers all of them together, ${heldMs} ms after the first`;

  const numbers = target.seen.map(({ sequence }) => sequence);
  const runs = new Set(target.seen.map(({ bytes }) => bytes.subarray(0, 4).toString('hex')));
  check(numbers.join() === Array.from({ length: plan.count }, (_, i) => i).join() && runs.size === 1, {
    sent,
    expected: `${plan.count} datagrams of 8 bytes: one run in all of them, and the sequence numbers 0 to ${plan.count - 1} in order, big-endian`,
    received: `${formatCount(numbers.length, 'datagram')}, with ${runs.size === 1 ? 'one run' : 'several runs'} and the numbers ${numbers.slice(0, 5).join(' ')} …`,
    usually: 'the byte order or the width of a field is another, or the run is drawn anew for each datagram',
  });
  const spreadMs = (target.seen.at(-1)?.atMs ?? 0) - (target.seen[0]?.atMs ?? 0);
  check(spreadMs > planMs / 5, {
    sent,
    expected: `sends that are spread over about ${planMs} ms`,
    received: `all of them within ${Math.round(spreadMs)} ms`,
    usually: 'all datagrams are sent in one go: a burst that fills buffers and measures its own queue',
  });
  checkCounts(report, countPath(plan.count, target.replies), sent, 'the counts are not those of the brief');
  const { rttMinMs: min, rttP50Ms: p50, rttP99Ms: p99 } = report;
  check(
    min !== null && p50 !== null && p99 !== null && min <= p50 && p50 <= p99 && p99 >= heldMs - 1 && p99 - min >= 20,
    {
      sent,
      expected: `rttMinMs ≤ rttP50Ms ≤ rttP99Ms; rttP99Ms of ${heldMs} or more, as for the first; rttMinMs well below, as for the last`,
      received: `rttMinMs ${min}, rttP50Ms ${p50}, rttP99Ms ${p99}`,
      usually: 'times are sorted as text, averaged, in another unit, or all measured from the start of the run',
    },
  );
}
