import type { Socket } from 'node:net';
import { type Line, LineDecoder } from './line-decoder.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';

export interface ConnectionOptions extends OutboxOptions {
  readonly drainTimeoutMs: number;
  /** Bytes came, and these lines with them. */
  readonly onLines: (lines: Iterable<Line>) => void;
  /** The client has ended its side, or the connection has broken. May be called more than once. */
  readonly onGone: () => void;
  /** Nothing is left of it. Called once, with what ended it first. */
  readonly onClosed: (reason: string) => void;
}

/** One client's socket: bytes to lines on the way in, lines to bytes on the way out. */
export class Connection {
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #drainTimeoutMs: number;
  #state: 'open' | 'draining' | 'cut off' = 'open';
  #reason: string | undefined;
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions) {
    const { socket, onLines, onGone, onClosed } = options;
    const decoder = new LineDecoder();
    this.#socket = socket;
    this.#outbox = new Outbox(options);
    this.#drainTimeoutMs = options.drainTimeoutMs;
    // #region however-it-ended
    // While draining, what comes is read and thrown away: bytes left unread would turn our FIN into a RST.
    socket.on('data', (chunk) => {
      if (this.#state === 'open') onLines(decoder.decode(chunk));
    });
    socket.on('end', () => {
      this.#reason ??= 'client-ended';
      onGone();
      this.drain();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason ??= error.code ?? error.message;
      onGone();
    });
    socket.on('close', () => {
      clearTimeout(this.#drainTimer);
      this.#outbox.clear();
      onGone();
      onClosed(this.#reason ?? 'closed');
    });
    // #endregion however-it-ended
  }

  /** @returns false when the client has fallen too far behind. */
  send(line: Uint8Array): boolean {
    return this.#state !== 'open' || this.#outbox.put(line);
  }

  // #region drain
  /** Sends what waits, then FIN; waits for the client's own end, but not for ever. */
  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#reason ??= 'server-ended';
    this.#outbox.finish();
    this.#drainTimer = setTimeout(() => this.cutOff(), this.#drainTimeoutMs);
  }

  /** Ends it now, with a RST: what waits here and in the kernel is thrown away. */
  cutOff(): void {
    this.#state = 'cut off';
    this.#reason ??= 'cut-off';
    this.#outbox.clear();
    // A FIN that is under way cannot be overtaken by a RST (libuv refuses), and then nothing waits to be thrown away.
    const { writableEnded, writableLength } = this.#socket;
    if (writableEnded && writableLength === 0) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }
  // #endregion drain
}
