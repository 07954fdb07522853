/** The client's datagram: which run, and which one of it. */

export interface Probe {
  /** Drawn anew by each run, so that answers to an earlier one are not taken for this one's. */
  readonly run: number;
  readonly sequence: number;
}

const PROBE_BYTES = 8;

export function encodeProbe({ run, sequence }: Probe): Buffer {
  const bytes = Buffer.alloc(PROBE_BYTES);
  bytes.writeUInt32BE(run, 0);
  bytes.writeUInt32BE(sequence, 4);
  return bytes;
}

/** @returns undefined for bytes that are no probe. */
export function decodeProbe(bytes: Buffer): Probe | undefined {
  if (bytes.length !== PROBE_BYTES) return undefined;
  return { run: bytes.readUInt32BE(0), sequence: bytes.readUInt32BE(4) };
}
