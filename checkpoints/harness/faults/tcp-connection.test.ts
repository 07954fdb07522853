import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom, deriveSeed } from '../random.ts';
import { createFakeClock } from './clock.ts';
import { createLink, type Fate, type LinkFaults, PERFECT_LINK } from './link.ts';
import { createTcpConnection, type SegmentEvent } from './tcp-connection.ts';
import type { TcpEnd } from './tcp-end.ts';
import type { Recovery } from './tcp-sender.ts';

const DELAY_MS = 20;
const ROUND_TRIP_MS = 2 * DELAY_MS;

interface Setup {
  readonly seed?: number;
  readonly faults?: Partial<LinkFaults>;
  readonly windowBytes?: number;
  readonly recovery?: Recovery;
}

/** A connection under a fake clock, with everything that its ends receive. */
function setUp({ seed = 1, faults = { delayMs: DELAY_MS }, windowBytes, recovery = 'rack' }: Setup = {}) {
  const clock = createFakeClock();
  const events: (SegmentEvent & { readonly at: number })[] = [];
  const connection = createTcpConnection({
    clock,
    toServer: createLink({ ...faults, seed: deriveSeed(seed, 0) }),
    toClient: createLink({ ...faults, seed: deriveSeed(seed, 1) }),
    recovery,
    onSegment: (event) => events.push({ ...event, at: clock.now() }),
    ...(windowBytes === undefined ? {} : { windowBytes }),
  });
  return { clock, events, connection, client: watch(connection.client), server: watch(connection.server) };

  function watch(end: TcpEnd) {
    const seen = { end, received: [] as number[], arrivals: [] as number[], connectedAt: -1, endedAt: -1 };
    end.events.onConnect = () => {
      seen.connectedAt = clock.now();
    };
    end.events.onData = (data) => {
      seen.received.push(...data);
      seen.arrivals.push(clock.now());
    };
    end.events.onEnd = () => {
      expect(seen.endedAt, 'the end comes once').toBe(-1);
      seen.endedAt = clock.now();
    };
    return seen;
  }
}

/** A link that loses exactly the packets with these numbers. */
function losing(...numbers: readonly number[]) {
  const link = createLink({ ...PERFECT_LINK, delayMs: DELAY_MS, seed: 1 });
  return {
    ...link,
    send: (bytes: number, nowMs: number): Fate => {
      const fate = link.send(bytes, nowMs);
      if (!numbers.includes(fate.packet)) return fate;
      const { packet, sentAt, wireBytes, fragments } = fate;
      return { packet, sentAt, wireBytes, fragments, outcome: 'lost', reason: 'loss' };
    },
  };
}

/** A connection whose link to the server loses the packets with these numbers: 0 is the SYN, 1 the ACK, 2 the first data. */
function losingToServer(recovery: Recovery, ...numbers: readonly number[]) {
  const clock = createFakeClock();
  const resent: string[] = [];
  const arrivals: { readonly byte: number | undefined; readonly at: number }[] = [];
  const { client, server } = createTcpConnection({
    clock,
    toServer: losing(...numbers),
    toClient: losing(),
    recovery,
    onSegment: ({ from, reason, segment }) => {
      if (reason !== 'new' && reason !== 'acknowledgement')
        resent.push(`${from} ${segment.seq} ${reason} ${clock.now()}`);
    },
  });
  server.events.onData = (data) => arrivals.push({ byte: data[0], at: clock.now() });
  return { clock, client, server, resent, arrivals };
}

describe('the handshake', () => {
  test('costs the client one round trip before its first byte can go', () => {
    const { clock, connection, client, server } = setUp();
    connection.client.connect();
    connection.client.write(Uint8Array.of(1));
    clock.runUntilIdle(5000);
    expect(client.connectedAt).toBe(ROUND_TRIP_MS);
    expect(server.arrivals).toEqual([ROUND_TRIP_MS + DELAY_MS]);
  });

  test('survives a lost SYN after the initial timeout of one second', () => {
    const { clock, client, resent } = losingToServer('rack', 0);
    let connectedAt = -1;
    client.events.onConnect = () => {
      connectedAt = clock.now();
    };
    client.connect();
    clock.runUntilIdle(10_000);
    expect(resent).toEqual(['client 0 timeout 1000']);
    expect(connectedAt).toBe(1000 + ROUND_TRIP_MS);
  });

  test('waits for accept where a SYN is to be answered later', () => {
    const { clock, connection, client } = setUp();
    connection.server.events.onSyn = () => {
      clock.after(100, () => connection.server.accept());
    };
    connection.client.connect();
    clock.runUntilIdle(5000);
    expect(client.connectedAt).toBe(ROUND_TRIP_MS + 100);
  });
});

