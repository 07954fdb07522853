import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';

export interface ClientConfig {
  readonly host: string;
  readonly port: number;
  readonly count: number;
  readonly intervalMs: number;
  readonly waitMs: number;
}

interface Sent {
  readonly atMs: number;
  roundTripMs?: number;
}

/** Calls `report` once, at the end. */
export function runClient(config: ClientConfig, report: (result: object) => void): void {
  const run = randomInt(2 ** 32);
  const sent: Sent[] = [];
  let largest = -1;
  let duplicated = 0;
  let reordered = 0;
  let timer: NodeJS.Timeout | undefined;

  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.on('error', () => {
    // News about one datagram. It is missing from the report.
  });
  socket.on('message', (bytes, from) => {
    if (from.address !== config.host || from.port !== config.port) return;
    if (bytes.length !== 8 || bytes.readUInt32BE(0) !== run) return;
    const sequence = bytes.readUInt32BE(4);
    const datagram = sent[sequence];
    if (datagram === undefined) return;
    if (datagram.roundTripMs !== undefined) {
      duplicated += 1;
      return;
    }
    datagram.roundTripMs = performance.now() - datagram.atMs;
    if (sequence < largest) reordered += 1;
    largest = Math.max(largest, sequence);
  });

  const finish = () => {
    clearTimeout(timer);
    socket.close();
    const times = sent.flatMap(({ roundTripMs }) => roundTripMs ?? []).sort((a, b) => a - b);
    const rank = (p: number) => times[Math.max(0, Math.ceil((p * times.length) / 100) - 1)] ?? null;
    report({
      rttMinMs: rank(0),
      rttP50Ms: rank(50),
      rttP99Ms: rank(99),
      reordered,
      duplicated,
      lost: sent.length - times.length,
      received: times.length,
      sent: sent.length,
    });
  };

  let firstMs = 0;
  const sendNext = () => {
    if (sent.length === 0) firstMs = performance.now();
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(run, 0);
    bytes.writeUInt32BE(sent.length, 4);
    sent.push({ atMs: performance.now() });
    socket.send(bytes, config.port, config.host, () => {
      // An error is a loss, and counted as one.
    });
    const dueMs = firstMs + sent.length * config.intervalMs;
    timer =
      sent.length < config.count
        ? setTimeout(sendNext, Math.max(0, dueMs - performance.now()))
        : setTimeout(finish, config.waitMs);
  };

  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, finish);
  socket.bind(0, sendNext);
}
