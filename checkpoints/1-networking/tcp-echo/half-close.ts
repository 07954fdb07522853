import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TcpClient } from '../../harness/tcp-client.ts';
import { roundTrip } from './echo-client.ts';
import type { Pattern } from './pattern.ts';

const PIECE_BYTES = 16 * 1024;
const TRICKLE_BYTES = 4 * 1024;
/** Below the 64 KiB that many servers buffer, so that one total at least ends within such a buffer. */
const STEP_BYTES = 28 * 1024;
/** Small pieces fill a kernel's buffers sooner than large ones do: the trickle begins well before. */
const LEAD_BYTES = 7 * STEP_BYTES;
/** A server that takes no more than one piece of 64 KiB each time round its loop has then taken 6 MB. */
const DIGEST_TRIPS = 100;
/** No system is asked for more; one with larger buffers is only judged a little less sharply. */
const MAX_CAPACITY_BYTES = 12_000_000;

/**
 * How much an echo of this system's kernel holds for a client that does not read: the server's send buffer and the
 * client's receive buffer. Found by filling them with a server of our own, which takes a few milliseconds.
 */
export async function echoCapacity(pattern: Pattern): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.on('data', (chunk) => socket.write(chunk));
  for (const each of [client, socket]) {
    each.on('error', () => {
      // Both are ours, and are destroyed in the middle of their work.
    });
  }
  let offered = 0;
  while (socket.writableLength === 0 && offered < MAX_CAPACITY_BYTES) {
    client.write(pattern.bytes(offered, PIECE_BYTES));
    offered += PIECE_BYTES;
    await nextTurn();
  }
  const capacity = socket.bytesRead - socket.writableLength;
  client.destroy();
  socket.destroy();
  server.close();
  await once(server, 'close');
  return capacity;
}

/**
 * Lets each client send, without reading, and then end its side. The totals lie around the capacity of the kernel in
 * small steps, and the last bytes come in trickles: so for some of them the FIN reaches the server while bytes wait
 * in the server's own buffer, and for others while they wait in the kernel.
 *
 * @returns how much each client has sent.
 */
export async function sendAndEnd(
  clients: readonly TcpClient[],
  bystander: TcpClient,
  options: { readonly pattern: Pattern; readonly capacity: number; readonly usually: string },
): Promise<number[]> {
  const { pattern, capacity, usually } = options;
  const first = Math.max(0, capacity - LEAD_BYTES);
  const totals = clients.map((_, i) => first + (i + 1) * STEP_BYTES);
  for (const client of clients) client.pause();
  await Promise.all(
    clients.map(async ({ socket }) => {
      for (let at = 0; at < first; at += PIECE_BYTES) {
        if (!socket.write(pattern.bytes(at, Math.min(PIECE_BYTES, first - at)))) await nextTurn();
      }
    }),
  );
  // The server has to have taken the bulk, or the trickle would only be more of it.
  for (let trips = 0; trips < DIGEST_TRIPS; ) {
    await roundTrip(bystander, usually);
    if (clients.every(({ socket }) => socket.writableLength === 0)) trips += 1;
  }
  for (let at = first; at < Math.max(...totals); at += TRICKLE_BYTES) {
    clients.forEach(({ socket }, i) => {
      const left = (totals[i] ?? 0) - at;
      if (left > 0) socket.write(pattern.bytes(at, Math.min(TRICKLE_BYTES, left)));
      if (left > 0 && left <= TRICKLE_BYTES) socket.end();
    });
    await roundTrip(bystander, usually);
  }
  return totals;
}
