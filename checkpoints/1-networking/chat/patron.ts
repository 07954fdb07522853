import { type Expectation, missed } from '../../harness/expectation.ts';
import type { TcpClient } from '../../harness/tcp-client.ts';

/** How long one line may take to come. A right server needs a millisecond; a wrong one is to be found out soon. */
const LINE_DEADLINE_MS = 2_000;

/** What a step says when the line that it expects does not come. */
export type LineExpectation = Pick<Expectation, 'usually' | 'sent' | 'withinMs'>;

/** A client of the chat server that speaks in lines. Everything it reads, it reads in order. */
export class Patron {
  readonly tcp: TcpClient;

  constructor(tcp: TcpClient) {
    this.tcp = tcp;
  }

  /** Sends lines, each ended by LF, in one write. */
  send(...lines: readonly string[]): void {
    void this.tcp.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** The next line, whatever it is. */
  line(expectation: LineExpectation & { readonly expected?: string }): Promise<string> {
    return this.tcp.readLine({ withinMs: LINE_DEADLINE_MS, ...expectation });
  }

  /** The next line is exactly this one. */
  async expect(line: string, expectation: LineExpectation): Promise<void> {
    const expected = `the line ${JSON.stringify(line)}`;
    const received = await this.line({ expected, ...expectation });
    if (received !== line) throw missed(expectation, { expected, received: quote(received) });
  }

  /** The next line is `ERROR <code> <text>` with a text of at least one character. */
  expectError(code: string, expectation: LineExpectation): Promise<void> {
    return this.#expectCoded('ERROR', code, expectation);
  }

  /** The next line is `BYE <code> <text>`, and nothing but the end of the stream follows. */
  async expectBye(code: string, expectation: LineExpectation): Promise<void> {
    await this.#expectCoded('BYE', code, expectation);
    const rest = await this.tcp.readToEnd({
      withinMs: LINE_DEADLINE_MS,
      ...expectation,
      expected: `nothing after BYE ${code} but the end of the connection (FIN)`,
    });
    if (rest.length > 0) {
      throw missed(expectation, {
        expected: `nothing after BYE ${code} but the end of the connection (FIN)`,
        received: quote(rest.toString().split('\n')[0] ?? ''),
      });
    }
  }

  /** The next line that is no `PING`; every `PING` on the way is answered. */
  async lineBesidesPings(expectation: LineExpectation & { readonly expected?: string }): Promise<string> {
    for (;;) {
      const line = await this.line(expectation);
      if (line !== 'PING') return line;
      this.send('PONG');
    }
  }

  /**
   * Nothing is on its way to this client: a `PING` sent now is answered before anything else. Twice, so that what the
   * server had begun to do when the first one came is done when the second one is answered.
   */
  async expectQuiet(expectation: LineExpectation): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      this.send('PING');
      const received = await this.line({ expected: 'nothing but the PONG to its PING', ...expectation });
      if (received !== 'PONG') {
        throw missed(expectation, { expected: 'nothing but the PONG to its PING', received: quote(received) });
      }
    }
  }

  /** This client is still served: its `PING` is answered, whatever heartbeats come in between. */
  async expectAlive(expectation: LineExpectation): Promise<void> {
    this.send('PING');
    const received = await this.lineBesidesPings({ expected: 'PONG', ...expectation });
    if (received !== 'PONG') throw missed(expectation, { expected: 'PONG', received: quote(received) });
  }

  async #expectCoded(token: 'ERROR' | 'BYE', code: string, expectation: LineExpectation): Promise<void> {
    const expected = `a line "${token} ${code} <text>"`;
    const received = await this.line({ expected, ...expectation });
    if (!new RegExp(`^${token} ${code} .`).test(received))
      throw missed(expectation, { expected, received: quote(received) });
  }
}

/** A received line as a failure shows it. */
export function quote(line: string): string {
  return `the line ${JSON.stringify(line.length > 120 ? `${line.slice(0, 120)}…` : line)}`;
}
