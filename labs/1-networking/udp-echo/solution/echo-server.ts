import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { DropLog } from './drop-log.ts';
import type { Log } from './log.ts';
import type { ServerSettings } from './settings.ts';
import { SourceLimiter } from './source-limiter.ts';

/** RFC 768 on RFC 791: 65,535 bytes less 20 of IP header and 8 of UDP header. */
const MAX_PAYLOAD_BYTES = 65_507;
/** Room for bursts while a reply is under way. The kernel may give less. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
/** Replies that wait for room in the kernel. A datagram that finds them all waiting is dropped, as a router would. */
const MAX_QUEUED_REPLIES = 1_024;

/** Sends every datagram back to its source, within the limits of its settings. */
export class EchoServer {
  readonly #socket: Socket;
  readonly #limiter: SourceLimiter;
  readonly #drops: DropLog;
  readonly #log: Log;
  readonly #counts = { received: 0, echoed: 0, dropped: 0, failed: 0, errors: 0 };

  private constructor(socket: Socket, settings: ServerSettings, log: Log) {
    this.#socket = socket;
    this.#limiter = new SourceLimiter(settings);
    this.#drops = new DropLog(log, settings.logIntervalMs);
    this.#log = log;
    socket.on('message', (datagram, source) => this.#echo(datagram, source));
    // #region socket-error
    // An error here is news about one datagram, such as an ICMP "port unreachable" for a reply (RFC 1122 §4.1.3.3).
    // Without a listener Node ends the process. Only the first is logged: a stranger could make one a datagram.
    socket.on('error', (error) => {
      this.#counts.errors += 1;
      if (this.#counts.errors === 1) log('warn', 'socket-error', { message: error.message });
    });
    // #endregion socket-error
  }

  // #region start
  /**
   * Binds a socket and starts to echo.
   *
   * @throws the system's error when the address cannot be had: EADDRINUSE, EADDRNOTAVAIL, EACCES.
   */
  static async start(settings: ServerSettings, log: Log): Promise<EchoServer> {
    // No reuseAddr: on UDP it lets another program bind the same port and take the datagrams.
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      // macOS allows 9,216 bytes a datagram unless asked for more.
      sendBufferSize: 2 * MAX_PAYLOAD_BYTES,
    });
    socket.bind(settings.port, settings.host);
    await once(socket, 'listening'); // rejects on 'error'
    return new EchoServer(socket, settings, log);
  }
  // #endregion start

  get port(): number {
    return this.#socket.address().port;
  }

  // #region stop
  /** Closes the socket. What the kernel still holds for it is lost. */
  async stop(): Promise<void> {
    this.#drops.close();
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
    this.#log('info', 'stopped', this.#counts);
  }
  // #endregion stop

  // #region echo
  #echo(datagram: Buffer, source: RemoteInfo): void {
    this.#counts.received += 1;
    if (!this.#limiter.admit(`${source.address}:${source.port}`, performance.now())) {
      // No answer: an error message would go to whoever the sender claims to be, and would keep a loop going.
      this.#counts.dropped += 1;
      this.#drops.add();
      return;
    }
    // RFC 768: a source port of 0 asks for no reply.
    if (source.port === 0 || this.#socket.getSendQueueCount() >= MAX_QUEUED_REPLIES) {
      this.#counts.failed += 1;
      return;
    }
    // The socket that received it sends it, so that the reply comes from the address that the client wrote to.
    this.#socket.send(datagram, source.port, source.address, (error) => {
      this.#counts[error ? 'failed' : 'echoed'] += 1;
    });
  }
  // #endregion echo
}
