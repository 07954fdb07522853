import type { TcpClient } from '../../harness/tcp-client.ts';
import { roundTrip } from './echo-client.ts';
import type { Pattern } from './pattern.ts';

const PIECE_BYTES = 64 * 1024;
/** What waits in our own process at any time, so that a server that takes bytes finds some. */
const AHEAD_BYTES = 512 * 1024;
/** Nothing taken for so many round trips of another client, and for so long, is a stall: the server had its chances. */
const STALL_TRIPS = 40;
const STALL_MS = 60;

export interface Feed {
  /** What the kernel took from us: bytes in its buffers and in the server. */
  readonly takenBytes: number;
  /** What was handed to the socket; the difference still waits in our process. */
  readonly offeredBytes: number;
  readonly stalled: boolean;
}

/**
 * Writes `pattern` from clients that do not read, until the server takes nothing more from any of them or each has sent
 * `maxBytes`. Meanwhile `bystander` makes round trips, and each of them has to be answered.
 */
export async function feedUntilStalled(
  clients: readonly TcpClient[],
  bystander: TcpClient,
  options: { readonly pattern: Pattern; readonly maxBytes: number; readonly usually: string },
): Promise<Feed> {
  for (const client of clients) client.pause();
  const offered = clients.map(() => 0);
  let takenBytes = 0;
  let quietTrips = 0;
  let quietSince = performance.now();
  for (;;) {
    clients.forEach(({ socket }, i) => {
      for (
        let at = offered[i] ?? 0;
        at < options.maxBytes && socket.writableLength < AHEAD_BYTES;
        at = offered[i] ?? 0
      ) {
        const piece = options.pattern.bytes(at, Math.min(PIECE_BYTES, options.maxBytes - at));
        socket.write(piece);
        offered[i] = at + piece.length;
      }
    });
    await roundTrip(bystander, options.usually);
    const offeredBytes = offered.reduce((sum, bytes) => sum + bytes, 0);
    const taken = offeredBytes - clients.reduce((sum, { socket }) => sum + socket.writableLength, 0);
    if (taken === clients.length * options.maxBytes) return { takenBytes: taken, offeredBytes, stalled: false };
    if (taken > takenBytes) {
      takenBytes = taken;
      quietTrips = 0;
      quietSince = performance.now();
    } else quietTrips += 1;
    if (quietTrips >= STALL_TRIPS && performance.now() - quietSince >= STALL_MS) {
      return { takenBytes, offeredBytes, stalled: true };
    }
  }
}
