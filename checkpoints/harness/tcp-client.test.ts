import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { CheckpointFailure, type FailureReport } from './failure.ts';
import { createRandom } from './random.ts';
import { connectTcp, type TcpAddress } from './tcp-client.ts';

const usually = 'a reason';

/** A server that does `serve` with each connection, for as long as `use` takes. */
async function withServer(serve: (socket: Socket) => void, use: (address: TcpAddress) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  try {
    await use({ host: '127.0.0.1', port: address.port });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function reportOf(work: Promise<unknown>): Promise<FailureReport> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CheckpointFailure)) throw new Error(`expected a CheckpointFailure, got ${String(error)}`);
  return error.report;
}

test('split writes arrive whole and in order', async () => {
  await withServer(
    (socket) => socket.pipe(socket),
    async (address) => {
      await using client = await connectTcp(address);
      const data = createRandom(1).bytes(500);
      await client.writeSplit(data, createRandom(2));
      await client.expectBytes(data, { usually });
    },
  );
});

test('a line is handed out without its end, and what follows it stays', async () => {
  await withServer(
    (socket) => socket.end('first\r\nsecond\nrest'),
    async (address) => {
      await using client = await connectTcp(address);
      expect(await client.readLine({ usually })).toBe('first');
      expect(await client.readLine({ usually })).toBe('second');
      expect((await client.readToEnd({ usually })).toString()).toBe('rest');
      expect(client.peer).toBe('ended');
    },
  );
});

test('a wrong byte is shown with a caret', async () => {
  await withServer(
    (socket) => socket.end('hellO'),
    async (address) => {
      await using client = await connectTcp(address);
      const report = await reportOf(client.expectBytes(Buffer.from('hello'), { usually }));
      expect(report.received).toBe('bytes that differ from offset 4 on');
      expect(report.details?.at(-1)).toContain('^^ offset 4');
    },
  );
});

test('an early end, a reset and silence are told apart', async () => {
  await withServer(
    (socket) => socket.end('abc'),
    async (address) => {
      await using client = await connectTcp(address);
      const report = await reportOf(client.read(5, { sent: '5 bytes', usually }));
      expect(report).toMatchObject({
        sent: '5 bytes',
        expected: '5 bytes',
        received: '3 bytes, then your server closed the connection',
      });
    },
  );
  await withServer(
    (socket) => socket.once('data', () => socket.resetAndDestroy()),
    async (address) => {
      await using client = await connectTcp(address);
      await client.write('x');
      expect((await reportOf(client.readToEnd({ usually }))).received).toContain('reset the connection (RST)');
      expect(client.peer).toBe('reset');
    },
  );
  await withServer(
    () => {},
    async (address) => {
      await using client = await connectTcp(address);
      const report = await reportOf(client.read(1, { withinMs: 50, usually }));
      expect(report.received).toBe('0 bytes, then nothing more within 50 ms');
    },
  );
});

test('a refused connection is a failure, not a crash', async () => {
  let closed: TcpAddress | undefined;
  await withServer(
    () => {},
    async (address) => {
      closed = address;
    },
  );
  if (!closed) throw new Error('the server never listened');
  expect((await reportOf(connectTcp(closed))).received).toContain('ECONNREFUSED');
});
