/**
 * A small seeded random number generator, so that every fault, chunk size and payload of a failing run can be had again.
 *
 * xoshiro128** by Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021), seeded through
 * splitmix32 so that neighbouring seeds give unrelated streams. Runs in a browser. Not for secrets.
 */
export interface Random {
  /** The seed that a failure prints. */
  readonly seed: number;
  /** Uniform in [0, 1), with 32 random bits. */
  next(): number;
  /** A whole number from `min` to `max`, both included. The bias is below (max − min + 1) / 2³². */
  int(min: number, max: number): number;
  /** True with probability `p`. Draws once whatever `p` is, so that changing one rate leaves the other draws alone. */
  chance(p: number): boolean;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** @param seed any number; only its low 32 bits count. */
export function createRandom(seed: number): Random {
  const mix = splitmix32(seed);
  const word = xoshiro128StarStar(mix(), mix(), mix(), mix());
  const next = (): number => word() / 2 ** 32;

  return {
    seed,
    next,
    int: (min, max) => {
      if (!Number.isInteger(min) || !Number.isInteger(max) || max < min) {
        throw new RangeError(`int(min, max) needs whole numbers with min ≤ max; got int(${min}, ${max})`);
      }
      return min + Math.floor(next() * (max - min + 1));
    },
    chance: (p) => next() < p,
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i += 4) {
        const bits = word();
        for (let j = 0; j < 4 && i + j < length; j++) bytes[i + j] = bits >>> (8 * j);
      }
      return bytes;
    },
  };
}

/**
 * The generator itself, after the authors' xoshiro128starstar.c.
 * @returns a function that gives whole numbers from 0 to 2³² − 1. The state must not be all zero.
 */
export function xoshiro128StarStar(a: number, b: number, c: number, d: number): () => number {
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** A seed for part number `part` of something seeded with `seed`: one for each direction, connection or client. */
export function deriveSeed(seed: number, part: number): number {
  return splitmix32(seed ^ Math.imul(part + 1, 0x9e3779b1))();
}

/** The 32-bit form of Steele, Lea and Flood's SplitMix (OOPSLA 2014), with the finalizer of MurmurHash3. */
function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
