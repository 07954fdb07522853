import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

export interface EchoServerSettings {
  readonly host: string;
  readonly port: number;
}

/** What fits one Ethernet frame: 1,500 bytes less 20 of IP header and 8 of UDP header. */
const MAX_PAYLOAD_BYTES = 1_472;

/** Starts to echo, and returns the port. */
export async function startEchoServer({ host, port }: EchoServerSettings): Promise<number> {
  const socket = createSocket('udp4');

  // TODO(fair-share): each source has a bucket of RATE_LIMIT_BURST tokens, and one source cannot use up another's.
  // TODO(refill): tokens come back at RATE_LIMIT_PER_SECOND, up to a full bucket and no further.
  // TODO(silence): a source gets nothing at all for a datagram over its limit.
  // TODO(loop): a loop with another echo server ends when its bucket is empty.
  // TODO(bounded-sources): no more than MAX_SOURCES are remembered; the one silent the longest is forgotten.
  // TODO(counted): what is dropped is counted, and logged in sums, on standard error.
  socket.on('message', (datagram: Buffer, source: RemoteInfo) => {
    // TODO(empty): a datagram of no bytes comes back as a datagram of no bytes.
    if (datagram.length === 0) return;
    // TODO(largest): 65,507 bytes come back whole.
    socket.send(datagram.subarray(0, MAX_PAYLOAD_BYTES), source.port, source.address);
  });

  socket.bind(port, host);
  await once(socket, 'listening');
  return socket.address().port;
}
