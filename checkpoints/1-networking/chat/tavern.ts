import { withDetails } from '../../harness/failure.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { connectTcp } from '../../harness/tcp-client.ts';
import { Patron } from './patron.ts';

/** Limits that no checkpoint meets by accident. Each checkpoint narrows the one that it is about. */
const WIDE_LIMITS = {
  HANDSHAKE_TIMEOUT_MS: '60000',
  HEARTBEAT_INTERVAL_MS: '60000',
  HEARTBEAT_TIMEOUT_MS: '60000',
  RATE_LIMIT_PER_SECOND: '1000000',
  RATE_LIMIT_BURST: '1000000',
};

const ENTERING = 'HELLO or JOIN is not answered as the brief says: the checkpoint "welcome" tells more';
/** How much longer everything may take when a first try failed: see `patiently`. */
const PATIENT_SCALE = 6;
const MOST_PATIENT_SCALE = 4 * PATIENT_SCALE;

/** A running chat server, and the door to it. */
export class Tavern {
  readonly server: Program;
  readonly #opened: AsyncDisposableStack;

  constructor(server: Program, opened: AsyncDisposableStack) {
    this.server = server;
    this.#opened = opened;
  }

  /** Somebody who has said nothing yet. */
  async connect(): Promise<Patron> {
    return new Patron(this.#opened.use(await connectTcp(this.server)));
  }

  /** Somebody with a name, in no room. */
  async greet(name: string): Promise<Patron> {
    const patron = await this.connect();
    patron.send(`HELLO ${name}`);
    await patron.expect(`WELCOME ${name}`, { sent: `HELLO ${name}`, usually: ENTERING });
    return patron;
  }

  /** Somebody in a room. What the room tells them and the others is read, so that everybody starts quiet. */
  async enter(name: string, room: string, others: readonly Patron[] = []): Promise<Patron> {
    const patron = await this.greet(name);
    patron.send(`JOIN ${room}`);
    await patron.line({ sent: `JOIN ${room}`, expected: `a line "HERE ${room} …"`, usually: ENTERING });
    for (const other of others) await other.line({ expected: `the line "JOINED ${name}"`, usually: ENTERING });
    return patron;
  }

  /** Some people in one room, in this order. */
  async gather<const Names extends readonly string[]>(
    room: string,
    ...names: Names
  ): Promise<{ [K in keyof Names]: Patron }> {
    const patrons: Patron[] = [];
    for (const name of names) patrons.push(await this.enter(name, room, patrons));
    return patrons as { [K in keyof Names]: Patron };
  }
}

/** Runs `visit` against a server of its own. A failure shows the end of the server's log, and whether it has crashed. */
export async function inTavern(
  env: Readonly<Record<string, string>>,
  visit: (tavern: Tavern) => Promise<void>,
): Promise<void> {
  await using server = await startProgram({ env: { ...WIDE_LIMITS, ...env } });
  await using opened = new AsyncDisposableStack();
  await withDetails(
    () => [...(server.ended ? ['your server is no longer running'] : []), ...server.logTail()],
    () => visit(new Tavern(server, opened)),
  );
}

/** The machine paused for so long that right and wrong servers look alike. */
export class TooSlowToTell extends Error {}

/**
 * For what depends on short time-outs, in which a busy machine may be late through no fault of the server's: judges
 * with them as they are, and if that fails once more with all of them much longer. A wrong server is wrong both times.
 */
export async function patiently(judge: (scale: number) => Promise<void>): Promise<void> {
  try {
    await judge(1);
    return;
  } catch {
    // Once more.
  }
  for (let scale = PATIENT_SCALE; ; scale *= 2) {
    try {
      await judge(scale);
      return;
    } catch (error) {
      if (!(error instanceof TooSlowToTell) || scale >= MOST_PATIENT_SCALE) throw error;
    }
  }
}
