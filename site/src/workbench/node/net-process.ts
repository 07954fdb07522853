import type { FromNetwork, ToNetwork } from './link.ts';
import type { SocketOptions } from './net-arguments.ts';
import type { Server } from './server.ts';
import type { Socket } from './socket.ts';
import type { Turns } from './turns.ts';

/** What the code of one process has around it. */
export interface NetHost {
  send(message: ToNetwork): void;
  /** Calls back for what the network brings; what it throws is the process's own affair. */
  run(work: () => void): void;
  /** Of its loop: reads, and what waits for its next turn. */
  readonly turns: Turns;
  /** A socket that is open keeps its process going until it is let go. */
  hold(): () => void;
}

/** A turn that takes longer than this is heard of before it ends. */
const MAX_WAIT_MS = 5;

/** What the sockets of one process share: its way to the network, and who is to hear of what comes. */
export class NetProcess {
  readonly host: NetHost;
  readonly connections = new Map<number, Socket>();
  readonly servers = new Map<number, Server>();
  /** Makes a socket as the process knows the class. */
  readonly newSocket: (options: SocketOptions) => Socket;
  /** Sockets that have written in this turn: what they wrote travels together, as it would in a kernel's buffer. */
  readonly #writers = new Set<Socket>();
  #writingSince = 0;
  #lastChosen = 0;

  constructor(host: NetHost, newSocket: (options: SocketOptions) => Socket) {
    this.host = host;
    this.newSocket = newSocket;
  }

  nextId(): number {
    this.#lastChosen -= 1;
    return this.#lastChosen;
  }

  nextTurn(work: () => void): void {
    this.host.turns.next(() => this.host.run(work));
  }

  departSoon(socket: Socket): void {
    const now = performance.now();
    if (this.#writers.size === 0) {
      this.#writingSince = now;
      queueMicrotask(() => this.#departAll());
    }
    this.#writers.add(socket);
    if (now - this.#writingSince > MAX_WAIT_MS) this.#departAll();
  }

  receive(message: FromNetwork): void {
    this.host.run(() => this.#hand(message));
  }

  /** The process is about to end: the network learns of all that was read and written. */
  settle(): void {
    for (const socket of this.connections.values()) {
      socket.tellRead();
      socket.depart();
    }
  }

  #hand(message: FromNetwork): void {
    const { id } = message;
    if (message.op === 'accepted') {
      const server = this.servers.get(message.listener);
      if (server) server.hear(message);
      else this.host.send({ op: 'reset', id });
    } else if (message.op === 'listening') this.servers.get(id)?.hear(message);
    else if (message.op === 'refused' && this.servers.has(id)) this.servers.get(id)?.hear(message);
    else if (this.connections.has(id)) this.connections.get(id)?.hear(message);
    else if (message.op === 'connected') this.host.send({ op: 'close', id, unread: false });
  }

  #departAll(): void {
    const all = [...this.#writers];
    this.#writers.clear();
    for (const each of all) each.depart();
  }
}
