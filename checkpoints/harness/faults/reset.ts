import type { Socket } from 'node:net';

/**
 * Aborts a connection: RST, by closing with SO_LINGER 0.
 *
 * libuv refuses to reset a socket whose FIN is still being sent (EINVAL), and Node then never closes it: the handle is
 * left over, and keeps a worker thread from ending.
 */
export function resetConnection(socket: Socket): void {
  if (socket.destroyed) return;
  const finUnderWay = socket.writableEnded && !socket.writableFinished;
  if (socket.connecting) socket.destroy();
  else if (finUnderWay) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}
