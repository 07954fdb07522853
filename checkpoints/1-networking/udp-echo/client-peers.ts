import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { check } from '../../harness/failure.ts';
import { openUdp } from '../../harness/udp-client.ts';
import { checkCounts, runClient } from './client-run.ts';
import { countPath } from './path-truth.ts';
import { ProbeTarget } from './probe-target.ts';
import { together } from './together.ts';

export async function ignoresStrays(): Promise<void> {
  const plan = { count: 20, intervalMs: 1, waitMs: 100 };
  const lost = 9;
  await using target = await ProbeTarget.open(({ sequence, bytes }, self) => {
    if (sequence !== lost) {
      self.answer(sequence);
      return;
    }
    const otherRun = Buffer.from(bytes);
    otherRun.writeUInt32BE((bytes.readUInt32BE(0) ^ 0x5a5a5a5a) >>> 0, 0);
    const neverSent = Buffer.from(bytes);
    neverSent.writeUInt32BE(plan.count, 4);
    for (const stray of [otherRun, neverSent, bytes.subarray(0, 7), Buffer.concat([bytes, bytes]), Buffer.alloc(0)]) {
      self.replyWith(stray);
    }
    const { client } = self;
    if (client) stranger.send(bytes, client.port, client.host);
  });
  await using other = await ProbeTarget.open(({ sequence }, self) => self.answer(sequence));
  const stranger = createSocket('udp4');
  stranger.bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  try {
    const [report] = await together([runClient(target, plan), runClient(other, plan)]);
    checkCounts(
      report,
      countPath(plan.count, target.replies),
      `no reply to number ${lost}, but datagrams of another run, of 0, 7 and 16 bytes, with a number never sent, and from another port`,
      'the run, the length or the sender of what comes is not looked at: answers to an earlier run, or forged ones, pass for replies',
    );
    const runs = [target, other].map(({ seen }) => seen[0]?.bytes.subarray(0, 4).toString('hex'));
    check(runs[0] !== runs[1], {
      sent: 'two clients, started at the same time',
      expected: 'a run of its own in the datagrams of each',
      received: 'the same run in both',
      usually: 'the run is a constant, or made from the time of day',
    });
  } finally {
    stranger.close();
  }
}

export async function outlivesRefusals(): Promise<void> {
  const plan = { count: 10, intervalMs: 2, waitMs: 50 };
  const address = { host: '127.0.0.1', port: 0 };
  // A socket that is connected to itself hears nobody else, and keeps its port from being given to the client.
  await using deaf = await openUdp(address);
  address.port = deaf.port;
  deaf.socket.connect(deaf.port, address.host);
  await once(deaf.socket, 'connect');
  const report = await runClient(address, plan);
  checkCounts(
    report,
    countPath(plan.count, []),
    `COUNT=${plan.count} to a port where nothing listens`,
    'a send that ends in ECONNREFUSED is not counted as sent, or ends the run',
  );
}
