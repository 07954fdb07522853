import { firstDifference } from '../../harness/bytes.ts';
import { createRandom } from '../../harness/random.ts';

/** Prime, so that no buffer size divides it: a piece that is lost, doubled or moved shows wherever it happens. */
const PERIOD_BYTES = 131_071;

/** Every checkpoint of a run asks for the same two, which take longer to make than most of them to send. */
const made = new Map<string, Buffer>();

/** An endless stream of seeded random bytes that repeats after a prime number of them. */
export class Pattern {
  readonly #twice: Buffer;

  /**
   * @param values `ascii` keeps below 80, so that a server which mistakes bytes for text is found by the checkpoint that
   *   is about this, and not by all the others as well.
   */
  constructor(seed: number, values: 'ascii' | 'all' = 'ascii') {
    const key = `${seed} ${values}`;
    this.#twice = made.get(key) ?? twice(seed, values);
    made.set(key, this.#twice);
  }

  /** The bytes from `offset` on, without copying when `length` is at most the period. */
  bytes(offset: number, length: number): Buffer {
    const from = offset % PERIOD_BYTES;
    if (from + length <= this.#twice.length) return this.#twice.subarray(from, from + length);
    const all = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at += PERIOD_BYTES) {
      this.#twice.copy(all, at, from, from + Math.min(PERIOD_BYTES, length - at));
    }
    return all;
  }

  /** Where `chunks` first differ from the bytes from `offset` on; −1 when nowhere. Copies nothing. */
  firstDifference(chunks: readonly Buffer[], offset = 0): number {
    let at = offset;
    for (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += PERIOD_BYTES) {
        const piece = chunk.subarray(from, from + PERIOD_BYTES);
        const expected = this.bytes(at, piece.length);
        if (!expected.equals(piece)) return at + firstDifference(expected, piece);
        at += piece.length;
      }
    }
    return -1;
  }
}

function twice(seed: number, values: 'ascii' | 'all'): Buffer {
  const once = createRandom(seed).bytes(PERIOD_BYTES);
  if (values === 'ascii') for (let i = 0; i < once.length; i += 1) once[i] = (once[i] ?? 0) & 0x7f;
  return Buffer.concat([once, once]);
}
