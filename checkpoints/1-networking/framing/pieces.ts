/** Ways in which a network may cut a stream. Runs in a browser too. */

/** Two pieces, each in a buffer of its own. */
export function cutAt(bytes: Uint8Array, at: number): Uint8Array[] {
  return [bytes.slice(0, at), bytes.slice(at)];
}

/** Pieces of `size` bytes, each in a buffer of its own; the last one may be shorter. */
export function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (const view of viewsOf(bytes, size)) yield view.slice();
}

/** Pieces of `size` bytes that are views, where bytes are counted: nothing is copied. */
export function* viewsOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Pieces of the given sizes, over and over, each in a buffer of its own; a size of 0 is an empty piece. */
export function piecesOfSizes(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  // An empty list, or one of zeros only, would never come to an end.
  const steps = sizes.some((size) => size > 0) ? sizes : [bytes.length || 1];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = steps[i % steps.length] ?? 1;
    pieces.push(bytes.slice(at, at + size));
    at += size;
  }
  return pieces;
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One frame as the brief writes it, made here and not by the code under test. */
export function frameFor(payload: string | Uint8Array): Uint8Array {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  const frame = new Uint8Array(4 + bytes.length);
  new DataView(frame.buffer).setUint32(0, bytes.length);
  frame.set(bytes, 4);
  return frame;
}

/** A header that announces `length` payload bytes. */
export function headerFor(length: number): Uint8Array {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, length);
  return header;
}
