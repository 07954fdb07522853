import { setTimeout as delay } from 'node:timers/promises';
import { deadlineMs } from '../../harness/deadline.ts';
import { check, fail } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { openUdp, type UdpClient } from '../../harness/udp-client.ts';
import { receiveFrom, type TokenLimit } from './server-run.ts';

const ASK_EVERY_MS = 2;
const TOKEN_DEADLINE_MS = 1_000;
/** Each datagram has a number: a server that answers equal ones only once is judged elsewhere. */
const ASK = 'bystander ';

/**
 * Another source, which has used its bucket up: it gets one echo for each token that comes back. A checkpoint that
 * lets time pass asks it afterwards. Its echo shows that the server has run since then, however busy the machine is.
 */
export class Bystander implements AsyncDisposable {
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

  static async open(server: Program, limit: TokenLimit): Promise<Bystander> {
    const one = new Bystander(server, await openUdp(server), limit);
    for (let i = 0; i < limit.burst; i += 1) await one.#ask();
    for (; one.#echoes < limit.burst; one.#echoes += 1) {
      await receiveFrom(server, one.#client, {
        sent: `${limit.burst} datagrams from a new source`,
        expected: `${limit.burst} datagrams: a new source has a full bucket`,
        usually: 'the limit is not RATE_LIMIT_BURST, or one bucket serves all sources',
      });
    }
    return one;
  }

  /** Lets `ms` pass, and then some, until the server has echoed a datagram that was sent after that. */
  async wait(ms: number): Promise<void> {
    await delay(ms);
    await this.nextToken();
    // What the server sent before this echo, to whomever, is read in this turn of our loop or the next.
    await delay(0);
  }

  /** Sends a datagram every few milliseconds until one is echoed. */
  async nextToken(): Promise<void> {
    const firstAsked = this.#asked + 1;
    const end = performance.now() + deadlineMs(TOKEN_DEADLINE_MS);
    for (;;) {
      await this.#ask();
      const echo = await this.#client.receiveWithin(ASK_EVERY_MS);
      const text = echo?.data.toString('latin1') ?? '';
      if (text.startsWith(ASK)) {
        this.#echoes += 1;
        this.#checkPace();
        if (Number(text.slice(ASK.length)) >= firstAsked) return;
      }
      if (performance.now() > end || this.#server.ended) this.#failSilent();
    }
  }

  #ask(): Promise<void> {
    this.#asked += 1;
    return this.#client.send(`${ASK}${this.#asked}`);
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

  #failSilent(): never {
    fail({
      sent: `a datagram every ${ASK_EVERY_MS} ms from a source that has used its bucket up (RATE_LIMIT_PER_SECOND=${this.#limit.perSecond})`,
      expected: 'an echo as soon as a token has come back',
      received: this.#server.ended
        ? 'no echo, and your server ended'
        : `no echo within ${deadlineMs(TOKEN_DEADLINE_MS).toLocaleString('en')} ms`,
      usually:
        'tokens come back in whole numbers, rounded down at each datagram, or only in a pause: a source that asks often never gets one',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
