import { deadlineMs } from '../../harness/deadline.ts';
import { check, fail } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { openUdp, type UdpClient } from '../../harness/udp-client.ts';
import { receiveFrom } from './server-run.ts';

const ASK_EVERY_MS = 2;
const TICK_DEADLINE_MS = 1_000;
/** Each datagram has a number: a server that answers equal ones once is judged elsewhere. */
const TICK = 'tick ';

/** The settings that the server was started with. */
export interface TokenLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * A clock that the server under test drives: a source that has used its bucket up gets one echo for each token that
 * comes back. A checkpoint that lets time pass counts these, and not milliseconds of its own: on a busy machine both
 * sides are late together.
 */
export class TokenClock implements AsyncDisposable {
  readonly #server: Program;
  readonly #client: UdpClient;
  readonly #limit: TokenLimit;
  readonly #openedAtMs = performance.now();
  #asked = 0;
  #echoes = 0;

  private constructor(server: Program, client: UdpClient, limit: TokenLimit) {
    this.#server = server;
    this.#client = client;
    this.#limit = limit;
  }

  /** Uses up the bucket of a new source. */
  static async open(server: Program, limit: TokenLimit): Promise<TokenClock> {
    const clock = new TokenClock(server, await openUdp(server), limit);
    for (let i = 0; i < limit.burst; i += 1) await clock.#ask();
    for (; clock.#echoes < limit.burst; clock.#echoes += 1) {
      await receiveFrom(server, clock.#client, {
        sent: `${limit.burst} datagrams from a new source`,
        expected: `${limit.burst} datagrams: a new source has a full bucket`,
        usually: 'the limit is not RATE_LIMIT_BURST, or one bucket serves all sources',
      });
    }
    return clock;
  }

  /** Resolves when the server has given `count` more tokens to this source. */
  async ticks(count: number): Promise<void> {
    const end = performance.now() + deadlineMs(TICK_DEADLINE_MS);
    for (let seen = 0; seen < count; ) {
      await this.#ask();
      const echo = await this.#client.receiveWithin(ASK_EVERY_MS);
      if (echo?.data.toString('latin1').startsWith(TICK)) {
        seen += 1;
        this.#echoes += 1;
        this.#checkPace();
      }
      if (performance.now() > end || this.#server.ended) this.#failSilent(seen, count);
    }
  }

  #ask(): Promise<void> {
    this.#asked += 1;
    return this.#client.send(`${TICK}${this.#asked}`);
  }

  /** Holds on a machine of any speed: our clock starts before the server's, and tokens need time to come back. */
  #checkPace(): void {
    const { burst, perSecond } = this.#limit;
    const elapsedMs = performance.now() - this.#openedAtMs;
    check(this.#echoes <= burst + (elapsedMs / 1000) * perSecond + 1, {
      sent: `datagrams from one source, with RATE_LIMIT_BURST=${burst} and RATE_LIMIT_PER_SECOND=${perSecond}`,
      expected: `${burst} echoes, and then ${perSecond} a second`,
      received: `${this.#echoes} within ${Math.ceil(elapsedMs)} ms`,
      usually: 'there is no limit for each source, or tokens come back faster than they should',
    });
  }

  #failSilent(seen: number, count: number): never {
    fail({
      sent: `a datagram every few milliseconds from a source that has used its bucket up (RATE_LIMIT_PER_SECOND=${this.#limit.perSecond})`,
      expected: `${count} of them echoed, as tokens come back`,
      received: this.#server.ended
        ? `${seen} of them, then your server ended`
        : `${seen} of them within ${deadlineMs(TICK_DEADLINE_MS).toLocaleString('en')} ms`,
      usually:
        'tokens come back in whole numbers, rounded down at each datagram, or only in a pause: a source that asks often never gets one',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
