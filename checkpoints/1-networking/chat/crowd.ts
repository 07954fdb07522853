import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deadlineMs } from '../../harness/deadline.ts';
import type { TcpAddress } from '../../harness/tcp-client.ts';

const POLL_MS = 5;

/** One of very many clients: cheap, and keeps every line that came. */
export class Member {
  readonly name: string;
  readonly lines: string[] = [];
  readonly #socket: Socket;
  #rest = '';

  constructor(name: string, socket: Socket) {
    this.name = name;
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text: unknown) => {
      const parts = (this.#rest + String(text)).split('\n');
      this.#rest = parts.pop() ?? '';
      for (const part of parts) this.lines.push(part.replace(/\r$/, ''));
    });
    // What an ended connection means is for the checkpoint to say.
    socket.on('error', () => {});
  }

  get ended(): boolean {
    return this.#socket.readableEnded || this.#socket.destroyed;
  }

  send(...lines: readonly string[]): void {
    this.#socket.write(lines.map((line) => `${line}\n`).join(''));
  }

  leave(): void {
    this.#socket.destroy();
  }
}

/** Very many clients at once. Disposal ends all their connections. */
export class Crowd implements Disposable {
  readonly members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.members = members;
  }

  /**
   * Waits until `done` holds for every member. Gives up when nobody has got a line for `silenceMs`: so a server may
   * be as slow as the machine makes it, and a wrong one is found out soon.
   *
   * @returns whether `done` holds for all.
   */
  async waitUntil(done: (member: Member) => boolean, silenceMs = 2_000): Promise<boolean> {
    let waiting = this.members.filter((member) => !done(member));
    let heard = -1;
    let heardAt = performance.now();
    while (waiting.length > 0) {
      const total = this.members.reduce((sum, member) => sum + member.lines.length, 0);
      if (total !== heard) heardAt = performance.now();
      else if (performance.now() - heardAt > deadlineMs(silenceMs)) return false;
      heard = total;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      waiting = waiting.filter((member) => !done(member));
    }
    return true;
  }

  [Symbol.dispose](): void {
    for (const member of this.members) member.leave();
  }
}

/** Connects very many at once. Rejects when one of them is refused. */
export async function connectCrowd(address: TcpAddress, names: readonly string[]): Promise<Crowd> {
  const sockets = names.map(() => connect({ host: address.host, port: address.port, noDelay: true }));
  const crowd = new Crowd(sockets.map((socket, index) => new Member(names[index] ?? '', socket)));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return crowd;
}