describe('recovery by duplicate acknowledgements', () => {
  test('a lost segment is sent again on the third duplicate acknowledgement, and what came behind it waits for it', () => {
    const { clock, client, resent, arrivals } = losingToServer('duplicate-acks', 2);
    client.connect();
    clock.advance(100);
    for (let n = 1; n <= 6; n++) {
      client.write(Uint8Array.of(n)); // at 100, 110, … 150 ms
      clock.advance(10);
    }
    clock.runUntilIdle(5000);
    // Writes 2, 3 and 4 bring the three duplicates; the third is back at 130 + 40 ms.
    expect(resent).toEqual(['client 1 duplicate-acks 170']);
    expect(arrivals).toEqual([1, 2, 3, 4, 5, 6].map((byte) => ({ byte, at: 190 })));
  });

  test('two duplicates are not enough: the timer repairs the loss', () => {
    const { clock, client, resent, arrivals } = losingToServer('duplicate-acks', 2);
    client.connect();
    clock.advance(100);
    for (let n = 1; n <= 3; n++) client.write(Uint8Array.of(n));
    clock.runUntilIdle(5000);
    // The handshake measured 40 ms: SRTT + 4 · RTTVAR is 120 ms, raised to the minimum of 200.
    expect(resent).toEqual(['client 1 timeout 300']);
    expect(arrivals.map(({ at }) => at)).toEqual([320, 320, 320]);
  });

  test('a second hole is found by the partial acknowledgement, one round trip later', () => {
    const { clock, client, resent, arrivals } = losingToServer('duplicate-acks', 2, 4);
    client.connect();
    clock.advance(100);
    for (let n = 1; n <= 8; n++) client.write(Uint8Array.of(n));
    clock.runUntilIdle(5000);
    expect(resent).toEqual(['client 1 duplicate-acks 140', 'client 3 partial-ack 180']);
    expect(arrivals.map(({ byte }) => byte)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(arrivals.map(({ at }) => at)).toEqual([160, 160, 200, 200, 200, 200, 200, 200]);
  });

  test('the timeout doubles while nothing comes back, and a retransmitted segment is not measured (Karn)', () => {
    const { clock, client, resent } = losingToServer('duplicate-acks', 2, 3, 4);
    client.connect();
    clock.advance(100);
    client.write(Uint8Array.of(1));
    clock.advance(2000);
    expect(resent).toEqual(['client 1 timeout 300', 'client 1 timeout 700', 'client 1 timeout 1500']);
    // The answer to the third copy is no measurement: the next loss still waits for the doubled timeout of 1,600 ms.
    expect(client.retransmissionTimeoutMs).toBe(1600);
    client.write(Uint8Array.of(2));
    clock.advance(100);
    expect(client.retransmissionTimeoutMs).toBe(200);
  });
});

describe('recovery by time (RACK)', () => {
  test('a segment that a later one has overtaken is sent again after a round trip and a quarter', () => {
    const { clock, client, resent, arrivals } = losingToServer('rack', 2);
    client.connect();
    clock.advance(100);
    client.write(Uint8Array.of(1)); // at 100 ms
    clock.advance(2);
    client.write(Uint8Array.of(2)); // at 102: its acknowledgement is back at 142, 42 ms after the first was sent
    clock.runUntilIdle(5000);
    expect(resent).toEqual(['client 1 overtaken 150']);
    expect(arrivals.map(({ at }) => at)).toEqual([170, 170]);
  });

  test('at once if three later ones are there', () => {
    const { clock, client, resent } = losingToServer('rack', 2);
    client.connect();
    clock.advance(100);
    for (let n = 1; n <= 4; n++) {
      client.write(Uint8Array.of(n)); // at 100, 101, 102 and 103 ms
      clock.advance(1);
    }
    clock.runUntilIdle(5000);
    expect(resent).toEqual(['client 1 overtaken 143']);
  });

  test('a retransmission that is lost too is found by what was sent after it, without the timer', () => {
    const { clock, client, resent, arrivals } = losingToServer('rack', 2, 5);
    client.connect();
    clock.advance(100);
    for (let n = 1; n <= 8; n++) {
      client.write(Uint8Array.of(n)); // every 20 ms from 100; packet 5 is the retransmission at 160
      clock.advance(20);
    }
    clock.runUntilIdle(5000);
    expect(resent).toEqual(['client 1 overtaken 160', 'client 1 overtaken 220']);
    expect(arrivals.map(({ byte }) => byte)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('a segment that was only late is not taken for lost', () => {
    const { clock, connection, events, server } = setUp({ faults: { delayMs: DELAY_MS, jitterMs: 8 } });
    connection.client.connect();
    clock.advance(100);
    for (let n = 0; n < 200; n++) {
      connection.client.write(Uint8Array.of(n));
      clock.advance(5);
    }
    clock.runUntilIdle(5000);
    expect(server.received).toHaveLength(200);
    expect(events.filter(({ reason }) => reason === 'overtaken')).toEqual([]);
  });
});

describe('closing', () => {
  test('each side ends by itself: after a half-close the other direction still carries data', () => {
    const { clock, connection, client, server } = setUp();
    connection.client.connect();
    connection.client.write(Uint8Array.of(1));
    connection.client.end();
    clock.runUntilIdle(5000);
    expect(server.endedAt).toBeGreaterThan(0);
    expect(client.endedAt).toBe(-1);
    connection.server.write(Uint8Array.of(2));
    connection.server.end();
    expect(clock.runUntilIdle(5000)).toBe(true);
    expect(client.received).toEqual([2]);
    expect(client.endedAt).toBeGreaterThan(0);
    expect([connection.client.finished, connection.server.finished]).toEqual([true, true]);
  });

  test('a write after the end is refused', () => {
    const { connection } = setUp();
    connection.client.end();
    expect(() => connection.client.write(Uint8Array.of(1))).toThrow('write after end');
  });

  test('disposal leaves no timer and nothing under way', () => {
    const { clock, connection, server } = setUp();
    connection.client.connect();
    clock.advance(100);
    connection.client.write(Uint8Array.of(1));
    expect(connection.toServer.inFlight()).toHaveLength(1);
    connection[Symbol.dispose]();
    expect(connection.toServer.inFlight()).toHaveLength(0);
    clock.runUntilIdle(100_000);
    expect(server.received).toEqual([]);
  });
});

describe('the window', () => {
  test('bounds what is under way, and a reader that pauses stops the writer', () => {
    const windowBytes = 4000;
    const { clock, connection, server } = setUp({ windowBytes });
    connection.client.connect();
    clock.advance(100);
    connection.server.pause();
    connection.client.write(createRandom(1).bytes(50_000));
    clock.runUntilIdle(10_000);
    expect(server.received).toHaveLength(0);
    expect(connection.client.bufferedBytes).toBe(50_000 - windowBytes);
    connection.server.resume();
    expect(clock.runUntilIdle(10_000)).toBe(true);
    expect(server.received).toEqual([...createRandom(1).bytes(50_000)]);
    // 4,000 bytes stood ready, 4,000 more take one way, and the other 42,000 come at 4,000 a round trip.
    expect((server.arrivals.at(-1) ?? 0) - (server.arrivals[0] ?? 0)).toBe(DELAY_MS + 11 * ROUND_TRIP_MS);
  });
});

test('a packet taken off the wire by hand is sent again', () => {
  const { clock, connection, events, server } = setUp();
  connection.client.connect();
  clock.advance(100);
  connection.client.write(Uint8Array.of(7));
  const flight = connection.toServer.inFlight()[0];
  expect(connection.toServer.lose(flight?.fate.packet ?? -1)).toBe(true);
  expect(connection.toServer.lose(flight?.fate.packet ?? -1)).toBe(false);
  clock.runUntilIdle(5000);
  expect(server.received).toEqual([7]);
  expect(events.filter(({ reason }) => reason === 'timeout')).toHaveLength(1);
});

test('every byte arrives once and in order, both ways, under loss, duplication, reordering and a narrow link', () => {
  const chance = (max: number) => fc.double({ min: 0, max, noNaN: true });
  const faults = fc.record({
    loss: chance(0.2),
    duplication: chance(0.2),
    reorder: chance(0.2),
    delayMs: fc.nat({ max: 50 }),
    jitterMs: fc.nat({ max: 20 }),
    bandwidthBytesPerSecond: fc.constantFrom(Number.POSITIVE_INFINITY, 1e6, 1e5),
    queueBytes: fc.constantFrom(Number.POSITIVE_INFINITY, 20_000),
  });
  const writes = fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.integer(),
      faults,
      writes,
      writes,
      fc.integer({ min: 2000, max: 65_535 }),
      fc.constantFrom<Recovery>('rack', 'duplicate-acks'),
      (seed, faults, up, down, windowBytes, recovery) => {
        const { clock, connection, client, server } = setUp({ seed, faults, windowBytes, recovery });
        const random = createRandom(seed);
        const send = (end: TcpEnd, sizes: readonly number[]): number[] => {
          const sent = sizes.map((size) => random.bytes(size));
          for (const data of sent) end.write(data);
          end.end();
          return sent.flatMap((data) => [...data]);
        };
        connection.client.connect();
        const [toServer, toClient] = [send(connection.client, up), send(connection.server, down)];
        // An hour: at 20 % loss a segment may wait out several doubled timeouts.
        expect(clock.runUntilIdle(3_600_000), 'the connection comes to rest').toBe(true);
        expect(server.received).toEqual(toServer);
        expect(client.received).toEqual(toClient);
        expect([client.endedAt > -1, server.endedAt > -1]).toEqual([true, true]);
        expect([connection.client.finished, connection.server.finished]).toEqual([true, true]);
      },
    ),
    { numRuns: 150 },
  );
});

test('the same seed gives the same segments with the same fates', () => {
  const run = (seed: number) => {
    const { clock, connection, events } = setUp({
      seed,
      faults: { delayMs: DELAY_MS, loss: 0.1, reorder: 0.1, jitterMs: 4 },
    });
    connection.client.connect();
    connection.client.write(createRandom(1).bytes(100_000));
    connection.client.end();
    connection.server.end();
    clock.runUntilIdle(3_600_000);
    return events;
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
});
