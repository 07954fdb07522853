import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from './log.ts';
import { PathRecord, type PathReport } from './path-record.ts';
import { decodeProbe, encodeProbe } from './probe.ts';
import type { ClientSettings } from './settings.ts';

/** Replies that come in a burst wait here while the loop is busy; a full buffer would look like a lossy path. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/**
 * Sends numbered datagrams to an echo server and reports what came of them.
 *
 * @param signal ends the run early, with a report of what there is.
 */
export async function measurePath(settings: ClientSettings, log: Log, signal: AbortSignal): Promise<PathReport> {
  const run = randomBytes(4).readUInt32BE();
  const record = new PathRecord();
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });

  // #region receive
  socket.on('message', (bytes) => {
    const probe = decodeProbe(bytes);
    if (probe?.run === run) record.reply(probe.sequence, performance.now());
  });
  // Connected: the kernel drops what comes from elsewhere, and tells us of an ICMP "port unreachable".
  socket.connect(settings.targetPort, settings.targetHost);
  await once(socket, 'connect');
  // #endregion receive

  // #region refused
  // ECONNREFUSED, from a send or between two, says that one datagram met nobody. The next one may fare better.
  let refusals = 0;
  const refused = (error: Error | null) => {
    if (error === null) return;
    refusals += 1;
    if (refusals === 1) log('warn', 'send-failed', { message: error.message });
  };
  socket.on('error', refused);
  // #endregion refused

  try {
    await sendAll(socket, record, { ...settings, run, refused, signal });
    await delay(settings.waitMs, undefined, { signal });
    // Timers run before sockets: a loop that was held up reads what had come by then before it ends.
    await nextTurn();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  socket.close();
  log('info', 'finished', { refusals });
  return record.report();
}

interface Sending extends ClientSettings {
  readonly run: number;
  readonly refused: (error: Error | null) => void;
  readonly signal: AbortSignal;
}

// #region send-all
/** Each datagram has its moment, counted from the first: a late one does not make all others late. */
async function sendAll(socket: Socket, record: PathRecord, sending: Sending): Promise<void> {
  const startedAtMs = performance.now();
  for (let sequence = 0; sequence < sending.count; sequence += 1) {
    const earlyMs = startedAtMs + sequence * sending.intervalMs - performance.now();
    if (earlyMs > 0) await delay(earlyMs, undefined, { signal: sending.signal });
    record.sent(sequence, performance.now());
    socket.send(encodeProbe({ run: sending.run, sequence }), sending.refused);
  }
}
// #endregion send-all
