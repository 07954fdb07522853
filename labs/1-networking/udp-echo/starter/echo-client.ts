import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface PathReport {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly rttMinMs: number | null;
  readonly rttP50Ms: number | null;
  readonly rttP99Ms: number | null;
}

export interface ClientSettings {
  readonly targetHost: string;
  readonly targetPort: number;
  readonly count: number;
  readonly intervalMs: number;
  readonly waitMs: number;
}

/** Sends `count` numbered datagrams and reports what came back. */
export async function measurePath(settings: ClientSettings): Promise<PathReport> {
  const run = randomBytes(4);
  const sentAtMs: number[] = [];
  const rttMs: number[] = [];
  let highest = -1;

  const socket = createSocket('udp4');
  // TODO(client-unreachable): a target where nothing listens is loss, not the end of the program.
  socket.connect(settings.targetPort, settings.targetHost);
  await once(socket, 'connect');

  // TODO(client-strays): a datagram that is no reply to this run is not counted.
  // TODO(client-duplicates): copies are counted apart from what was received.
  // TODO(client-reordering): a reply whose number is smaller than the next one expected is counted.
  socket.on('message', (bytes) => {
    if (bytes.length < 8) return;
    const sequence = bytes.readUInt32BE(4);
    highest = Math.max(highest, sequence);
    rttMs.push(performance.now() - (sentAtMs[sequence] ?? 0));
  });

  for (let sequence = 0; sequence < settings.count; sequence += 1) {
    const datagram = Buffer.alloc(8);
    run.copy(datagram);
    datagram.writeUInt32BE(sequence, 4);
    sentAtMs.push(performance.now());
    socket.send(datagram);
    await delay(settings.intervalMs);
  }
  await delay(settings.waitMs);
  socket.close();

  // TODO(client-report): the three times are those of the brief.
  // TODO(client-loss): what never came back is counted, also when it was the last, or all of it.
  // TODO(faulty-path): the report is exact when the path loses, repeats and reorders at once.
  rttMs.sort();
  return {
    sent: settings.count,
    received: rttMs.length,
    lost: highest + 1 - rttMs.length,
    duplicated: 0,
    reordered: 0,
    rttMinMs: rttMs[0] ?? 0,
    rttP50Ms: rttMs[Math.floor(rttMs.length / 2)] ?? 0,
    rttP99Ms: rttMs[Math.floor(rttMs.length * 0.99)] ?? 0,
  };
}
