/**
 * The load generator of `echo.ts`, in a process of its own so that it shares no event loop with anything.
 * Gets an `EchoLoad` as its only argument and prints an `EchoLoadResult` as JSON.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';

export interface EchoLoad {
  /** One of each server, in the order of the results. */
  readonly servers: readonly { readonly port: number; readonly pid: number }[];
  /** In each round every server has its turn. Those of the warm-up are not counted. */
  readonly warmUpRounds: number;
  readonly rounds: number;
  readonly connections: number;
  /** Bytes of a message: each connection has one under way, and sends the next when it is back (closed loop). */
  readonly messageBytes: number;
  /** Bytes that each connection keeps under way while throughput is measured. */
  readonly windowBytes: number;
  /** Of one turn, for echoes and then again for throughput. */
  readonly turnMs: number;
}

/** What one server did. */
export interface EchoLoadResult {
  /** By round. */
  readonly echoesPerSecond: readonly number[];
  readonly megabytesPerSecond: readonly number[];
  /** The server's processor time over all rounds: what a busy machine changes least. Undefined where /proc is missing. */
  readonly cpuUsPerEcho: number | undefined;
  readonly cpuUsPerMegabyte: number | undefined;
  /** Latencies in µs of all rounds as an encoded HdrHistogram: merged, never averaged. */
  readonly histogram: string;
}

/** The histogram that both sides use: 1 µs to a minute, three significant digits. */
export function createHistogram() {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });
}

async function runLoad(load: EchoLoad): Promise<EchoLoadResult[]> {
  const servers = load.servers.map(({ port, pid }) => ({
    port,
    pid,
    echoCost: { cpuUs: 0, count: 0 },
    streamCost: { cpuUs: 0, count: 0 },
    echoesPerSecond: [] as number[],
    megabytesPerSecond: [] as number[],
    histogram: createHistogram(),
  }));
  for (let round = -load.warmUpRounds; round < load.rounds; round++) {
    // Each round starts with another one: nobody always comes after the fastest, or first.
    const first = (round + load.warmUpRounds) % servers.length;
    for (const server of [...servers.slice(first), ...servers.slice(0, first)]) {
      const sockets = await openAll(server.port, load.connections);
      const counted = round >= 0;
      const cpuAtStart = cpuMicroseconds(server.pid);
      const echoes = await exchange(sockets, load, (us) => counted && server.histogram.recordValue(us));
      const cpuBetween = cpuMicroseconds(server.pid);
      const bytes = await stream(sockets, load);
      const cpuAtEnd = cpuMicroseconds(server.pid);
      for (const socket of sockets) socket.destroy();
      if (!counted) continue;
      server.echoCost.cpuUs += cpuBetween - cpuAtStart;
      server.echoCost.count += echoes.count;
      server.streamCost.cpuUs += cpuAtEnd - cpuBetween;
      server.streamCost.count += bytes.count / 1e6;
      server.echoesPerSecond.push(Math.round(echoes.count / echoes.seconds));
      server.megabytesPerSecond.push(Math.round(bytes.count / bytes.seconds / 1e4) / 100);
    }
  }
  const perUnit = ({ cpuUs, count }: { cpuUs: number; count: number }): number | undefined =>
    Number.isNaN(cpuUs) ? undefined : Math.round((cpuUs / count) * 10) / 10;
  return servers.map((server) => ({
    echoesPerSecond: server.echoesPerSecond,
    megabytesPerSecond: server.megabytesPerSecond,
    cpuUsPerEcho: perUnit(server.echoCost),
    cpuUsPerMegabyte: perUnit(server.streamCost),
    histogram: encodeIntoCompressedBase64(server.histogram),
  }));
}

/** USER_HZ of Linux, 100 wherever /proc is: proc(5), `utime` and `stime` of /proc/<pid>/stat. */
const TICKS_PER_SECOND = 100;

/** Processor time that a process has used so far; NaN where /proc does not tell. */
function cpuMicroseconds(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold spaces; `state` follows it, and `utime` is eleven fields further on.
  const [utime, stime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return ((Number(utime) + Number(stime)) / TICKS_PER_SECOND) * 1e6;
}

function openAll(port: number, connections: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
}

interface Counted {
  readonly count: number;
  readonly seconds: number;
}

/** One message under way on each connection, until the time is up and all are back. */
async function exchange(
  sockets: readonly Socket[],
  { messageBytes, turnMs }: EchoLoad,
  onEcho: (microseconds: number) => void,
): Promise<Counted> {
  const message = Buffer.alloc(messageBytes, 'e');
  const startedAt = performance.now();
  let count = 0;
  const runOne = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let sentAt = 0;
      let received = 0;
      const send = (): void => {
        received = 0;
        sentAt = performance.now();
        socket.write(message);
      };
      const onData = (chunk: Buffer): void => {
        received += chunk.length;
        if (received < messageBytes) return;
        count++;
        const now = performance.now();
        onEcho(Math.max(1, Math.round((now - sentAt) * 1000)));
        if (now - startedAt < turnMs) {
          send();
          return;
        }
        socket.off('data', onData).off('close', onClose);
        resolve();
      };
      const onClose = (): void => reject(new Error('the server closed a connection under load'));
      socket.on('data', onData).once('close', onClose);
      send();
    });
  await Promise.all(sockets.map(runOne));
  return { count, seconds: (performance.now() - startedAt) / 1000 };
}

/** A full window under way on each connection: each byte that comes back lets one go out. */
async function stream(sockets: readonly Socket[], { windowBytes, turnMs }: EchoLoad): Promise<Counted> {
  const window = Buffer.alloc(windowBytes, 's');
  const startedAt = performance.now();
  let count = 0;
  const runOne = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let underWay = windowBytes;
      const onData = (chunk: Buffer): void => {
        underWay -= chunk.length;
        count += chunk.length;
        if (performance.now() - startedAt < turnMs) {
          underWay += chunk.length;
          socket.write(window.subarray(0, chunk.length));
        } else if (underWay === 0) {
          socket.off('data', onData).off('close', onClose);
          resolve();
        }
      };
      const onClose = (): void => reject(new Error('the server closed a connection under load'));
      socket.on('data', onData).once('close', onClose);
      socket.write(window);
    });
  await Promise.all(sockets.map(runOne));
  return { count, seconds: (performance.now() - startedAt) / 1000 };
}

if (process.argv[1] === import.meta.filename) {
  const load = JSON.parse(process.argv[2] ?? 'null') as EchoLoad;
  console.log(JSON.stringify(await runLoad(load)));
}
