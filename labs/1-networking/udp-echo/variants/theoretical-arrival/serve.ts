import { createSocket, type RemoteInfo } from 'node:dgram';
import { on, once } from 'node:events';
import { Arrivals } from './arrivals.ts';
import type { ServerConfig } from './config.ts';

export async function serve(config: ServerConfig): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop.abort());

  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20, sendBufferSize: 1 << 17 });
  socket.bind(config.port, config.host);
  await once(socket, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`nothing can listen on ${config.host}, port ${config.port}: ${error.code}`);
  });
  const datagrams = on(socket, 'message', { signal: stop.signal });
  console.log(`READY ${socket.address().port}`);

  const arrivals = new Arrivals(config);
  const totals = { received: 0, echoed: 0, dropped: 0 };
  const log = (event: string, fields: object) =>
    process.stderr.write(`${JSON.stringify({ level: 'info', event, ...fields, time: new Date().toISOString() })}\n`);

  // The first drop is told at once, the next ones when the interval is over.
  let told = 0;
  let quiet: NodeJS.Timeout | undefined;
  const tell = () => {
    quiet = undefined;
    if (totals.dropped === told) return;
    log('rate-limited', { dropped: totals.dropped - told });
    told = totals.dropped;
    quiet = setTimeout(tell, config.logIntervalMs);
  };

  try {
    for await (const [datagram, source] of datagrams as AsyncIterable<[Buffer, RemoteInfo]>) {
      totals.received += 1;
      if (!arrivals.conforms(`${source.address} ${source.port}`, performance.now())) {
        totals.dropped += 1;
        if (quiet === undefined) tell();
        continue;
      }
      if (source.port === 0) continue;
      socket.send(datagram, source.port, source.address, (error) => {
        if (error === null) totals.echoed += 1;
      });
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  clearTimeout(quiet);
  socket.close();
  await once(socket, 'close');
  tell();
  clearTimeout(quiet);
  log('stopped', totals);
}
