/**
 * The same server with promises instead of callbacks: each connection is one async function that reads, writes and
 * waits, and the accept loop is an async iterator too.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

class SettingError extends Error {
  readonly code = 'BAD_SETTING';
}

function integer(name: string, fallback: number, [min, max]: readonly [number, number]): number {
  const text = process.env[name] ?? '';
  if (text === '') return fallback;
  const value = /^\d{1,15}$/.test(text) ? Number.parseInt(text, 10) : -1;
  if (value < min || value > max) throw new SettingError(`${name}: expected ${min} to ${max} in digits, got "${text}"`);
  return value;
}

function readSettings() {
  return {
    host: process.env.HOST || '127.0.0.1',
    port: integer('PORT', 7007, [0, 65_535]),
    maxConnections: integer('MAX_CONNECTIONS', 4_096, [1, 1_000_000]),
    idleMs: integer('IDLE_TIMEOUT_MS', 60_000, [1, 86_400_000]),
    shutdownMs: integer('SHUTDOWN_TIMEOUT_MS', 5_000, [1, 86_400_000]),
  };
}

/** Everything that one connection ever does, from top to bottom. */
async function echo(socket: Socket, idleMs: number, stop: AbortSignal): Promise<void> {
  const idle = new AbortController();
  socket.setTimeout(idleMs, () => idle.abort(new Error('idle')));
  const gone = AbortSignal.any([idle.signal, stop]);
  const cut = () => socket.destroy();
  gone.addEventListener('abort', cut, { once: true });
  try {
    // The iterator reads no further than its buffer while we wait: that is the backpressure.
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      if (!socket.write(chunk)) await once(socket, 'drain', { signal: gone });
    }
    socket.end();
    await once(socket, 'close', { signal: gone });
  } finally {
    gone.removeEventListener('abort', cut);
    socket.destroy();
  }
}

async function* connections(server: Server): AsyncGenerator<Socket> {
  const waiting: Socket[] = [];
  let wake = () => {};
  server.on('connection', (socket) => {
    socket.on('error', () => {
      // echo() hears of it as well, by the promise that it waits for.
    });
    waiting.push(socket);
    wake();
  });
  server.on('close', () => wake());
  while (server.listening || waiting.length > 0) {
    const socket = waiting.shift();
    if (socket) yield socket;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

async function main(): Promise<number> {
  const { host, port, maxConnections, idleMs, shutdownMs } = readSettings();
  const server = createServer({ allowHalfOpen: true });
  server.maxConnections = maxConnections;
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`READY ${address.port}`);

  const deadline = new AbortController();
  process.on('SIGTERM', () => {
    server.close();
    setTimeout(() => deadline.abort(new Error('time is up')), shutdownMs).unref();
  });
  server.on('error', (error) => console.error(`accept: ${error.message}`));
  for await (const socket of connections(server)) {
    echo(socket, idleMs, deadline.signal).catch((error: Error) => console.error(`connection: ${error.message}`));
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const inUse = code === 'EADDRINUSE';
  console.error(inUse ? `PORT ${process.env.PORT} is in use` : message);
  process.exitCode = 1;
}
