import { formatBytes } from '../../harness/bytes.ts';
import { deadlineMs, within } from '../../harness/deadline.ts';
import { CheckpointFailure, fail } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import type { TcpClient } from '../../harness/tcp-client.ts';
import type { Pattern } from './pattern.ts';

/** How long an echo that nothing holds up may take before the client counts as not served. */
const SERVED_WITHIN_MS = 2_500;
/** How long we wait to learn that a server died of what we did, before its silence is reported instead. */
const DEATH_WITHIN_MS = 300;

/** Sends one byte and waits for it: by then the server has been through its loop once. */
export async function roundTrip(client: TcpClient, usually: string): Promise<void> {
  const byte = Buffer.of(0x2e);
  await client.write(byte);
  await client.expectBytes(byte, {
    sent: '1 byte, by a client that reads and writes as it should',
    expected: 'that byte back at once',
    usually,
    withinMs: SERVED_WITHIN_MS,
  });
}

/** Reads `count` bytes of `pattern` from its start, and fails at the first that differs. */
export async function expectPattern(
  client: TcpClient,
  pattern: Pattern,
  count: number,
  expectation: {
    readonly sent: string;
    readonly expected?: string;
    readonly usually: string;
    readonly withinMs?: number;
  },
): Promise<void> {
  const { sent, expected: wanted = 'the same bytes back, in the same order', usually } = expectation;
  const chunks = await client.readChunks(count, { ...expectation, expected: wanted });
  const at = pattern.firstDifference(chunks);
  if (at < 0) return;
  fail({
    sent,
    expected: wanted,
    received: `bytes that differ from offset ${at.toLocaleString('en')} on`,
    usually,
    details: formatBytes(pattern.bytes(0, count), Buffer.concat(chunks), at),
  });
}

/** Runs `work`; when it fails because the server died, that is what is reported, with the end of the log. */
export async function whileAlive<T>(
  server: Program,
  { expected = 'a server that goes on', usually }: { readonly expected?: string; readonly usually: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    const result = await work();
    if (!server.ended) return result;
  } catch (error) {
    if (!(error instanceof CheckpointFailure)) throw error;
    await within(server.exited, deadlineMs(DEATH_WITHIN_MS), () => new Error('still running')).catch(() => undefined);
    if (!server.ended) throw error;
  }
  const { code, signal } = await server.exited;
  return fail({
    expected,
    received: code === null ? `your server was ended by ${signal}` : `your server ended with exit code ${code}`,
    usually,
    details: server.logTail(),
  });
}

/** Calls `work` for 0 to `count` − 1, at most `width` at a time. */
export async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** Waits for all of them, and then fails as the first of the list that failed: the same one in every run. */
export async function all(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}
