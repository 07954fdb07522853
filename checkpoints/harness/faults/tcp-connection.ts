/**
 * TCP's reliability as a model: both ends of one connection in one process, with two lossy links between them.
 *
 * A kernel's loopback never loses a segment, and many machines lack the means to make it. The model gives a stream
 * what a lossy path gives it: every byte, in order, and late. Pure: it runs in a browser and under a fake clock.
 */
import type { Clock } from './clock.ts';
import type { Fate, Link } from './link.ts';
import { MIN_RTO_MS } from './retransmission-timeout.ts';
import { type Segment, segmentBytes } from './segment.ts';
import { TcpEnd, type TransmitReason } from './tcp-end.ts';
import type { Recovery } from './tcp-sender.ts';
import { createWire, type Wire } from './wire.ts';

/** An Ethernet packet of 1,500 bytes less the IP and TCP headers. */
export const DEFAULT_MSS_BYTES = 1460;
/** The largest window without scaling, RFC 9293 §3.1. */
export const DEFAULT_WINDOW_BYTES = 65_535;

export type Side = 'client' | 'server';

/** A segment that was put on a link, for logs and drawings. */
export interface SegmentEvent {
  readonly from: Side;
  readonly segment: Segment;
  readonly reason: TransmitReason;
  readonly fate: Fate;
}

export interface TcpConnectionOptions {
  readonly clock: Clock;
  readonly toServer: Link;
  readonly toClient: Link;
  readonly mssBytes?: number;
  readonly windowBytes?: number;
  readonly minRtoMs?: number;
  /** How a loss is found before the timer finds it. Default: `rack`, as Linux does. */
  readonly recovery?: Recovery;
  readonly onSegment?: (event: SegmentEvent) => void;
}

export interface TcpConnection extends Disposable {
  readonly client: TcpEnd;
  readonly server: TcpEnd;
  readonly toServer: Wire<Segment>;
  readonly toClient: Wire<Segment>;
}

/** Joins two ends. Nothing happens until `client.connect()`. */
export function createTcpConnection(options: TcpConnectionOptions): TcpConnection {
  const {
    clock,
    mssBytes = DEFAULT_MSS_BYTES,
    windowBytes = DEFAULT_WINDOW_BYTES,
    minRtoMs = MIN_RTO_MS,
    recovery = 'rack',
  } = options;
  const createEnd = (side: Side): TcpEnd =>
    new TcpEnd({
      clock,
      mssBytes,
      windowBytes,
      minRtoMs,
      recovery,
      peer: () => (side === 'client' ? server : client),
      transmit: (segment, reason) => {
        const fate = (side === 'client' ? toServer : toClient).send(segment);
        options.onSegment?.({ from: side, segment, reason, fate });
      },
    });
  const client = createEnd('client');
  const server = createEnd('server');
  const wireTo = (end: TcpEnd, link: Link): Wire<Segment> =>
    createWire({ link, clock, sizeOf: segmentBytes, deliver: (segment) => end.receive(segment) });
  const toServer = wireTo(server, options.toServer);
  const toClient = wireTo(client, options.toClient);
  return {
    client,
    server,
    toServer,
    toClient,
    [Symbol.dispose]: () => {
      for (const part of [client, server, toServer, toClient]) part.close();
    },
  };
}
