/**
 * Node's `Buffer` as far as labs need it: a `Uint8Array` that knows encodings and numbers of the network.
 * Simplified: no pool, and of the encodings utf8, latin1, ascii, hex and base64.
 */

export type Encoding = 'utf8' | 'utf-8' | 'latin1' | 'binary' | 'ascii' | 'hex' | 'base64';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class NodeBuffer extends Uint8Array<ArrayBuffer> {
  static override from(source: unknown, second?: unknown, length?: number): NodeBuffer {
    if (typeof source === 'string') return wrap(bytesOfText(source, second as Encoding | undefined));
    if (source instanceof ArrayBuffer) return new NodeBuffer(source, second as number | undefined, length);
    if (ArrayBuffer.isView(source)) {
      const { buffer, byteOffset, byteLength } = source;
      return wrap(new Uint8Array(buffer, byteOffset, byteLength).slice());
    }
    return wrap(Uint8Array.from(source as Iterable<number>));
  }

  static override of(...bytes: number[]): NodeBuffer {
    return wrap(Uint8Array.of(...bytes));
  }

  static alloc(size: number, fill: number | string = 0): NodeBuffer {
    const made = NodeBuffer.allocUnsafe(size);
    return fill === 0 ? made : made.fill(typeof fill === 'string' ? (bytesOfText(fill)[0] ?? 0) : fill);
  }

  static allocUnsafe(size: number): NodeBuffer {
    return new NodeBuffer(new ArrayBuffer(size));
  }

  static concat(parts: readonly Uint8Array[], total = parts.reduce((sum, { length }) => sum + length, 0)): NodeBuffer {
    const whole = NodeBuffer.allocUnsafe(total);
    let at = 0;
    for (const part of parts) {
      const room = part.length <= total - at ? part : part.subarray(0, total - at);
      whole.set(room, at);
      at += room.length;
    }
    return whole;
  }

  static isBuffer(value: unknown): value is NodeBuffer {
    return value instanceof NodeBuffer;
  }

  static byteLength(value: string | { readonly byteLength: number }, encoding?: Encoding): number {
    return typeof value === 'string' ? bytesOfText(value, encoding).length : value.byteLength;
  }

  static compare(a: Uint8Array, b: Uint8Array): number {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i += 1) {
      const difference = (a[i] ?? 0) - (b[i] ?? 0);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(a.length - b.length);
  }

  override toString(encoding: Encoding = 'utf8', start = 0, end = this.length): string {
    const part = this.subarray(start, end);
    if (encoding === 'hex') return Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (encoding === 'utf8' || encoding === 'utf-8') return decoder.decode(part);
    let text = '';
    for (const byte of part) text += String.fromCharCode(encoding === 'ascii' ? byte & 0x7f : byte);
    return encoding === 'base64' ? btoa(text) : text;
  }

  toJSON(): { type: 'Buffer'; data: number[] } {
    return { type: 'Buffer', data: [...this] };
  }

  /** Of Node's, unlike of `Uint8Array`'s, it is a view. */
  override slice(start?: number, end?: number): NodeBuffer {
    return this.subarray(start, end);
  }

  override subarray(start?: number, end?: number): NodeBuffer {
    const part = super.subarray(start, end);
    return new NodeBuffer(part.buffer, part.byteOffset, part.length);
  }

  equals(other: Uint8Array): boolean {
    return NodeBuffer.compare(this, other) === 0;
  }

  compare(other: Uint8Array): number {
    return NodeBuffer.compare(this, other);
  }

  copy(target: Uint8Array, at = 0, start = 0, end = this.length): number {
    const part = this.subarray(start, Math.min(end, start + target.length - at));
    target.set(part, at);
    return part.length;
  }

  write(text: string, at = 0, length = this.length - at, encoding?: Encoding): number {
    const bytes = bytesOfText(text, encoding).subarray(0, Math.min(length, this.length - at));
    this.set(bytes, at);
    return bytes.length;
  }

  override indexOf(wanted: number | string | Uint8Array, from = 0): number {
    if (typeof wanted === 'number') return super.indexOf(wanted, from);
    const bytes = typeof wanted === 'string' ? bytesOfText(wanted) : wanted;
    for (let at = from; at + bytes.length <= this.length; at += 1) {
      if (bytes.every((byte, i) => this[at + i] === byte)) return at;
    }
    return -1;
  }

  override includes(wanted: number | string | Uint8Array, from = 0): boolean {
    return this.indexOf(wanted as number, from) >= 0;
  }

  readUInt8(at = 0): number {
    return this.#view(at, 1).getUint8(0);
  }
  readUInt16BE(at = 0): number {
    return this.#view(at, 2).getUint16(0);
  }
  readUInt16LE(at = 0): number {
    return this.#view(at, 2).getUint16(0, true);
  }
  readUInt32BE(at = 0): number {
    return this.#view(at, 4).getUint32(0);
  }
  readUInt32LE(at = 0): number {
    return this.#view(at, 4).getUint32(0, true);
  }
  readInt32BE(at = 0): number {
    return this.#view(at, 4).getInt32(0);
  }
  writeUInt8(value: number, at = 0): number {
    this.#view(at, 1).setUint8(0, value);
    return at + 1;
  }
  writeUInt16BE(value: number, at = 0): number {
    this.#view(at, 2).setUint16(0, value);
    return at + 2;
  }
  writeUInt32BE(value: number, at = 0): number {
    this.#view(at, 4).setUint32(0, value);
    return at + 4;
  }
  writeUInt32LE(value: number, at = 0): number {
    this.#view(at, 4).setUint32(0, value, true);
    return at + 4;
  }
  writeInt32BE(value: number, at = 0): number {
    this.#view(at, 4).setInt32(0, value);
    return at + 4;
  }

  #view(at: number, size: number): DataView {
    if (!Number.isInteger(at) || at < 0 || at + size > this.length) {
      throw new RangeError(`The value of "offset" is out of range. Received ${at}`);
    }
    return new DataView(this.buffer, this.byteOffset + at, size);
  }
}

function wrap({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): NodeBuffer {
  return new NodeBuffer(buffer, byteOffset, length);
}

function bytesOfText(text: string, encoding: Encoding = 'utf8'): Uint8Array<ArrayBuffer> {
  if (encoding === 'utf8' || encoding === 'utf-8') return new TextEncoder().encode(text);
  if (encoding === 'hex')
    return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));
  const characters = encoding === 'base64' ? atob(text) : text;
  return Uint8Array.from(characters, (character) => character.charCodeAt(0) & 0xff);
}
