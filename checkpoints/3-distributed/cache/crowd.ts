import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deadlineMs, within } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';

const CONNECT_AT_ONCE = 100;
const ANSWERS_WITHIN_MS = 30_000;

export interface CrowdReply {
  readonly status: number;
  readonly body: string;
}

/** Clients that are connected already, so that they can all ask in the same moment. */
export class Crowd implements Disposable {
  readonly #sockets: Socket[] = [];
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async connect(program: Program, size: number): Promise<Crowd> {
    const crowd = new Crowd(program);
    // In parts, as a listening socket has room for some hundreds that it has not accepted yet.
    while (crowd.#sockets.length < size) {
      const some = Array.from({ length: Math.min(CONNECT_AT_ONCE, size - crowd.#sockets.length) }, () =>
        connect({ host: program.host, port: program.port, noDelay: true }),
      );
      crowd.#sockets.push(...some);
      await Promise.all(some.map((socket) => once(socket, 'connect')));
    }
    return crowd;
  }

  /** Everybody sends the same GET. Resolves when everybody has an answer. */
  async ask(path: string): Promise<CrowdReply[]> {
    const request = `GET ${path} HTTP/1.1\r\nHost: tavern\r\nConnection: close\r\n\r\n`;
    const answers = this.#sockets.map((socket) => answerOf(socket));
    for (const socket of this.#sockets) socket.write(request);
    let come = 0;
    for (const answer of answers) answer.then(() => (come += 1)).catch(() => {});
    return within(
      Promise.all(answers),
      deadlineMs(ANSWERS_WITHIN_MS),
      () =>
        new CheckpointFailure({
          sent: `GET ${path} by ${this.#sockets.length.toLocaleString('en')} clients at once`,
          expected: 'an answer for each of them',
          received: 'no answer for some of them',
          usually: 'a load that fails or is lost leaves those who wait for it waiting',
          details: [`${come} answers have come`, ...this.#program.logTail()],
        }),
    );
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function answerOf(socket: Socket): Promise<CrowdReply> {
  const { promise, resolve } = Promise.withResolvers<CrowdReply>();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.once('close', () => {
    const text = Buffer.concat(chunks).toString('utf8');
    const [head = '', ...body] = text.split('\r\n\r\n');
    resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), body: body.join('\r\n\r\n') });
  });
  return promise;
}
