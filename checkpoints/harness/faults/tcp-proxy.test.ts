import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { createTcpProxy, type TcpProxyOptions } from './tcp-proxy.ts';

const SEED = 77;
let server: Server;
let port: number;
/** Called with each connection that reaches the server; echoes unless a test says otherwise. */
let serve: (socket: Socket) => void;

beforeEach(async () => {
  serve = (socket) => socket.pipe(socket);
  server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {});
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  server.close();
  await once(server, 'close'); // hangs, and fails the test, if the proxy has left a connection open
});

const open = (options: Omit<TcpProxyOptions, 'upstream' | 'seed'> = {}) =>
  createTcpProxy({ upstream: { port }, seed: SEED, ...options });

function dial(proxy: { readonly port: number }): Socket {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  return socket.on('error', () => {}); // a proxy that is disposed of resets what is still open
}

/** What the server receives, chunk by chunk, until its end. */
function collect(): { readonly chunks: Buffer[]; readonly ended: Promise<void> } {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  serve = (socket) => {
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => {
      socket.end();
      resolve();
    });
  };
  return { chunks, ended };
}

const links = {
  'no link': {},
  'a short delay': { delayMs: 3, jitterMs: 2 },
  'loss, duplication and reordering': { delayMs: 1, loss: 0.03, duplication: 0.05, reorder: 0.05 },
  'a narrow link': { bandwidthBytesPerSecond: 2_000_000 },
};

describe.each(Object.entries(links))('through %s', (_, faults) => {
  test('a megabyte comes back unchanged after a half-close, then the end', async () => {
    await using proxy = await open({ faults });
    const sent = createRandom(SEED).bytes(faults === links['no link'] ? 1_000_000 : 200_000);
    const socket = dial(proxy);
    socket.end(sent);
    const received = await buffer(socket);
    expect(received.equals(sent), proxy.log.describe().join('\n')).toBe(true);
  });

  test('the server may close its side first', async () => {
    const { promise: heard, resolve } = Promise.withResolvers<string>();
    serve = (socket) => {
      socket.end('bye');
      buffer(socket).then((bytes) => resolve(bytes.toString()), resolve);
    };
    await using proxy = await open({ faults });
    const socket = dial(proxy);
    expect((await buffer(socket)).toString()).toBe('bye');
    socket.end('still here');
    expect(await heard).toBe('still here');
  });

  test('a reset by the client reaches the server', async () => {
    const { promise: failed, resolve } = Promise.withResolvers<NodeJS.ErrnoException>();
    serve = (socket) => {
      socket.resume();
      socket.once('error', resolve);
      socket.write('ready');
    };
    await using proxy = await open({ faults });
    const socket = dial(proxy);
    await once(socket, 'data');
    socket.resetAndDestroy();
    expect((await failed).code).toBe('ECONNRESET');
  });
});

test('a delay costs a new connection two round trips until its first echo, and an open one a single round trip', async () => {
  await using proxy = await open({ faults: { delayMs: 20 } });
  const socket = dial(proxy);
  const exchange = async () => {
    const startedAt = performance.now();
    socket.write('x');
    await once(socket, 'data');
    return performance.now() - startedAt;
  };
  const first = await exchange();
  const later: number[] = [];
  while (later.length < 8) later.push(await exchange());
  const second = Math.min(...later); // a busy machine adds to any of them, and takes from none
  expect(first).toBeGreaterThanOrEqual(79);
  expect(second).toBeGreaterThanOrEqual(39);
  expect(second).toBeLessThan(first);
  socket.end();
  await once(socket.resume(), 'close');
});

test('split writes arrive in more and smaller pieces, with the bytes unchanged', async () => {
  const { chunks, ended } = collect();
  await using proxy = await open({ toServer: { chunking: { kind: 'split', maxBytes: 7 } } });
  const sent = createRandom(SEED).bytes(2000);
  const socket = dial(proxy).resume();
  socket.end(sent);
  await ended;
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  expect(chunks.length).toBeGreaterThan(50);
});

