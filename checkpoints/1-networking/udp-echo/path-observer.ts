import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TcpAddress } from '../../harness/tcp-client.ts';
import { ProbeTarget } from './probe-target.ts';

/**
 * Stands between the client under test and a path: passes everything on, and keeps what it passed to the client, in
 * order. A fault proxy counts what it did to datagrams; in which order they came out only the last hop can tell.
 */
export class PathObserver implements AsyncDisposable {
  readonly target: ProbeTarget;
  readonly #behind: Socket;

  private constructor(target: ProbeTarget, behind: Socket) {
    this.target = target;
    this.#behind = behind;
    behind.on('message', (bytes) => target.reply(bytes));
  }

  static async open(path: TcpAddress): Promise<PathObserver> {
    const behind = createSocket('udp4');
    behind.bind(0, '127.0.0.1');
    await once(behind, 'listening');
    const target = await ProbeTarget.open(({ bytes }) => behind.send(bytes, path.port, path.host));
    return new PathObserver(target, behind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#behind.close(() => resolve()));
    await this.target[Symbol.asyncDispose]();
  }
}
