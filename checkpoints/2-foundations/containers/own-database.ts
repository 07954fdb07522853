import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createDatabase, type Database } from '../../harness/database.ts';

/** Stands for any password: it has to turn up in no log. */
export const PASSWORD = 'Quill-and-7-Ravens';

/**
 * A database of a checkpoint's own behind a gate: the server under test sees it at `url`, and finds it answering, gone
 * or silent as the checkpoint likes. Dropped at the end.
 */
export class OwnDatabase implements AsyncDisposable {
  /** For the server under test; goes through the gate. */
  readonly url: string;
  /** The password in it: that of the service, or `PASSWORD` where the service asks for none. */
  readonly password: string;
  readonly #gate: Gate;
  readonly #database: Database;

  private constructor(gate: Gate, database: Database) {
    this.#gate = gate;
    this.#database = database;
    const url = new URL(database.url);
    // The gate is reached without TLS.
    url.hostname = '127.0.0.1';
    url.port = String(gate.port);
    if (url.password === '') url.password = PASSWORD;
    this.url = url.href;
    this.password = decodeURIComponent(url.password);
  }

  /** @param state what the server finds at first. */
  static async create(state: GateState = 'open'): Promise<OwnDatabase> {
    const database = await createDatabase();
    return new OwnDatabase(await Gate.open(new URL(database.url), state), database);
  }

  set state(state: GateState) {
    this.#gate.state = state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gate[Symbol.asyncDispose]();
    await this.#database[Symbol.asyncDispose]();
  }
}

/** `open`: bytes pass. `gone`: connections break and new ones are cut at once. `silent`: nothing is answered any more. */
export type GateState = 'open' | 'gone' | 'silent';

/** A TCP relay in front of the database. */
class Gate implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: GateState;

  private constructor(address: URL, state: GateState) {
    this.#state = state;
    this.#server = createServer((client) => this.#relay(client, address));
  }

  static async open(address: URL, state: GateState): Promise<Gate> {
    const gate = new Gate(address, state);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set state(state: GateState) {
    this.#state = state;
    for (const socket of this.#sockets) {
      if (state === 'silent') socket.pause();
      // What was silent in the middle of an exchange cannot go on from there.
      else socket.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #relay(client: Socket, address: URL): void {
    this.#watch(client);
    if (this.#state === 'gone') client.destroy();
    if (this.#state !== 'open') return;
    const database = connect(Number(address.port || 5432), address.hostname);
    this.#watch(database);
    client.pipe(database).pipe(client);
    client.once('close', () => database.destroy());
    database.once('close', () => client.destroy());
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {
      // Either end may break off at any time; `close` follows.
    });
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
