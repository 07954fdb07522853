import { expect, test } from 'vitest';
import { createRandom } from '../../harness/random.ts';
import { distributionOf } from '../distribution.ts';
import { runClassicRecovery } from './classic-recovery.ts';
import type { StreamResult } from './head-of-line.ts';
import { renderPlots, type TcpOrUdpFigures } from './tcp-or-udp.ts';

/** Made-up figures of the right shape: only the drawing is under test. */
function figures(kernel: boolean): Pick<TcpOrUdpFigures, 'results'> {
  const random = createRandom(1);
  const around = (middle: number, unit: 'ms' | 'µs' = 'ms') =>
    distributionOf(
      Array.from({ length: 2000 }, () => middle * (1 + random.next() ** 8)),
      { unit, binWidth: 5 },
    );
  const streams = [0, 0.01, 0.05].flatMap((loss) =>
    (['tcp', 'udp'] as const).map(
      (protocol): StreamResult => ({
        protocol,
        loss,
        sent: 2000,
        received: protocol === 'tcp' ? 2000 : Math.round(2000 * (1 - loss) ** 2),
        latency: around(40),
        sendLateness: { p50: 0.5, p99: 1, max: 2 },
        excerpt: [[0, 40], [17, protocol === 'tcp' ? 60 : null], [33, 41]], // biome-ignore format: points
        packets: { sent: 4000, lost: 0 },
      }),
    ),
  );
  return {
    results: {
      headOfLine: {
        streams,
        model: [],
        kernelTcp: kernel
          ? {
              available: true,
              streams: [0, 0.01, 0.05].map((loss) => ({
                loss,
                sent: 2000,
                latency: around(40),
                retransmitted: 1,
                timeouts: 0,
                lostRetransmissions: 0,
              })),
            }
          : { available: false, reason: 'a test' },
      },
      nagle: (['two-writes', 'two-writes-no-delay', 'one-write'] as const).map((style) => ({
        style,
        latency: around(style === 'two-writes' ? 41 : 0.07),
        warmUp: [0.5, 41, 42],
      })),
      connectionCost: (['loopback', 'link'] as const).flatMap((path) =>
        (['new-tcp', 'open-tcp', 'udp'] as const).map((way) => ({
          path,
          way,
          latency: path === 'link' ? around(40) : around(80, 'µs'),
        })),
      ),
      datagramSize: [64, 1472, 65_507].map((payloadBytes) => ({
        payloadBytes,
        fragments: payloadBytes > 1472 ? 45 : 1,
        sent: 100,
        delivered: 99,
        deliveryRate: 0.99,
        expectedDeliveryRate: 0.99,
        goodputShare: 0.9,
        loopbackMegabytesPerSecond: payloadBytes / 20,
        loopbackDatagramsPerSecond: 10_000,
      })),
    },
  };
}

test.each([true, false])('the plots depend on the record alone, and no figure is missing (kernel: %s)', (kernel) => {
  const plots = renderPlots(figures(kernel));
  expect(plots).toEqual(renderPlots(JSON.parse(JSON.stringify(figures(kernel))) as TcpOrUdpFigures));
  expect(Object.keys(plots)).toHaveLength(4);
  for (const [name, svg] of Object.entries(plots)) expect(svg, name).not.toMatch(/NaN|Infinity|undefined/);
  expect(plots['tcp-or-udp-hol.svg']).toContain('UDP: 9.8 % never');
  expect(plots['tcp-or-udp-hol.svg']?.includes('Linux’s')).toBe(kernel);
});

test('a record without a stream is refused with the mend', () => {
  const { results } = figures(false);
  const headOfLine = { ...results.headOfLine, streams: results.headOfLine.streams.slice(1) };
  expect(() => renderPlots({ results: { ...results, headOfLine } })).toThrow('record it again');
});

test('in the model a loss costs TCP’s tail more with older recovery, and nothing without loss', () => {
  const p99 = (recovery: string, loss: number) =>
    runs.find((run) => run.recovery === recovery && run.loss === loss)?.latency.p99 ?? Number.NaN;
  const runs = runClassicRecovery(1);
  expect([p99('rack', 0), p99('duplicate-acks', 0)]).toEqual([40, 40]);
  expect(p99('rack', 0.05)).toBeGreaterThan(p99('rack', 0.01));
  expect(p99('duplicate-acks', 0.05)).toBeGreaterThan(p99('rack', 0.05));
});