test('merged writes arrive in one piece', async () => {
  const { chunks, ended } = collect();
  await using proxy = await open({ toServer: { chunking: { kind: 'merge', bytes: 100, withinMs: 60_000 } } });
  const socket = dial(proxy).resume();
  for (let n = 0; n < 10; n++) {
    socket.write(`message-${n},`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end('fin');
  await ended;
  const together = Array.from({ length: 10 }, (_, n) => `message-${n},`).join('');
  expect(String(Buffer.concat(chunks))).toBe(`${together}fin`);
  // The end lets go of what is held; a server that is late to read may find it with the rest.
  expect(String(chunks[0])).toSatisfy((first: string) => first.startsWith(together));
});

test('held writes are let go when their time is up', async () => {
  await using proxy = await open({ toServer: { chunking: { kind: 'merge', bytes: 1000, withinMs: 5 } } });
  const socket = dial(proxy);
  socket.write('few');
  expect(String((await once(socket, 'data'))[0])).toBe('few');
  socket.destroy();
});

test('a reset after N bytes lets no more than N through and resets both sides', async () => {
  const { promise: failed, resolve } = Promise.withResolvers<NodeJS.ErrnoException>();
  let received = 0;
  serve = (socket) => {
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.once('error', resolve);
  };
  await using proxy = await open({ toServer: { resetAfterBytes: 1000 } });
  const socket = dial(proxy);
  socket.write(new Uint8Array(5000));
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(['ECONNRESET', 'EPIPE']).toContain(error.code);
  expect((await failed).code).toBe('ECONNRESET');
  expect(received).toBeLessThanOrEqual(1000);
  expect(proxy.log.events.join()).toContain('reset both sides after 1000 bytes toServer');
});

test('a reset on command reaches both sides', async () => {
  const { promise: failed, resolve } = Promise.withResolvers<NodeJS.ErrnoException>();
  serve = (socket) => {
    socket.write('ready');
    socket.once('error', resolve);
  };
  await using proxy = await open();
  const socket = dial(proxy);
  await once(socket, 'data');
  proxy.reset();
  expect(((await once(socket, 'error')) as [NodeJS.ErrnoException])[0].code).toBe('ECONNRESET');
  expect((await failed).code).toBe('ECONNRESET');
  expect(proxy.open).toBe(0);
});

test.each([
  { name: 'no link', faults: {} },
  { name: 'a link', faults: { delayMs: 1 } },
])(
  'while frozen over $name nothing passes and buffers stay bounded; afterwards everything arrives',
  async ({ faults }) => {
    await using proxy = await open({ faults });
    const socket = dial(proxy);
    socket.write('a');
    await once(socket, 'data');
    proxy.freeze();
    const bytes = createRandom(SEED).bytes(20_000_000);
    let accepted = 0;
    for (let at = 0; at < bytes.length; at += 100_000) {
      socket.write(bytes.subarray(at, at + 100_000), () => {
        accepted += 100_000;
      });
    }
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    // Until the kernel has taken nothing more since the last look: the proxy has stopped reading.
    let before = -1;
    const standsStill = () => {
      const still = accepted === before;
      before = accepted;
      return still;
    };
    await expect.poll(standsStill, { interval: 100, timeout: 10_000 }).toBe(true);
    expect(received).toBe(0);
    // The rest are the kernel's socket buffers, up to about 6 MB on Linux (tcp_rmem, tcp_wmem).
    expect(accepted).toBeLessThan(15_000_000);
    proxy.unfreeze();
    await expect.poll(() => received, { timeout: 20_000 }).toBe(bytes.length);
    socket.resetAndDestroy();
  },
);

test('a server that is not there: the client is reset, and the log says why', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port: closedPort } = closed.address() as AddressInfo;
  closed.close();
  await using proxy = await createTcpProxy({ upstream: { port: closedPort }, seed: SEED });
  const [error] = (await once(dial(proxy), 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  expect(proxy.log.describe().join('\n')).toContain('ECONNREFUSED');
});

test('disposal closes what is open, and the same seed gives connection n the same luck', async () => {
  const run = async (seed: number) => {
    const proxy = await createTcpProxy({
      upstream: { port },
      seed,
      faults: { duplication: 0.3, reorder: 0.3, reorderByMs: 1 },
    });
    const socket = dial(proxy);
    for (let n = 0; n < 30; n++) {
      socket.write('x');
      await once(socket, 'data');
    }
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await proxy[Symbol.asyncDispose]();
    await closed;
    expect(proxy.open).toBe(0);
    // How many acknowledgements go out depends on the machine's timing; what happens to packet n does not.
    return [...proxy.log.links.values()].map(({ log }) =>
      log.slice(0, 30).map((fate) => fate.outcome === 'delivered' && [fate.arrivals.length, fate.reordered]),
    );
  };
  const first = await run(1);
  expect(first.map((fates) => fates.length)).toEqual([30, 30]);
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
});
