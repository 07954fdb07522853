import type { Socket } from 'node:net';

/**
 * Sends back what comes (RFC 862), and ends our side when the peer has ended its own.
 *
 * The socket must have been accepted with `allowHalfOpen: true`. Errors, timeouts and counting are the caller's.
 */
export function echo(socket: Socket): void {
  // #region backpressure
  socket.on('data', (chunk: Buffer) => {
    // false: as much waits in the socket's own buffer as it may hold (64 KiB by default). We stop reading, the kernel's
    // receive buffer fills, the window closes, and the peer has to wait: its bytes stay on its own side.
    if (!socket.write(chunk)) socket.pause();
  });
  socket.on('drain', () => socket.resume());
  // #endregion backpressure

  // #region half-close
  // The peer's FIN closes one direction only (RFC 9293 §3.6.1). end() writes what still waits, and sends our FIN after
  // it; destroy() would throw it away.
  socket.on('end', () => socket.end());
  // #endregion half-close
}
