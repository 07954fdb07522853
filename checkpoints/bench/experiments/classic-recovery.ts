/** The stream of `head-of-line.ts` over the modelled TCP alone, in no time: what older loss recovery would make of it. */
import { createFakeClock } from '../../harness/faults/clock.ts';
import { createLink } from '../../harness/faults/link.ts';
import { createTcpConnection } from '../../harness/faults/tcp-connection.ts';
import type { Recovery } from '../../harness/faults/tcp-sender.ts';
import { deriveSeed } from '../../harness/random.ts';
import { type Distribution, distributionOf } from '../distribution.ts';
import { HEAD_OF_LINE } from './head-of-line.ts';

export interface ModelStream {
  readonly recovery: Recovery;
  readonly loss: number;
  readonly latency: Distribution;
  readonly timeouts: number;
}

const RECOVERIES: readonly Recovery[] = ['duplicate-acks', 'rack'];
const HANDSHAKE_MS = 10_000;
const REST_MS = 600_000;

export function runClassicRecovery(seed: number): ModelStream[] {
  return RECOVERIES.flatMap((recovery) => HEAD_OF_LINE.losses.map((loss) => simulate(recovery, loss, seed)));
}

function simulate(recovery: Recovery, loss: number, seed: number): ModelStream {
  const { connections, messagesPerSecond, seconds, messageBytes, delayMs } = HEAD_OF_LINE;
  const latencies: number[] = [];
  let timeouts = 0;
  for (let k = 0; k < connections; k++) {
    const clock = createFakeClock();
    using connection = createTcpConnection({
      clock,
      toServer: createLink({ loss, delayMs, seed: deriveSeed(seed, 2 * k) }),
      toClient: createLink({ loss, delayMs, seed: deriveSeed(seed, 2 * k + 1) }),
      recovery,
    });
    const { client, server } = connection;
    const sentAt: number[] = [];
    let received = 0;
    let counted = 0;
    server.events.onData = (data) => server.write(data);
    client.events.onData = (data) => {
      for (received += data.length; (counted + 1) * messageBytes <= received; counted++) {
        latencies.push(clock.now() - (sentAt[counted] ?? Number.NaN));
      }
    };
    client.connect();
    clock.advance(HANDSHAKE_MS);
    for (let n = 0; n < messagesPerSecond * seconds; n++) {
      sentAt.push(clock.now());
      client.write(new Uint8Array(messageBytes));
      clock.advance(1000 / messagesPerSecond);
    }
    if (!clock.runUntilIdle(REST_MS)) throw new Error(`seed ${seed}: the modelled connection did not come to rest`);
    timeouts += client.counts.timeout + server.counts.timeout;
  }
  return { recovery, loss, latency: distributionOf(latencies, { unit: 'ms', binWidth: 5 }), timeouts };
}
