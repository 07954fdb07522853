/** The two loads of `soak.ts`. Each opens its own connections and leaves none behind. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Random } from '../harness/random.ts';

/** At most this many connections at once. */
const CONCURRENCY = 50;
const MAX_CHUNK_BYTES = 16 * 1024;
const MAX_RESET_BYTES = 1024;
const CONNECTION_DEADLINE_MS = 20_000;

/**
 * Sends `total` random bytes in chunks of random size. A server may end a connection that talks nonsense: the rest
 * then goes over a new one. What comes back is read and dropped.
 *
 * @returns how many connections it took.
 */
export async function sendRandomBytes(port: number, total: number, random: Random): Promise<number> {
  let connections = 0;
  for (let sent = 0; sent < total; ) {
    connections++;
    const socket = await open(port);
    socket.resume();
    while (sent < total && socket.writable) {
      const chunk = random.bytes(Math.min(total - sent, random.int(1, MAX_CHUNK_BYTES)));
      sent += chunk.length;
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), closed(socket)]);
    }
    socket.end();
    await closed(socket);
  }
  return connections;
}

/** Opens connections, writes a few random bytes on each and resets it, some before anything has come back. */
export async function openAndReset(port: number, total: number, random: Random): Promise<void> {
  let left = total;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const socket = await open(port);
      socket.write(random.bytes(random.int(0, MAX_RESET_BYTES)));
      if (random.chance(0.5)) await Promise.race([once(socket, 'data'), closed(socket), turn()]);
      socket.resetAndDestroy();
      await closed(socket);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

/** Whether the server still answers: sends `question` on a new connection and waits for an answer that holds `answer`. */
export async function answers(port: number, question: string, answer: string): Promise<boolean> {
  const socket = await open(port);
  let received = '';
  socket.setEncoding('latin1').write(question);
  await Promise.race([
    closed(socket),
    new Promise<void>((resolve) => {
      socket.on('data', (text: unknown) => {
        received += String(text);
        if (received.includes(answer)) resolve();
      });
    }),
  ]);
  socket.destroy();
  return received.includes(answer);
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  // Bounds every wait on this socket: when the time is up it is closed, and `closed` resolves.
  const deadline = setTimeout(() => socket.destroy(), CONNECTION_DEADLINE_MS);
  socket.once('close', () => clearTimeout(deadline));
  await once(socket, 'connect');
  socket.on('error', () => {}); // a server may cut us off; `close` follows
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
}

/** A turn of the event loop: the server may or may not have got as far as reading. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
