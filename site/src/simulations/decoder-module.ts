import type { Decoder, FrameOptions } from '../../../labs/1-networking/framing/solution/framing.ts';

/** What a framing module exports, as far as the simulation needs it: the lab's solution, or a reader's own. */
export interface DecoderModule {
  createDecoder(options?: FrameOptions): Decoder;
}

/** Thrown where a reader's decoder has stopped; the message says how, and is shown. */
export class DecoderStopped extends Error {
  readonly code = 'DECODER_STOPPED';
}
