/** Bytes as people read them in a failure. Runs in a browser too. */

/** How many bytes stand before and after the first wrong one. */
const CONTEXT_BYTES = 8;

/** Index of the first byte in which the two differ (a missing byte differs), or -1. */
export function firstDifference(expected: Uint8Array, received: Uint8Array): number {
  const length = Math.max(expected.length, received.length);
  for (let i = 0; i < length; i += 1) if (expected[i] !== received[i]) return i;
  return -1;
}

/** Two lines of hexadecimal around `at`, and a third with a caret under the first wrong byte. */
export function formatBytes(expected: Uint8Array, received: Uint8Array, at: number): string[] {
  const from = Math.max(0, at - CONTEXT_BYTES);
  const row = (bytes: Uint8Array) => {
    const part = bytes.subarray(from, at + CONTEXT_BYTES);
    const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, '0'));
    return `${from > 0 ? '… ' : ''}${hex.join(' ')}${from + part.length < bytes.length ? ' …' : ''}`;
  };
  const lead = 'expected  '.length + (from > 0 ? 2 : 0) + (at - from) * 3;
  return [`expected  ${row(expected)}`, `received  ${row(received)}`, `${' '.repeat(lead)}^^ offset ${at}`];
}

/** Up to `max` bytes as hexadecimal pairs: `00 ff 0a …`. */
export function hex(bytes: Uint8Array, max = 32): string {
  const shown = Array.from(bytes.subarray(0, max), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > max ? `${shown} … (${bytes.length} bytes)` : shown;
}
