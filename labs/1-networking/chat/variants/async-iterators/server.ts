/**
 * The same server in another shape: no core and no shell, but one coroutine for each connection, which iterates over
 * its lines and acts on the rooms directly. Shorter, and not to be tested without sockets.
 */
import { createServer, type Socket } from 'node:net';

const MAX_LINE_BYTES = 1_024;
const HOUR_MS = 3_600_000;
const COMMANDS = /^(?:(HELLO|JOIN|SAY)(?: (.*))?|(LEAVE|WHO|LIST|PING|PONG|QUIT))$/s;

const settings = readSettings();
const clients = new Set<Client>();
const names = new Set<string>();
const rooms = new Map<string, Set<Client>>();
let stopping = false;

class Client {
  readonly socket: Socket;
  name: string | undefined;
  room: string | undefined;
  #gone = false;
  #timer: NodeJS.Timeout;
  #tokens = settings.burst;
  #filledAt = performance.now();
  #refusing = false;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#timer = setTimeout(() => this.bye('HANDSHAKE_TIMEOUT'), settings.handshakeTimeoutMs);
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Never waits. Whoever has too much waiting is cut off here and now. */
  tell(line: string): void {
    if (this.#gone) return;
    this.socket.write(`${line}\n`);
    if (this.socket.writableLength <= settings.maxPendingBytes) return;
    this.depart();
    this.socket.resetAndDestroy();
  }

  error(code: string): void {
    this.tell(`ERROR ${code} see the brief`);
  }

  bye(code: string): void {
    this.tell(`BYE ${code} farewell`);
    this.depart();
    this.end();
  }

  /** FIN after what is owed; the coroutine reads on until the client's own, or until the time is up. */
  end(): void {
    const timer = setTimeout(() => this.socket.destroy(), settings.drainTimeoutMs);
    this.socket.once('close', () => clearTimeout(timer));
    this.socket.end();
  }

  /** Everything that a client holds is given back here, once. */
  depart(): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#timer);
    clients.delete(this);
    this.leave();
    if (this.name) names.delete(this.name.toLowerCase());
  }

  leave(): void {
    if (this.room === undefined) return;
    const members = rooms.get(this.room);
    members?.delete(this);
    if (members?.size === 0) rooms.delete(this.room);
    const room = this.room;
    this.room = undefined;
    if (!stopping) broadcast(room, this, `LEFT ${this.name}`);
  }

  /** Silence is measured from here on; without a name, nothing prolongs the handshake. */
  heard(): void {
    if (this.name === undefined || this.#gone) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.tell('PING');
      this.#timer = setTimeout(() => this.bye('HEARTBEAT_TIMEOUT'), settings.heartbeatTimeoutMs);
    }, settings.heartbeatIntervalMs);
  }

  mayTalk(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(settings.burst, this.#tokens + ((now - this.#filledAt) / 1_000) * settings.perSecond);
    this.#filledAt = now;
    const granted = this.#tokens >= 1;
    if (granted) this.#tokens -= 1;
    else if (!this.#refusing) this.error('RATE_LIMITED');
    this.#refusing = !granted;
    return granted;
  }

  /** @returns the code of the error that the line is answered with, if it is refused. */
  obey(line: string): string | undefined {
    const [, command, argument = '', bare] = COMMANDS.exec(line) ?? [];
    switch (bare ?? command) {
      case 'PING':
        this.tell('PONG');
        return undefined;
      case 'PONG':
        return undefined;
      case 'QUIT':
        this.bye('QUIT');
        return undefined;
      case 'HELLO':
        return this.#hello(argument);
      case 'JOIN':
        return this.#join(argument);
      case 'SAY':
        if (argument === '') return 'EMPTY_MESSAGE';
        return this.#inRoom((room) => broadcast(room, this, `MSG ${this.name} ${argument}`));
      case 'WHO':
        return this.#inRoom((room) => this.#here(room));
      case 'LEAVE':
        return this.#inRoom(() => {
          this.leave();
          this.tell(`LEFT ${this.name}`);
        });
      case 'LIST': {
        if (this.name === undefined) return 'HELLO_FIRST';
        const counts = [...rooms].sort(([a], [b]) => (a < b ? -1 : 1)).map(([room, { size }]) => `${room}=${size}`);
        this.tell(['ROOMS', ...counts].join(' '));
        return undefined;
      }
      default:
        return 'UNKNOWN_COMMAND';
    }
  }

  #hello(name: string): string | undefined {
    if (!/^[A-Za-z0-9_-]{1,16}$/.test(name)) return 'INVALID_NAME';
    if (this.name !== undefined) return 'ALREADY_WELCOMED';
    if (names.has(name.toLowerCase())) return 'NAME_TAKEN';
    names.add(name.toLowerCase());
    this.name = name;
    this.tell(`WELCOME ${name}`);
    this.heard();
    return undefined;
  }

  #join(room: string): string | undefined {
    if (!/^[a-z][a-z0-9-]{0,23}$/.test(room)) return 'INVALID_ROOM';
    if (this.name === undefined) return 'HELLO_FIRST';
    if (room === this.room) return 'ALREADY_THERE';
    if (!rooms.has(room) && rooms.size >= settings.maxRooms) return 'TOO_MANY_ROOMS';
    this.leave();
    rooms.set(room, (rooms.get(room) ?? new Set()).add(this));
    this.room = room;
    this.#here(room);
    broadcast(room, this, `JOINED ${this.name}`);
    return undefined;
  }

  #inRoom(act: (room: string) => void): string | undefined {
    if (this.room === undefined) return this.name === undefined ? 'HELLO_FIRST' : 'NO_ROOM';
    act(this.room);
    return undefined;
  }

  #here(room: string): void {
    const members = [...(rooms.get(room) ?? [])];
    this.tell(['HERE', room, ...members.map(({ name }) => name)].join(' '));
  }
}

