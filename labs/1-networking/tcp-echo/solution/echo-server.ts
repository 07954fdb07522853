import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { echo } from './echo.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

/** Why a connection is over: both sides ended it, or the code of an error, or we gave up on it. */
type Reason = 'ended' | 'idle' | 'cut off by the stop' | (string & {});

/** Accepts connections, bounds their number and their idleness, and stops without cutting off work under way. */
export class EchoServer {
  readonly #server: Server;
  readonly #settings: Settings;
  readonly #log: Log;
  /** Open connections with the reason that will stand in the log when they close; needed to cut them off. */
  readonly #open = new Map<Socket, Reason>();
  #refusing = false;

  constructor(settings: Settings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    // allowHalfOpen: without it Node ends our side by itself at the peer's FIN, whatever we still want to write.
    // noDelay: a small echo leaves at once instead of waiting for the peer's acknowledgement (RFC 9293 §3.7.4).
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#serve(socket));
    this.#boundConnections();
  }

  /**
   * @returns the port, which the system has chosen if the settings say 0.
   * @throws the system's error (`EADDRINUSE`, `EACCES`, …) when it cannot listen.
   */
  async listen(): Promise<number> {
    this.#server.listen(this.#settings.port, this.#settings.host);
    await once(this.#server, 'listening');
    // From here on an error is one of accept(), such as no descriptor left: that connection is lost, the server goes on.
    this.#server.on('error', (error) => this.#log('error', 'accept-failed', { error: error.message }));
    return (this.#server.address() as AddressInfo).port;
  }

  // #region graceful-stop
  /** Stops accepting and resolves when no connection is left, by force after `shutdownTimeoutMs`. */
  async stop(): Promise<void> {
    const closed = once(this.#server, 'close'); // comes after the last connection has closed
    this.#server.close(); // closes the listening socket; open connections are served on
    const deadline = setTimeout(() => {
      for (const socket of this.#open.keys()) this.#giveUp(socket, 'cut off by the stop');
    }, this.#settings.shutdownTimeoutMs);
    await closed;
    clearTimeout(deadline);
  }
  // #endregion graceful-stop

  #serve(socket: Socket): void {
    const since = performance.now();
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#open.set(socket, 'ended');
    this.#refusing = false;

    // #region reset
    // A peer that resets the connection is an error event, and an error event without a listener ends the process.
    // Node destroys the socket after it, so 'close' follows and the descriptor is free.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#open.set(socket, error.code ?? error.message));
    // 'close' is the one event that comes after every kind of end. 'end' does not come after a reset.
    socket.on('close', () => {
      const reason = this.#open.get(socket);
      this.#open.delete(socket);
      const durationMs = Math.round(performance.now() - since);
      this.#log('info', 'connection-closed', { peer, reason, bytes: socket.bytesWritten, durationMs });
    });
    // #endregion reset

    // #region idle-timeout
    // One timer a connection, restarted by every read and write. A write that the kernel takes in part counts too.
    // destroy() and not end(): a peer that does not read would keep us waiting for the last write for ever.
    socket.setTimeout(this.#settings.idleTimeoutMs, () => this.#giveUp(socket, 'idle'));
    // #endregion idle-timeout

    echo(socket);
  }

  // #region max-connections
  #boundConnections(): void {
    this.#server.maxConnections = this.#settings.maxConnections; // Node closes the surplus as soon as it has accepted it
    this.#server.on('drop', () => {
      // One line when it begins, not one for each: whoever floods us must not fill the log as well.
      if (!this.#refusing) this.#log('warn', 'connections-refused', { open: this.#settings.maxConnections });
      this.#refusing = true;
    });
  }
  // #endregion max-connections

  #giveUp(socket: Socket, reason: Reason): void {
    this.#open.set(socket, reason);
    socket.destroy();
  }
}
