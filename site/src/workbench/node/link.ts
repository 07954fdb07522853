/** What a process and the network say to one another: the calls of a kernel, as messages that cross into a worker. */

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** `id` is the process's own number for a socket: negative where it chose it, positive where the network did. */
export type ToNetwork =
  | { readonly op: 'listen'; readonly id: number; readonly host: string; readonly port: number }
  | { readonly op: 'stop-listening'; readonly id: number }
  | { readonly op: 'connect'; readonly id: number; readonly host: string; readonly port: number }
  | { readonly op: 'data'; readonly id: number; readonly bytes: Uint8Array }
  /** So many bytes were read: there is room for as many. */
  | { readonly op: 'read'; readonly id: number; readonly count: number }
  | { readonly op: 'fin'; readonly id: number }
  /** Closed in both directions. What was not read turns it into a reset (RFC 1122 §4.2.2.13). */
  | { readonly op: 'close'; readonly id: number; readonly unread: boolean }
  | { readonly op: 'reset'; readonly id: number };

export type FromNetwork =
  | { readonly op: 'listening'; readonly id: number; readonly port: number }
  | { readonly op: 'refused'; readonly id: number; readonly code: string }
  | { readonly op: 'connected'; readonly id: number; readonly local: Address; readonly remote: Address }
  | {
      readonly op: 'accepted';
      readonly id: number;
      readonly listener: number;
      readonly local: Address;
      readonly remote: Address;
    }
  /** `cuts` are the lengths of the pieces in which a wire that cuts lets it be read. */
  | { readonly op: 'data'; readonly id: number; readonly bytes: Uint8Array; readonly cuts?: readonly number[] }
  /** The network took so many bytes of what was written: there is room for as many. */
  | { readonly op: 'room'; readonly id: number; readonly count: number }
  | { readonly op: 'fin'; readonly id: number }
  | { readonly op: 'reset'; readonly id: number };

/** What a kernel holds of one direction of a connection at the writer's end, and at the reader's. */
export const SEND_BUFFER_BYTES = 1_048_576;
export const RECEIVE_BUFFER_BYTES = 1_048_576;
/** What one read of a process takes at most, and how many reads of a socket follow one another, as in libuv. */
export const MAX_READ_BYTES = 65_536;
export const MAX_READS_A_TURN = 32;

/** Pieces as one; a single one as it is. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(), ...rest] = pieces;
  if (rest.length === 0) return first;
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The memory of the bytes in messages, to be handed over in place of copied. Whoever sends them has no use for it. */
export function memoryOf(
  messages: readonly { readonly kind: string; readonly message?: ToNetwork | FromNetwork }[],
): ArrayBuffer[] {
  return messages.flatMap(({ message }) =>
    message?.op === 'data' && message.bytes.byteLength === message.bytes.buffer.byteLength
      ? [message.bytes.buffer as ArrayBuffer]
      : [],
  );
}
