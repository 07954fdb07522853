import { NodeBuffer } from './buffer.ts';
import { invalidType } from './events.ts';

/** What a stream carries. */
export type Chunk = Uint8Array | string;

export function bytesOf(given: unknown, encoding = 'utf8'): NodeBuffer {
  if (typeof given === 'string') return NodeBuffer.from(given, encoding);
  if (given instanceof Uint8Array) return asBuffer(given);
  throw invalidType(
    `The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${given === null ? 'null' : typeof given}`,
  );
}

export function asBuffer(bytes: Uint8Array): NodeBuffer {
  if (bytes instanceof NodeBuffer) return bytes;
  return new NodeBuffer(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
}
