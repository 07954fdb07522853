import { once as realOnce } from 'node:events';
import * as realNet from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { once as pageOnce } from './events.ts';
import { createNet, type Net } from './net.ts';
import { Network, type NetworkLink, type WireSettings } from './network.ts';
import { Turns } from './turns.ts';

/** Two processes on one network in memory, as far as `node:net` goes; their messages are copied, as between workers. */
function pageNets(settings: WireSettings): { server: Net; client: Net; turns: Turns } {
  const network = new Network(settings, (work) => setImmediate(work));
  const join = (turns: Turns): Net => {
    let link: NetworkLink | undefined;
    const net: Net = createNet({
      send: (message) => {
        const copy = structuredClone(message);
        setImmediate(() => link?.receive(copy));
      },
      run: (work) => work(),
      turns,
      hold: () => () => {},
    });
    link = network.attach((message) => {
      const copy = structuredClone(message);
      setImmediate(() => net.receive(copy));
    });
    return net;
  };
  const turns = new Turns();
  return { server: join(turns), client: join(new Turns()), turns };
}

const { server, client, turns } = pageNets({ latencyMs: 0, maxPieceBytes: 0, seed: 1 });
type NetModule = typeof realNet;

const cut = pageNets({ latencyMs: 0, maxPieceBytes: 1_000, seed: 1 });

/** Node's own is the judge: each of these holds for both, and on a wire that cuts as well. */
const SYSTEMS = [
  { name: 'Node', serve: realNet, dial: realNet, once: realOnce, afterThisTurn: setImmediate, isCut: false },
  { name: 'the page', ...asNode(server, client), afterThisTurn: (work: () => void) => turns.next(work), isCut: false },
  {
    name: 'the page, in pieces',
    ...asNode(cut.server, cut.client),
    afterThisTurn: (work: () => void) => cut.turns.next(work),
    isCut: true,
  },
];

function asNode(serve: Net, dial: Net) {
  return {
    serve: serve.module as unknown as NetModule,
    dial: dial.module as unknown as NetModule,
    once: pageOnce as unknown as typeof realOnce,
  };
}

