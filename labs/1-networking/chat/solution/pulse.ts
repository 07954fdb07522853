export interface PulseTimeouts {
  readonly handshakeTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
}

/** What the server knows of a client's life. Times in milliseconds of any monotonic clock. */
export type Pulse =
  /** Connected, without a name yet. Talking does not prolong this. */
  | { readonly kind: 'nameless'; readonly since: number }
  | { readonly kind: 'heard'; readonly at: number }
  | { readonly kind: 'asked'; readonly at: number };

export type Diagnosis = 'well' | 'to be asked' | 'never named' | 'lost';

// #region pulse
/**
 * Half-open connections look like quiet ones (RFC 9293 §3.5.1), so the server asks before it gives a client up. TCP's own
 * keep-alive would take two hours by default (RFC 9293 §3.8.4), and answers for the kernel, not for the program.
 */
export function diagnose(pulse: Pulse, now: number, timeouts: PulseTimeouts): Diagnosis {
  switch (pulse.kind) {
    case 'nameless':
      return now - pulse.since >= timeouts.handshakeTimeoutMs ? 'never named' : 'well';
    case 'heard':
      return now - pulse.at >= timeouts.heartbeatIntervalMs ? 'to be asked' : 'well';
    case 'asked':
      return now - pulse.at >= timeouts.heartbeatTimeoutMs ? 'lost' : 'well';
  }
}

/** The pulse after bytes came: any of them is a sign of life. */
export function afterBytes(pulse: Pulse, now: number): Pulse {
  return pulse.kind === 'nameless' ? pulse : { kind: 'heard', at: now };
}
// #endregion pulse
