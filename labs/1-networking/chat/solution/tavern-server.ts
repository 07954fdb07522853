import { createServer, type Server, type Socket } from 'node:net';
import type { Config } from './config.ts';
import { Connection } from './connection.ts';
import { DeliveryRound } from './delivery-round.ts';
import type { ClientId, Effect, Input } from './effect.ts';
import { formatEvent } from './event.ts';
import type { Line } from './line-decoder.ts';
import type { Log } from './log.ts';
import { Tavern } from './tavern.ts';

/** Connections beyond MAX_CLIENTS that may be told so, or may be draining, at once. The rest is dropped unheard. */
const DOORWAY_CONNECTIONS = 128;
const MIN_TICK_MS = 5;
const MAX_TICK_MS = 1_000;

/** The tavern behind TCP: sockets and the clock on the one side, inputs and effects on the other. */
export class TavernServer {
  readonly #config: Config;
  readonly #log: Log;
  readonly #tavern: Tavern;
  readonly #server: Server;
  readonly #connections = new Map<ClientId, Connection>();
  readonly #round = new DeliveryRound();
  #lastId: ClientId = 0;
  #ticking: NodeJS.Timeout | undefined;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#tavern = new Tavern(config.rules);
    // Half-open is allowed: a client that has ended its side still gets what it is owed.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = config.rules.maxClients + DOORWAY_CONNECTIONS;
    this.#server.on('drop', () => log('warn', 'connection-dropped'));
  }

  /** @returns the port that it listens on. Rejects with the system's error when it cannot. */
  listen(): Promise<number> {
    const { host, port, rules } = this.#config;
    const shortestMs = Math.min(...Object.values(rules.timeouts));
    const tickMs = Math.max(MIN_TICK_MS, Math.min(MAX_TICK_MS, Math.floor(shortestMs / 4)));
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 1_024 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#log('error', 'accept-failed', { message: error.message }));
        this.#ticking = setInterval(() => this.#step({ kind: 'tick' }), tickMs);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  // #region stop
  /** Resolves when every connection is closed: each has its own deadline, counted from here. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#step({ kind: 'closing' });
    const hardDeadline = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.cutOff();
    }, this.#config.drainTimeoutMs);
    await closed;
    clearTimeout(hardDeadline);
    clearInterval(this.#ticking);
  }
  // #endregion stop

  #accept(socket: Socket): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const connection = new Connection({
      socket,
      round: this.#round,
      maxPendingBytes: this.#config.maxPendingBytes,
      drainTimeoutMs: this.#config.drainTimeoutMs,
      onLines: (lines) => this.#hear(id, lines),
      onGone: () => this.#step({ kind: 'gone', client: id }),
      onClosed: (reason) => {
        this.#connections.delete(id);
        this.#log('info', 'connection-closed', { client: id, reason });
      },
    });
    this.#connections.set(id, connection);
    this.#log('info', 'connection-opened', { client: id, address: socket.remoteAddress, port: socket.remotePort });
    this.#step({ kind: 'arrived', client: id });
  }

  #hear(client: ClientId, lines: Iterable<Line>): void {
    this.#step({ kind: 'heard', client });
    for (const line of lines) this.#step({ kind: 'line', client, line });
  }

  // #region slow-reader
  /** Whoever overflows while the effects are carried out has left, too: that is the next input, after this one is done. */
  #step(input: Input): void {
    const inputs = [input];
    for (const next of inputs) {
      for (const effect of this.#tavern.step(next, performance.now())) {
        for (const client of this.#perform(effect)) inputs.push({ kind: 'gone', client });
      }
    }
  }

  /** @returns the clients that were too slow for it. */
  #perform(effect: Effect): ClientId[] {
    if (effect.kind === 'end') {
      this.#connections.get(effect.client)?.drain();
      return [];
    }
    const line = Buffer.from(`${formatEvent(effect.event)}\n`);
    const tooSlow = effect.to.filter((client) => this.#connections.get(client)?.send(line) === false);
    for (const client of tooSlow) {
      this.#log('warn', 'slow-reader-cut-off', { client, maxPendingBytes: this.#config.maxPendingBytes });
      this.#connections.get(client)?.cutOff();
    }
    return tooSlow;
  }
  // #endregion slow-reader
}
