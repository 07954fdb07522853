/** TCP echo server (RFC 862). brief.md says what it must do; each TODO names the checkpoint that it is missing for. */
import { createServer, type Socket } from 'node:net';

// TODO(bad-settings): an invalid variable ends the start with one line that names it, and an exit code other than 0.
const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? '7007');

// TODO(max-connections): a connection beyond MAX_CONNECTIONS is closed at once, without a byte.
const server = createServer((socket) => serve(socket));

function serve(socket: Socket): void {
  // TODO(echo-binary): bytes that are not text come back unchanged too.
  // TODO(single-bytes): one byte comes back alone, even if it is only a part of a character.
  socket.setEncoding('utf8');

  // TODO(idle-timeout): a connection on which nothing moves for IDLE_TIMEOUT_MS is ended.
  // TODO(stalled-reader): that is so as well when the server has bytes to write and the client does not read.
  // TODO(backpressure): a client that does not read is held back, and costs no more memory than a small buffer.
  socket.on('data', (text) => {
    socket.write(text);
  });

  // TODO(half-close): the client still receives everything that it sent, and then our end.
  socket.on('end', () => {
    socket.destroy();
  });

  // TODO(reset): a connection that the client aborts leaves the server alive, and its descriptor free.
  // TODO(robustness): whatever clients do, in any order, the server goes on and keeps nothing of those that are gone.
  socket.on('close', () => {
    console.error('closed');
  });
}

// TODO(port-in-use): a taken port ends the start with one line that names it, and an exit code other than 0.
server.listen(port, host, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`READY ${address.port}`);
});

// TODO(graceful-stop): on SIGTERM new connections are refused, open ones are finished, and the exit code is 0.
// TODO(stop-deadline): that takes no longer than SHUTDOWN_TIMEOUT_MS.