function broadcast(room: string, sender: Client, line: string): void {
  for (const member of [...(rooms.get(room) ?? [])]) if (member !== sender) member.tell(line);
}

type Line = { readonly text: string } | { readonly fault: string };

/** The lines of one connection. Pieces are kept as they came, up to the limit, and joined when the line is whole. */
async function* linesOf(client: Client): AsyncGenerator<Line> {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let pieces: Buffer[] = [];
  let length = 0;
  let refused = false;
  for await (const chunk of client.socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    client.heard();
    if (client.gone) continue;
    let start = 0;
    for (let end = chunk.indexOf(10); ; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end < 0 ? undefined : end);
      length += piece.length;
      if (!refused && piece.length > 0) pieces.push(piece);
      const lastByte = pieces.at(-1)?.at(-1);
      if (!refused && (length > MAX_LINE_BYTES + 1 || (length > MAX_LINE_BYTES && lastByte !== 13))) {
        refused = true;
        pieces = [];
        yield { fault: 'LINE_TOO_LONG' };
      }
      if (end < 0) break;
      if (!refused) {
        const bytes = Buffer.concat(pieces);
        yield textOf(utf8, bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes);
      }
      pieces = [];
      length = 0;
      refused = false;
      start = end + 1;
    }
    // A piece of a chunk keeps the whole chunk in memory: keep a copy of its own.
    pieces = pieces.map((piece) => Buffer.from(piece));
  }
}

function textOf(utf8: TextDecoder, bytes: Uint8Array): Line {
  try {
    const text = utf8.decode(bytes);
    return /\p{Cc}/u.test(text) ? { fault: 'CONTROL_CHARACTER' } : { text };
  } catch {
    return { fault: 'INVALID_UTF8' };
  }
}

async function serve(socket: Socket): Promise<void> {
  const client = new Client(socket);
  if (stopping || clients.size >= settings.maxClients) client.bye(stopping ? 'SHUTDOWN' : 'SERVER_FULL');
  else clients.add(client);
  try {
    for await (const line of linesOf(client)) {
      if (client.gone || !client.mayTalk()) continue;
      const code = 'fault' in line ? line.fault : line.text === '' ? undefined : client.obey(line.text);
      if (code !== undefined) client.error(code);
    }
    if (!client.gone) {
      client.depart();
      client.end();
    }
  } catch (error) {
    console.error(JSON.stringify({ time: new Date(), level: 'info', event: 'connection-broke', error: String(error) }));
  } finally {
    client.depart();
  }
}

function readSettings() {
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const text = process.env[name] || `${fallback}`;
    if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
    console.error(`${name}: expected a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`);
    process.exit(2);
  };
  return {
    host: process.env.HOST || '127.0.0.1',
    port: number('PORT', 7_070, 0, 65_535),
    maxClients: number('MAX_CLIENTS', 1_000, 1, 10_000),
    maxRooms: number('MAX_ROOMS', 100, 1, 10_000),
    maxPendingBytes: number('MAX_PENDING_BYTES', 1_048_576, 4_096, 1_073_741_824),
    handshakeTimeoutMs: number('HANDSHAKE_TIMEOUT_MS', 10_000, 10, HOUR_MS),
    heartbeatIntervalMs: number('HEARTBEAT_INTERVAL_MS', 15_000, 10, HOUR_MS),
    heartbeatTimeoutMs: number('HEARTBEAT_TIMEOUT_MS', 10_000, 10, HOUR_MS),
    perSecond: number('RATE_LIMIT_PER_SECOND', 20, 1, 1_000_000),
    burst: number('RATE_LIMIT_BURST', 40, 1, 1_000_000),
    drainTimeoutMs: number('DRAIN_TIMEOUT_MS', 2_000, 10, 60_000),
  };
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => {});
  void serve(socket);
});
server.on('error', (error) => {
  console.error(`cannot listen on ${settings.host}:${settings.port}: ${error.message}`);
  process.exitCode = 1;
});
server.listen({ host: settings.host, port: settings.port, backlog: 1_024 }, () => {
  const address = server.address();
  console.log(`READY ${typeof address === 'object' ? address?.port : settings.port}`);
  process.on('SIGTERM', () => {
    if (stopping) return;
    stopping = true;
    server.close(() => process.exit(0));
    for (const client of [...clients]) client.bye('SHUTDOWN');
    setTimeout(() => process.exit(0), settings.drainTimeoutMs);
  });
});
