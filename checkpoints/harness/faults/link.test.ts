import { describe, expect, test } from 'vitest';
import { createRandom, deriveSeed, xoshiro128StarStar } from '../random.ts';
import { countFragments, createLink, describeFate, type Fate, type LinkFaults, REMEMBERED_FATES } from './link.ts';

const SEED = 20_240_601;
const PACKETS = 20_000;

/** Sends packets one millisecond apart. */
function history(faults: Partial<LinkFaults>, seed = SEED, packets = PACKETS, bytes = 100): Fate[] {
  const link = createLink({ ...faults, seed });
  return Array.from({ length: packets }, (_, n) => link.send(bytes, n));
}

/** Fails when `hits` of `n` trials lies more than five standard deviations from `p`: once in two million seeds. */
function expectBinomial(hits: number, n: number, p: number): void {
  const deviation = Math.sqrt(n * p * (1 - p));
  expect(Math.abs(hits - n * p), `${hits} of ${n} at p = ${p}, seed ${SEED}`).toBeLessThanOrEqual(5 * deviation);
}

describe('the random number generator', () => {
  test('repeats itself for the same seed and differs for the next', () => {
    const draw = (seed: number) => Array.from({ length: 8 }, createRandom(seed).next);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(deriveSeed(1, 0)).not.toBe(deriveSeed(1, 1));
  });

  test('is xoshiro128**: it gives the published words from the state 1, 2, 3, 4', () => {
    // The test vector of the Rust crate rand_xoshiro, made with the authors' C code.
    const word = xoshiro128StarStar(1, 2, 3, 4);
    const words = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804];
    expect(Array.from({ length: words.length }, word)).toEqual(words);
  });

  test('fills every byte and every value of a range evenly', () => {
    const seen = new Array<number>(256).fill(0);
    for (const byte of createRandom(SEED).bytes(256_000)) seen[byte] = (seen[byte] ?? 0) + 1;
    // Chi-squared with 255 degrees of freedom: below 393 in all but one of ten million.
    expect(seen.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(393);
    const random = createRandom(SEED);
    expect(new Set(Array.from({ length: 1000 }, () => random.int(3, 6)))).toEqual(new Set([3, 4, 5, 6]));
  });
});

describe('a link', () => {
  const rough = { loss: 0.05, duplication: 0.02, reorder: 0.03, delayMs: 20, jitterMs: 5 };

  test('gives the same history for the same seed, and another for another', () => {
    expect(history(rough)).toEqual(history(rough));
    expect(history(rough)).not.toEqual(history(rough, SEED + 1));
  });

  test.each([0, 0.01, 0.05, 0.2, 1])('loses packets at the rate %d', (loss) => {
    const lost = history({ loss }).filter((fate) => fate.outcome === 'lost');
    expectBinomial(lost.length, PACKETS, loss);
  });

  test('duplicates and reorders at their rates, and counts what it logs', () => {
    const link = createLink({ ...rough, seed: SEED });
    const fates = Array.from({ length: PACKETS }, (_, n) => link.send(100, n));
    const delivered = fates.filter((fate) => fate.outcome === 'delivered');
    expectBinomial(delivered.filter((fate) => fate.arrivals.length === 2).length, delivered.length, 0.02);
    expectBinomial(delivered.filter((fate) => fate.reordered).length, delivered.length, 0.03);
    expect(link.counts).toMatchObject({ sent: PACKETS, delivered: delivered.length, lost: PACKETS - delivered.length });
    expect(link.log).toEqual(fates.slice(-REMEMBERED_FATES));
  });

  test('changing one rate leaves the other decisions as they were', () => {
    const losses = (faults: Partial<LinkFaults>) => history(faults).map((fate) => fate.outcome);
    expect(losses({ loss: 0.05, duplication: 0.5, reorder: 0.5, jitterMs: 9 })).toEqual(losses({ loss: 0.05 }));
  });

  test('keeps the order under jitter, and loses it only for the packets that it holds back', () => {
    const arrivals = (faults: Partial<LinkFaults>) =>
      history(faults).flatMap((fate) =>
        fate.outcome === 'delivered' && !fate.reordered ? fate.arrivals.slice(0, 1) : [],
      );
    for (const reorder of [0, 0.1]) {
      const times = arrivals({ delayMs: 5, jitterMs: 50, reorder });
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    const held = history({ reorder: 0.1, reorderByMs: 10, delayMs: 5 }).find(
      (fate) => fate.outcome === 'delivered' && fate.reordered,
    );
    expect(held?.outcome === 'delivered' && (held.arrivals[0] ?? 0) - held.sentAt).toBe(15);
  });

  test('spaces packets by the bandwidth and drops what its queue cannot hold', () => {
    // 980 bytes and an IP header of 20: 1,000 bytes, which take 100 ms at 10,000 bytes a second.
    const link = createLink({ seed: SEED, bandwidthBytesPerSecond: 10_000, queueBytes: 2_500, delayMs: 1 });
    const fates = Array.from({ length: 4 }, () => link.send(980, 0));
    expect(fates.map((fate) => (fate.outcome === 'delivered' ? fate.arrivals[0] : fate.reason))).toEqual([
      101,
      201,
      'queue-full',
      'queue-full',
    ]);
    expect(link.send(980, 200)).toMatchObject({ outcome: 'delivered', arrivals: [301] });
  });

  test('cuts packets above the MTU into fragments of which each may be lost', () => {
    // 1,472 + 8 bytes of UDP fill a packet of 1,500; one byte more makes two. 65,515 / 1,480 needs 45.
    expect([8, 1480, 1481, 2960, 2961, 65_515].map((bytes) => countFragments(bytes, 1500))).toEqual([
      1, 1, 2, 2, 3, 45,
    ]);
    const lost = history({ loss: 0.01, mtuBytes: 1500 }, SEED, PACKETS, 65_515).filter(
      ({ outcome }) => outcome === 'lost',
    );
    expectBinomial(lost.length, PACKETS, 1 - 0.99 ** 45);
  });

  test('says what a fault must be', () => {
    expect(() => createLink({ seed: 1, loss: 5 })).toThrow('loss is a chance from 0 to 1; got 5. For 5 % write 0.05');
    expect(() => createLink({ seed: 1, delayMs: -1 })).toThrow('delayMs must be 0 or more; got -1');
    expect(() => createLink({ seed: 1, bandwidthBytesPerSecond: 0 })).toThrow('must be above 0');
    expect(() => createLink({ seed: 1, mtuBytes: 20 })).toThrow('mtuBytes must be 68 or more');
  });

  test('describes a fate in one line', () => {
    const link = createLink({ seed: SEED, delayMs: 20, duplication: 1 });
    expect(describeFate(link.send(100, 5))).toBe('#0 at 5.0 ms, 120 bytes: arrives at 25.0 ms, twice');
    expect(describeFate(createLink({ seed: 1, loss: 1 }).send(100, 5))).toBe('#0 at 5.0 ms, 120 bytes: lost (loss)');
  });
});
