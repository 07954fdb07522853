import { check } from '../../harness/failure.ts';
import type { Told } from './expectations.ts';
import type { GuardedDecoder } from './guarded-framing.ts';
import { type MemoryBounds, type MemoryUse, observeMemory } from './observed-memory.ts';
import { viewsOf } from './pieces.ts';

export const MEBIBYTE = 2 ** 20;
const NO_BOUND = Number.POSITIVE_INFINITY;

/** The bounds that the brief sets: for each byte that arrives, for each frame, and once for a decoder. */
const HELD_PER_BYTE = 64;
const BYTES_PER_BYTE = 16;
const BYTES_PER_FRAME = 4_096;
const BYTES_ONCE = 65_536;

/** What a heap grows by from one collection to the next with nobody holding more: compiled code, mostly. */
const HEAP_NOISE_BYTES = MEBIBYTE;
/** After so many collections, whatever is still there is held. */
const MAX_COLLECTIONS = 8;
const SETTLED_BYTES = 64 * 1_024;
/** Work that is not counted, such as copies of arrays, is timed in parts: linear work takes a few milliseconds each. */
const PARTS = 16;
/** Parts that take this long, and this many times as long as the first, one after the other: no pause of the machine. */
const SLOW_PART_MS = 300;
const SLOW_PART_RATIO = 4;
const SLOW_PARTS = 3;

/** That `work` asks for no buffer larger than what a frame with `bytes` arrived bytes may cost. */
export function expectSmallRequests(bytes: number, work: () => void, told: Told): void {
  const largest = BYTES_ONCE + BYTES_PER_BYTE * bytes;
  expectWithin({ largest, total: NO_BOUND }, work, (use) => ({
    ...told,
    expected: told.expected ?? 'no buffer longer than the bytes at hand can need',
    received: `a request for ${use.largest} bytes`,
  }));
}

/** That `work` allocates and copies in proportion to the bytes and frames that it pushes. */
export function expectLinearWork(pushed: { bytes: number; frames: number }, work: () => void, told: Told): void {
  const total = BYTES_ONCE + BYTES_PER_FRAME * pushed.frames + BYTES_PER_BYTE * pushed.bytes;
  expectWithin({ largest: NO_BOUND, total }, work, () => ({
    ...told,
    expected: `at most ${BYTES_PER_BYTE} bytes allocated or copied for each that arrives`,
    received: 'more than that before the last of them had arrived',
  }));
}

function expectWithin(
  bounds: MemoryBounds,
  work: () => void,
  failure: (use: MemoryUse) => Told & { readonly expected: string; readonly received: string },
): void {
  const { use, error } = observeMemory(bounds, work);
  check(use.largest <= bounds.largest && use.total <= bounds.total, () => failure(use));
  if (error !== undefined) throw error;
}

/** Feeds pieces of `size` bytes. Fails as soon as it is clear that the time for them grows out of proportion. */
export function feedInTime(decoder: GuardedDecoder, bytes: Uint8Array, size: number, told: Told): void {
  let firstMs = 0;
  let slow = 0;
  for (const part of viewsOf(bytes, Math.max(size, Math.ceil(bytes.length / PARTS)))) {
    const began = performance.now();
    for (const piece of viewsOf(part, size)) decoder.feed(piece);
    const tookMs = performance.now() - began;
    firstMs ||= tookMs;
    slow = tookMs >= SLOW_PART_MS && tookMs >= SLOW_PART_RATIO * firstMs ? slow + 1 : 0;
    check(slow < SLOW_PARTS, {
      ...told,
      expected: 'every part of the bytes to take about the same time',
      received: `${Math.round(tookMs / firstMs)} times the time of the first for a later one`,
    });
  }
}

/** Node's own modules, which a page in a browser does not have. */
interface NodeProcess {
  memoryUsage(): { readonly heapUsed: number; readonly arrayBuffers: number };
  getBuiltinModule(name: 'node:v8'): { setFlagsFromString(flags: string): void };
  getBuiltinModule(name: 'node:vm'): { runInNewContext(code: string): unknown };
}

/**
 * What a decoder holds after a garbage collection, measured from here on. Where nobody can ask for a collection, in a
 * browser, it measures nothing: there the counted requests have to do.
 */
export class HeldBytes {
  readonly #measure = heldBytesMeter();
  readonly #before = this.#measure ? settled(this.#measure) : 0;

  /** That the decoder, with `bytes` bytes of a frame in it, holds no more than they may cost. */
  expectFew(decoder: GuardedDecoder, bytes: number, told: Told): void {
    if (!this.#measure) return;
    const bound = BYTES_ONCE + HELD_PER_BYTE * bytes + HEAP_NOISE_BYTES;
    const grown = settled(this.#measure) - this.#before;
    // Read after the collection, so the decoder was alive in it.
    const received = `${(grown / MEBIBYTE).toFixed(1)} MiB held, bufferedBytes ${decoder.bufferedBytes}`;
    const expected = `at most ${(bound / MEBIBYTE).toFixed(1)} MiB held, bufferedBytes ${bytes}`;
    check(grown <= bound && decoder.bufferedBytes === bytes, { ...told, expected, received });
  }
}

/** Buffers that nobody holds are given back by another thread, some time after the collection that found them. */
function settled(measure: () => number): number {
  let last = measure();
  for (let i = 1; i < MAX_COLLECTIONS; i += 1) {
    const next = measure();
    if (last - next < SETTLED_BYTES) return next;
    last = next;
  }
  return last;
}

function heldBytesMeter(): (() => number) | undefined {
  const node = (globalThis as { readonly process?: Partial<NodeProcess> }).process;
  if (!node?.getBuiltinModule || !node.memoryUsage) return undefined;
  const { memoryUsage } = node;
  node.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const collect = node.getBuiltinModule('node:vm').runInNewContext('gc');
  if (typeof collect !== 'function') return undefined;
  return () => {
    collect();
    const { heapUsed, arrayBuffers } = memoryUsage();
    return heapUsed + arrayBuffers;
  };
}
