import { TCP_HEADER_BYTES } from './link.ts';

/**
 * What TCP puts in a packet: RFC 9293 §3.1, as far as the model needs it.
 * Simplified: numbers start at 0 and never wrap. In production: a 32-bit number with a start that cannot be guessed (RFC 6528).
 */
export interface Segment {
  /** The number of the first byte. SYN and FIN take one number each (RFC 9293 §3.4). */
  readonly seq: number;
  /** The next byte that the sender of this segment waits for; undefined on the first SYN. */
  readonly ack: number | undefined;
  readonly syn: boolean;
  readonly fin: boolean;
  /**
   * The numbers of the segments that have arrived behind a gap.
   * Simplified: all of them. In production: three or four ranges, as the option has room for (RFC 2018 §3).
   */
  readonly sack: readonly number[];
  readonly data: Uint8Array;
}

/** How many numbers the segment takes: SEG.LEN of RFC 9293 §3.3.1. 0 for a bare acknowledgement. */
export function segmentLength(segment: Pick<Segment, 'data' | 'syn' | 'fin'>): number {
  return segment.data.length + (segment.syn ? 1 : 0) + (segment.fin ? 1 : 0);
}

/** Header and data: what a link counts. */
export function segmentBytes(segment: Segment): number {
  return TCP_HEADER_BYTES + segment.data.length;
}
