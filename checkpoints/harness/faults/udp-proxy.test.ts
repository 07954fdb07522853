import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createUdpProxy, type UdpProxy, type UdpProxyOptions } from './udp-proxy.ts';

const SEED = 77;
let server: Socket;
let client: Socket;

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 128 * 1024, recvBufferSize: 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

beforeEach(async () => {
  [server, client] = [await bound(), await bound()];
  server.on('message', (datagram, { port, address }) => server.send(datagram, port, address));
});

afterEach(() => {
  server.close();
  client.close();
});

const open = (options: Omit<UdpProxyOptions, 'upstream' | 'seed'> = {}, seed = SEED) =>
  createUdpProxy({ upstream: { port: server.address().port }, seed, ...options });

const DATAGRAMS = 500;

/** Sends numbered datagrams and returns the numbers that came back, once nothing more is under way. */
async function exchange(proxy: UdpProxy, from: Socket = client): Promise<number[]> {
  const received: number[] = [];
  const earlier = proxy.counts('toClient');
  const sentInTotal = proxy.counts('toServer').sent + DATAGRAMS;
  from.on('message', (datagram) => received.push(datagram.readUInt32BE()));
  for (let n = 0; n < DATAGRAMS; n++) {
    const datagram = Buffer.alloc(16);
    datagram.writeUInt32BE(n);
    await new Promise((resolve) => from.send(datagram, proxy.port, proxy.host, resolve));
  }
  const [up, down] = [proxy.counts.bind(null, 'toServer'), proxy.counts.bind(null, 'toClient')];
  await expect
    .poll(
      () =>
        up().sent === sentInTotal &&
        down().sent === up().delivered + up().duplicated &&
        received.length === down().delivered + down().duplicated - earlier.delivered - earlier.duplicated,
      { timeout: 10_000, interval: 5, message: proxy.log.describe().join('\n') },
    )
    .toBe(true);
  return received;
}

test.each([0, 1, 512, 65_507])('a datagram of %d bytes passes whole', async (size) => {
  await using proxy = await open();
  const sent = Buffer.alloc(size, 7);
  client.send(sent, proxy.port, proxy.host);
  const [received] = (await once(client, 'message')) as [Buffer];
  expect(received.equals(sent)).toBe(true);
});

test('without faults every datagram comes back once and in order', async () => {
  await using proxy = await open();
  expect(await exchange(proxy)).toEqual(Array.from({ length: DATAGRAMS }, (_, n) => n));
});

test.each([
  { name: 'lost', faults: { loss: 0.1 }, expected: (n: number[]) => new Set(n).size < DATAGRAMS },
  { name: 'repeated', faults: { duplication: 0.1 }, expected: (n: number[]) => n.length > DATAGRAMS },
  {
    name: 'out of order',
    faults: { reorder: 0.1, delayMs: 5 },
    expected: (n: number[]) => n.some((number, i) => number < (n[i - 1] ?? 0)),
  },
])('datagrams are $name', async ({ faults, expected }) => {
  await using proxy = await open({ faults });
  expect(await exchange(proxy)).toSatisfy(expected);
});

test('the same seed gives client n the same luck in every run', async () => {
  const run = async (seed: number) => {
    const second = await bound();
    client.removeAllListeners('message');
    await using proxy = await open({ faults: { loss: 0.1, duplication: 0.1 } }, seed);
    await exchange(proxy, client);
    await exchange(proxy, second);
    second.close();
    return ['client 0 toServer', 'client 1 toServer'].map((name) =>
      proxy.log.links.get(name)?.log.map((fate) => (fate.outcome === 'lost' ? fate.reason : fate.arrivals.length)),
    );
  };
  const first = await run(1);
  expect(first[0]).toHaveLength(DATAGRAMS);
  expect(first[0]).not.toEqual(first[1]);
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
});

test('each client hears only its own answers, and a stranger is not heard at all', async () => {
  await using proxy = await open({ faults: { delayMs: 2 } });
  const others = await Promise.all(Array.from({ length: 5 }, bound));
  const answers = [client, ...others].map(async (socket, n) => {
    socket.send(`from ${n}`, proxy.port, proxy.host);
    const [datagram] = await once(socket, 'message');
    return String(datagram);
  });
  expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `from ${n}`));
  for (const socket of others) socket.close();
});

test('onFate tells what becomes of each datagram, with the fragments that an MTU makes of it', async () => {
  const events: object[] = [];
  await using proxy = await open({ toServer: { loss: 1, mtuBytes: 1500 }, onFate: (event) => events.push(event) });
  client.send(Buffer.alloc(1473), proxy.port, proxy.host);
  await expect.poll(() => events).toHaveLength(1);
  expect(events).toMatchObject([{ direction: 'toServer', client: 0, fate: { outcome: 'lost', fragments: 2 } }]);
});
