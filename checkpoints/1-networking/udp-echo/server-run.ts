import type { Expectation } from '../../harness/expectation.ts';
import { missed } from '../../harness/expectation.ts';
import { withDetails } from '../../harness/failure.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import type { Datagram, UdpClient } from '../../harness/udp-client.ts';

/** What a server of this lab answers at once, it answers within this, also on a busy machine. */
export const ANSWER_DEADLINE_MS = 2_000;

/** RATE_LIMIT_PER_SECOND of one token in a thousand seconds: within a checkpoint, none comes back. */
export const NO_REFILL = '0.001';

/** The settings that the server was started with. */
export interface TokenLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** Starts the server under test, and adds the end of its log to whatever failure `judge` ends in. */
export async function withServer(
  env: Readonly<Record<string, string>>,
  judge: (server: Program) => Promise<void>,
): Promise<void> {
  await using server = await startProgram({ env: { ROLE: 'server', ...env } });
  await withDetails(
    () => server.logTail(),
    () => judge(server),
  );
}

export function withLimit(
  limit: TokenLimit,
  judge: (server: Program, limit: TokenLimit) => Promise<void>,
): Promise<void> {
  const env = { RATE_LIMIT_BURST: `${limit.burst}`, RATE_LIMIT_PER_SECOND: `${limit.perSecond}` };
  return withServer(env, (server) => judge(server, limit));
}

/** The next datagram for `client`; fails when none comes, and at once when the server has ended. */
export async function receiveFrom(server: Program, client: UdpClient, expectation: Expectation): Promise<Datagram> {
  const ended = server.exited.then(({ code, signal }) => {
    throw missed(expectation, {
      expected: 'a datagram',
      received: `no datagram: your server ended (${signal ?? `exit code ${code}`})`,
    });
  });
  return Promise.race([client.receive({ withinMs: ANSWER_DEADLINE_MS, ...expectation }), ended]);
}

/** Sends `data` and fails unless the next datagram that comes is the same. */
export async function expectEcho(
  server: Program,
  client: UdpClient,
  data: Uint8Array | string,
  expectation: Expectation,
): Promise<Datagram> {
  const bytes = Buffer.from(data);
  const ended = server.exited.then(({ code, signal }) => {
    throw missed(expectation, {
      expected: 'the same datagram back',
      received: `no datagram: your server ended (${signal ?? `exit code ${code}`})`,
    });
  });
  return Promise.race([client.expectEcho(bytes, { withinMs: ANSWER_DEADLINE_MS, ...expectation }), ended]);
}

/** Takes what has come for `client` so far and returns how many of them start with `text`. */
export async function takeThose(client: UdpClient, text: string): Promise<number> {
  let count = 0;
  while (client.pendingCount > 0) {
    const datagram = await client.receiveWithin(0);
    if (datagram?.data.toString('latin1').startsWith(text)) count += 1;
  }
  return count;
}

/** The JSON objects with this `event` that the program has logged so far. Lines of another form are passed over. */
export function loggedEvents(program: Program, event: string): Readonly<Record<string, unknown>>[] {
  return program.stderr.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value !== 'object' || value === null) return [];
      const entry = value as Record<string, unknown>;
      return entry.event === event ? [entry] : [];
    } catch {
      return [];
    }
  });
}
