/**
 * The same server in Node's own words: `pipe` copies and holds back, and one sweep over all connections, instead of a
 * timer for each, finds the idle ones by their byte counters. It may find one late by a sweep, which the brief allows.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';

const LIMITS = {
  PORT: [7007, 0, 65_535],
  MAX_CONNECTIONS: [4_096, 1, 1_000_000],
  IDLE_TIMEOUT_MS: [60_000, 1, 86_400_000],
  SHUTDOWN_TIMEOUT_MS: [5_000, 1, 86_400_000],
} as const;

const bad: string[] = [];
function setting(name: keyof typeof LIMITS): number {
  const [fallback, min, max] = LIMITS[name];
  const text = process.env[name] || String(fallback);
  const value = Number(text);
  if (String(value) === text && Number.isInteger(value) && value >= min && value <= max) return value;
  bad.push(`${name}=${text} is not a whole number from ${min} to ${max}`);
  return fallback;
}

const host = process.env.HOST || '127.0.0.1';
const port = setting('PORT');
const maxConnections = setting('MAX_CONNECTIONS');
const idleMs = setting('IDLE_TIMEOUT_MS');
const shutdownMs = setting('SHUTDOWN_TIMEOUT_MS');

/** What a connection had moved at the last sweep that saw a change, and when that was. */
interface Movement {
  bytes: number;
  atMs: number;
}
const open = new Map<Socket, Movement>();

/** Bytes read and bytes that the kernel took. */
function movedBytes(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}

function sweep(): void {
  const now = performance.now();
  for (const [socket, movement] of open) {
    const bytes = movedBytes(socket);
    if (bytes !== movement.bytes) open.set(socket, { bytes, atMs: now });
    else if (now - movement.atMs >= idleMs) socket.destroy();
  }
}

const server = createServer({ allowHalfOpen: true }, (socket) => {
  if (open.size >= maxConnections) {
    socket.on('error', () => {});
    socket.destroy();
    return;
  }
  open.set(socket, { bytes: 0, atMs: performance.now() });
  socket.on('error', (error) => console.error(error.message));
  socket.on('close', () => open.delete(socket));
  socket.pipe(socket);
});

function stop(): void {
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(0), shutdownMs);
}

if (bad.length > 0) {
  console.error(bad.join('; '));
  process.exitCode = 1;
} else {
  server.on('error', (error: NodeJS.ErrnoException) => {
    console.error(error.code === 'EADDRINUSE' ? `port ${port} is already in use` : error.message);
    process.exitCode = 1;
  });
  server.listen(port, host, () => {
    setInterval(sweep, Math.max(10, Math.min(1_000, idleMs / 4))).unref();
    process.on('SIGTERM', stop);
    console.log(`READY ${(server.address() as AddressInfo).port}`);
  });
}
