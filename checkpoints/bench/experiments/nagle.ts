/**
 * Nagle's algorithm against delayed acknowledgements, on the kernel's own TCP: write, write, read.
 *
 * Nagle (RFC 896) keeps the second small write back until the first is acknowledged; the receiver waits with its
 * acknowledgement for an answer to put it on (RFC 1122 §4.2.3.2), and has none before the second write is there.
 * An echo server would hide it: its echo of the first write carries the acknowledgement. So the server here answers
 * only to a whole request, as a server with framed messages does.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type Distribution, distributionOf, rounded } from '../distribution.ts';

export const NAGLE = {
  headerBytes: 4,
  bodyBytes: 96,
  answerBytes: 100,
  /** Linux may acknowledge at once while a connection is young, so the first exchanges are kept apart. */
  warmUpExchanges: 40,
  exchanges: 300,
} as const;

export type RequestStyle = 'two-writes' | 'two-writes-no-delay' | 'one-write';

export interface NagleResult {
  readonly style: RequestStyle;
  readonly latency: Distribution;
  /** The warm-up in ms, exchange by exchange, from the first. */
  readonly warmUp: readonly number[];
}

const STYLES: readonly RequestStyle[] = ['two-writes', 'two-writes-no-delay', 'one-write'];

/** About 15 seconds on Linux, where one exchange of the slow kind takes some 40 ms. */
export async function runNagle(): Promise<NagleResult[]> {
  await using server = await startRequestServer();
  // At the same time: each is its own connection, and the fast ones end long before the slow one.
  return await Promise.all(STYLES.map((style) => measure(style, server.port)));
}

async function measure(style: RequestStyle, port: number): Promise<NagleResult> {
  const { headerBytes, bodyBytes, answerBytes, warmUpExchanges, exchanges } = NAGLE;
  const socket = connect({ port, host: '127.0.0.1', noDelay: style === 'two-writes-no-delay' });
  await once(socket, 'connect');
  const [header, body] = [Buffer.alloc(headerBytes, 1), Buffer.alloc(bodyBytes, 2)];
  const exchange = async (): Promise<number> => {
    const startedAt = performance.now();
    if (style === 'one-write') {
      socket.write(Buffer.concat([header, body]));
    } else {
      socket.write(header);
      socket.write(body);
    }
    for (let received = 0; received < answerBytes; ) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      received += chunk.length;
    }
    return performance.now() - startedAt;
  };
  const times: number[] = [];
  while (times.length < warmUpExchanges + exchanges) times.push(await exchange());
  socket.end();
  await once(socket.resume(), 'close');
  return {
    style,
    latency: distributionOf(times.slice(warmUpExchanges), { unit: 'ms', binWidth: 1 }),
    warmUp: times.slice(0, warmUpExchanges).map(rounded),
  };
}

async function startRequestServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const { headerBytes, bodyBytes, answerBytes } = NAGLE;
  const server = createServer({ noDelay: true }, (socket) => {
    let received = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (received += chunk.length; received >= headerBytes + bodyBytes; received -= headerBytes + bodyBytes) {
        socket.write(Buffer.alloc(answerBytes, 3));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
