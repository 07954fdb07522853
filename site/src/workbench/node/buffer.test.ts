import { describe, expect, test } from 'vitest';
import { type Encoding, NodeBuffer } from './buffer.ts';

/** Node's own is the judge. */
const plain = (value: unknown): unknown => (value instanceof Uint8Array ? [...value] : value);
const same = (work: (B: typeof NodeBuffer) => unknown) => {
  expect(plain(work(NodeBuffer))).toEqual(plain(work(Buffer as unknown as typeof NodeBuffer)));
};

describe('the buffer of the workbench does what Node does', () => {
  test.each(['utf8', 'latin1', 'ascii', 'hex', 'base64'] as Encoding[])('%s, both ways', (encoding) => {
    same((B) => B.from(encoding === 'hex' ? 'c3a9e2' : 'SGk4', encoding));
    same((B) => B.from([0x48, 0x69, 0xc3, 0xa9]).toString(encoding));
  });

  test('views and copies', () => {
    same((B) => {
      const whole = B.from('Tavern');
      whole.subarray(1, 3).fill(0x2e);
      whole.slice(4).fill(0x2d);
      B.from(whole).fill(0);
      return whole;
    });
    same((B) => B.concat([B.from('ab'), Uint8Array.of(1, 2)], 3));
    same((B) => B.alloc(3, 'x'));
    same((B) => B.from('abc').copy(B.alloc(2), 1));
    same((B) => B.from(new Uint8Array([1, 2, 3]).buffer, 1, 1));
    same((B) => B.isBuffer(B.from('x').subarray(0)) && !B.isBuffer(new Uint8Array(1)));
  });

  test('numbers of the network', () => {
    same((B) => {
      const bytes = B.alloc(12);
      bytes.writeUInt32BE(0xfffffffe, 0);
      bytes.writeUInt16BE(0x1234, 4);
      bytes.writeInt32BE(-2, 6);
      bytes.writeUInt8(7, 10);
      return bytes;
    });
    const bytes = [0x80, 1, 2, 3];
    same((B) => [B.from(bytes).readUInt32BE(), B.from(bytes).readInt32BE(), B.from(bytes).readUInt16LE(1)]);
    expect(() => NodeBuffer.alloc(3).readUInt32BE(0)).toThrow(RangeError);
  });

  test('searching, comparing, measuring', () => {
    same((B) => [B.from('a\nb\n').indexOf('\n', 2), B.from('abc').indexOf(0x63), B.from('abc').includes('bc')]);
    same((B) => [B.from('a').equals(B.from('a')), B.compare(B.from('a'), B.from('b')), B.byteLength('☕')]);
    same((B) => [B.alloc(4).write('☕!', 1), B.from('é☕').toString('utf8', 0, 2), JSON.stringify(B.from('A'))]);
  });
});