describe.each(SYSTEMS)('node:net of $name', ({ serve, dial, once, afterThisTurn, isCut }) => {
  async function pair(options: realNet.ServerOpts = {}, clientOptions: object = {}) {
    const listener = serve.createServer(options);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as realNet.AddressInfo;
    const far = dial.connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...clientOptions });
    const [[near]] = (await Promise.all([once(listener, 'connection'), once(far, 'connect')])) as [
      [realNet.Socket],
      unknown,
    ];
    const log: string[] = [];
    for (const name of ['end', 'finish', 'close', 'timeout', 'drain'] as const) {
      near.on(name, (...given: unknown[]) => log.push(name === 'close' ? `close ${given[0]}` : name));
    }
    near.on('error', (error: NodeJS.ErrnoException) => log.push(`error ${error.code}`));
    return { listener, near, far, log, port };
  }

  async function until(accept: () => boolean): Promise<void> {
    const end = performance.now() + 5_000;
    while (!accept()) {
      if (performance.now() > end) throw new Error('it never came about');
      await nextTurn();
    }
  }

  // A wire that cuts decides what one read brings.
  if (!isCut) {
    test('reads that fill their buffer follow one another within one turn', async () => {
      const { near, far, listener } = await pair();
      /** `turn` where the loop has turned, `promise` where promises were settled, and the length of each read. */
      const seen: (string | number)[] = [];
      let isTurnDue = false;
      near.on('data', (bytes) => {
        seen.push(bytes.length);
        queueMicrotask(() => queueMicrotask(() => seen.push('promise')));
        if (isTurnDue) return;
        isTurnDue = true;
        afterThisTurn(() => {
          isTurnDue = false;
          seen.push('turn');
        });
      });
      far.end(Buffer.alloc(3_000_000));
      await once(near, 'end');
      const turns = seen
        .join(' ')
        .split(' turn')
        .map((turn) => turn.trim());
      expect(turns.some((turn) => turn.startsWith('65536 promise 65536 promise'))).toBe(true);
      listener.close();
    });

    test('what waits for its reader comes in one read, however it was written', async () => {
      const { near, far, listener } = await pair({ pauseOnConnect: true });
      for (const text of ['one ', 'two ', 'three']) {
        await new Promise((resolve) => far.write(text, resolve));
        for (let i = 0; i < 20; i += 1) await nextTurn();
      }
      const reads: string[] = [];
      near.on('data', (bytes) => reads.push(String(bytes)));
      far.end();
      near.resume();
      await once(near, 'end');
      expect(reads).toEqual(['one two three']);
      listener.close();
    });
  }

  test('bytes come in their order, whatever their pieces', async () => {
    const { listener, near, far } = await pair();
    let got = '';
    near.setEncoding('utf8').on('data', (text) => {
      got += String(text);
    });
    const text = 'Grüße, 日本, 🐉\n'.repeat(50);
    for (const byte of Buffer.from(text)) far.write(Buffer.of(byte));
    far.end();
    await once(near, 'close');
    expect(got).toBe(text);
    listener.close();
  });

  test('without half-open, the end of one side ends the other', async () => {
    const { near, far, log, listener } = await pair();
    near.resume();
    far.resume().end();
    await once(near, 'close');
    expect(log).toEqual(['end', 'finish', 'close false']);
    listener.close();
  });

  test('half-open, the other side goes on writing', async () => {
    const { near, far, log, listener } = await pair({ allowHalfOpen: true });
    near.resume();
    far.end();
    let got = '';
    far.on('data', (bytes) => {
      got += String(bytes);
    });
    await once(near, 'end');
    expect([near.writable, near.readable, near.destroyed]).toEqual([true, false, false]);
    near.end('still here');
    await once(far, 'end');
    expect(got).toBe('still here');
    await until(() => log.includes('close false'));
    expect(log).toEqual(['end', 'finish', 'close false']);
    listener.close();
  });

  test('a reset is an error, then a close', async () => {
    const { near, far, log, listener } = await pair({ allowHalfOpen: true });
    near.resume();
    far.resetAndDestroy();
    await until(() => log.length === 2);
    expect(log).toEqual(['error ECONNRESET', 'close true']);
    listener.close();
  });

  test('a reset after bytes have gone to and fro is noticed', async () => {
    const { near, far, log, listener } = await pair({ allowHalfOpen: true });
    near.on('data', (bytes) => near.write(bytes));
    far.write('hello');
    await once(far, 'data');
    far.resetAndDestroy();
    await until(() => log.length === 2);
    expect(log).toEqual(['error ECONNRESET', 'close true']);
    listener.close();
  });

  test('who does not read does not learn of a reset, until it writes', async () => {
    const { near, far, log, listener } = await pair({ allowHalfOpen: true, pauseOnConnect: true });
    far.resetAndDestroy();
    await once(far, 'close');
    for (let i = 0; i < 20; i += 1) await nextTurn();
    near.write('x');
    await until(() => log.length === 2);
    expect(log[1]).toBe('close true');
    expect(log[0]).toMatch(/ECONNRESET|EPIPE/);
    listener.close();
  });

  test('a reader that stops holds its writer back, and loses nothing', async () => {
    const { near, far, log, listener } = await pair();
    far.pause();
    const block = Buffer.alloc(100_000, 'x');
    let written = 0;
    while (near.writableLength < 1_000_000) {
      near.write(block);
      written += block.length;
      await nextTurn();
    }
    expect(near.writableNeedDrain).toBe(true);
    let got = 0;
    far.on('data', (bytes) => {
      got += bytes.length;
    });
    far.resume();
    await until(() => got === written);
    await until(() => log.includes('drain'));
    expect(near.writableLength).toBe(0);
    near.destroy();
    listener.close();
  });

  test('an iterator gives all there is, and ends with the stream', async () => {
    const { near, far, listener } = await pair();
    far.write('one ');
    far.end('two');
    let got = '';
    for await (const bytes of near) got += String(bytes);
    expect(got).toBe('one two');
    expect(near.destroyed).toBe(true);
    listener.close();
  });

  test('an iterator throws what breaks the connection', async () => {
    const { near, far, listener } = await pair();
    far.resetAndDestroy();
    await expect(
      (async () => {
        for await (const _ of near);
      })(),
    ).rejects.toMatchObject({ code: 'ECONNRESET' });
    listener.close();
  });

  test('writes after the end, and after a destroy, are refused', async () => {
    const { near, log, listener } = await pair();
    near.end('last');
    const error = await new Promise((resolve) => near.write('more', resolve));
    expect(error).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    await until(() => log.includes('close true'));
    expect(log).toContain('error ERR_STREAM_WRITE_AFTER_END');
    const later = await new Promise((resolve) => near.write('more', resolve));
    expect(later).toBeInstanceOf(Error);
    listener.close();
  });

  test('a port in use, a port that nobody listens on, and a port that cannot be', async () => {
    const { near, listener, port } = await pair();
    const second = serve.createServer();
    second.listen(port, '127.0.0.1');
    const [inUse] = await once(second, 'error').catch((reason: unknown) => [reason]);
    expect(inUse).toMatchObject({
      code: 'EADDRINUSE',
      message: `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    });
    near.destroy();
    listener.close();
    await once(listener, 'close');
    const refused = dial.connect(port, '127.0.0.1');
    const [error] = await once(refused, 'error').catch((reason: unknown) => [reason]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(() => serve.createServer().listen(70_000)).toThrow(
      'options.port should be >= 0 and < 65536. Received type number (70000).',
    );
  });

  test('a server that closes refuses the next, and is closed when the last has gone', async () => {
    const { near, far, listener, port } = await pair();
    let closed = false;
    listener.close(() => {
      closed = true;
    });
    const late = dial.connect(port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(closed).toBe(false);
    near.resume();
    far.resume().end();
    await until(() => closed);
  });

  test('an aborted signal ends a connection and a server', async () => {
    const { near, listener, port } = await pair();
    const stop = new AbortController();
    const far = dial.connect({ port, host: '127.0.0.1', signal: stop.signal });
    const failed = once(far, 'error');
    const second = serve.createServer();
    second.listen({ port: 0, host: '127.0.0.1', signal: stop.signal });
    await once(second, 'listening');
    const closed = once(second, 'close');
    stop.abort();
    const [error] = await failed;
    expect(error).toMatchObject({ code: 'ABORT_ERR' });
    await closed;
    near.destroy();
    listener.close();
  });

  test('an idle socket says so, and activity puts it off', async () => {
    const { near, listener } = await pair();
    near.setTimeout(20);
    await once(near, 'timeout');
    near.destroy();
    listener.close();
  });

  test('beyond maxConnections a connection is dropped', async () => {
    const { near, listener, port } = await pair();
    listener.maxConnections = 1;
    const extra = dial.connect(port, '127.0.0.1');
    extra.on('error', () => {});
    const [dropped] = await once(listener, 'drop');
    expect(dropped).toMatchObject({ localPort: port, remoteFamily: 'IPv4' });
    await until(() => extra.destroyed || extra.readableEnded || extra.resume().destroyed);
    near.destroy();
    listener.close();
  });

  test('pipe echoes, and ends with its source', async () => {
    const { near, far, listener } = await pair({ allowHalfOpen: true });
    near.pipe(near);
    let got = 0;
    far.on('data', (bytes) => {
      got += bytes.length;
    });
    far.end(Buffer.alloc(300_000));
    await once(far, 'close');
    expect(got).toBe(300_000);
    listener.close();
  });

  test('a socket that is destroyed with bytes unread resets its peer', async () => {
    const { near, far, log, listener } = await pair();
    near.pause();
    far.write('never read');
    for (let i = 0; i < 20; i += 1) await nextTurn();
    far.resume();
    near.on('data', () => {});
    near.pause();
    far.write(Buffer.alloc(1_000_000));
    for (let i = 0; i < 50; i += 1) await nextTurn();
    near.destroy();
    const [error] = await once(far, 'error').catch((reason: unknown) => [reason]);
    expect((error as NodeJS.ErrnoException).code).toMatch(/ECONNRESET|EPIPE/);
    await until(() => log.includes('close false'));
    listener.close();
  });
});

test('the pieces of a wire are those of its seed', async () => {
  const piecesOf = async (seed: number) => {
    const nets = pageNets({ latencyMs: 1, maxPieceBytes: 10, seed });
    const listener = (nets.server.module as unknown as NetModule).createServer();
    listener.listen(4_000);
    await pageOnce(listener as never, 'listening');
    const far = (nets.client.module as unknown as NetModule).connect(4_000);
    const [near] = (await pageOnce(listener as never, 'connection')) as [realNet.Socket];
    const pieces: number[] = [];
    near.on('data', (bytes) => pieces.push(bytes.length));
    far.end('x'.repeat(100));
    await pageOnce(near as never, 'end');
    return pieces;
  };
  const [first, again, other] = [await piecesOf(1), await piecesOf(1), await piecesOf(2)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(Math.max(...first)).toBeLessThanOrEqual(10);
});
