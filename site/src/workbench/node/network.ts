/**
 * A network of TCP connections in memory: reliable and in order, as TCP is, with a chosen latency, and cut into pieces at
 * seeded places, as TCP may. Buffers at both ends are bounded, so a reader that stops stalls its writer.
 * Simplified: one host, no loss, no TIME_WAIT, and the same latency for every byte.
 */
import { createRandom, deriveSeed, type Random } from '../../../../checkpoints/harness/random.ts';
import {
  type Address,
  type FromNetwork,
  joined,
  RECEIVE_BUFFER_BYTES,
  SEND_BUFFER_BYTES,
  type ToNetwork,
} from './link.ts';

export interface WireSettings {
  /** One way, for every byte. */
  readonly latencyMs: number;
  /** The longest piece in which bytes are read; each has a seeded length from 1 to this. 0: as they come. */
  readonly maxPieceBytes: number;
  readonly seed: number;
}

/** One process's way to the network. */
export interface NetworkLink {
  receive(message: ToNetwork): void;
  /** The process has ended: what it had open is closed, as a kernel does it. */
  detach(): void;
}

type Send = (message: FromNetwork) => void;

interface Party {
  readonly send: Send;
  readonly ends: Map<number, End>;
  readonly listeners: Map<number, Listener>;
  lastAccepted: number;
}

interface Listener {
  readonly party: Party;
  readonly id: number;
  readonly port: number;
}

/** One end of a connection, and the direction that it writes. */
interface End {
  readonly party: Party;
  readonly id: number;
  readonly random: Random;
  peer: End | undefined;
  /** Written, and not yet on its way. */
  queue: Uint8Array[];
  /** Room in the buffer of the reader at the other end. */
  window: number;
  /** Bytes that have left since the writer was last told of room. */
  taken: number;
  finished: boolean;
  isFinSent: boolean;
  state: 'open' | 'closed' | 'reset';
}

interface Arrival {
  readonly at: number;
  readonly happen: () => void;
}

/** The system's own way to hand out ports, and one that no browser knows: nothing of it leaves the page. */
const FIRST_EPHEMERAL_PORT = 49_152;
const LOOPBACK = '127.0.0.1';

export class Network {
  readonly #settings: WireSettings;
  readonly #later: (work: () => void) => unknown;
  readonly #listeners = new Map<number, Listener>();
  readonly #arrivals: Arrival[] = [];
  readonly #ready = new Set<End>();
  #isTurnDue = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #connections = 0;
  #lastPort = FIRST_EPHEMERAL_PORT - 1;

  /** @param later calls back in a task of its own, soon. */
  constructor(settings: WireSettings, later: (work: () => void) => unknown) {
    this.#settings = settings;
    this.#later = later;
  }

  attach(send: Send): NetworkLink {
    const party: Party = { send, ends: new Map(), listeners: new Map(), lastAccepted: 0 };
    return {
      receive: (message) => this.#obey(party, message),
      detach: () => {
        for (const { id } of party.listeners.values()) this.#obey(party, { op: 'stop-listening', id });
        for (const { id, peer } of party.ends.values()) {
          this.#obey(party, { op: 'close', id, unread: peer !== undefined && peer.window < RECEIVE_BUFFER_BYTES });
        }
      },
    };
  }

  #obey(party: Party, message: ToNetwork): void {
    if (message.op === 'listen') this.#listen(party, message);
    else if (message.op === 'connect') this.#connect(party, message);
    else if (message.op === 'stop-listening') {
      const listener = party.listeners.get(message.id);
      if (listener) this.#listeners.delete(listener.port);
      party.listeners.delete(message.id);
    } else {
      const end = party.ends.get(message.id);
      if (end) this.#use(end, message);
    }
  }

  #use(end: End, message: Exclude<ToNetwork, { op: 'listen' | 'stop-listening' | 'connect' }>): void {
    const { peer } = end;
    switch (message.op) {
      case 'data':
        if (end.state !== 'open' || end.finished) return;
        end.queue.push(message.bytes);
        this.#pumpSoon(end);
        break;
      case 'read':
        if (!peer) return;
        peer.window += message.count;
        this.#pumpSoon(peer);
        break;
      case 'fin':
        end.finished = true;
        this.#pumpSoon(end);
        break;
      case 'close':
        if (message.unread) this.#reset(end);
        else {
          end.state = 'closed';
          end.finished = true;
          end.party.ends.delete(end.id);
          this.#pumpSoon(end);
        }
        break;
      case 'reset':
        this.#reset(end);
    }
  }

  /** Ends it at once: what has not left is thrown away, and the other side learns of it. */
  #reset(end: End): void {
    if (end.state === 'reset') return;
    end.state = 'reset';
    end.queue = [];
    end.party.ends.delete(end.id);
    const { peer } = end;
    if (!peer) return;
    this.#arrive(() => {
      if (peer.state === 'open') peer.party.send({ op: 'reset', id: peer.id });
      peer.state = 'reset';
      peer.queue = [];
      peer.party.ends.delete(peer.id);
    });
  }

  #listen(party: Party, { id, port }: Extract<ToNetwork, { op: 'listen' }>): void {
    if (port !== 0 && this.#listeners.has(port)) {
      this.#later(() => party.send({ op: 'refused', id, code: 'EADDRINUSE' }));
      return;
    }
    const listener: Listener = { party, id, port: port === 0 ? this.#freePort() : port };
    this.#listeners.set(listener.port, listener);
    party.listeners.set(id, listener);
    this.#later(() => party.send({ op: 'listening', id, port: listener.port }));
  }

  #connect(party: Party, { id, port }: Extract<ToNetwork, { op: 'connect' }>): void {
    // There and back, as the handshake does.
    this.#arriveLater(() => {
      const listener = this.#listeners.get(port);
      if (!listener) {
        this.#arrive(() => party.send({ op: 'refused', id, code: 'ECONNREFUSED' }));
        return;
      }
      const { party: server } = listener;
      server.lastAccepted += 1;
      const [near, far] = [this.#end(party, id), this.#end(server, server.lastAccepted)];
      near.peer = far;
      far.peer = near;
      const local: Address = { address: LOOPBACK, port: this.#freePort() };
      const remote: Address = { address: LOOPBACK, port };
      server.send({ op: 'accepted', id: far.id, listener: listener.id, local: remote, remote: local });
      this.#arrive(() => party.send({ op: 'connected', id, local, remote }));
    });
  }

  #end(party: Party, id: number): End {
    this.#connections += 1;
    const end: End = {
      party,
      id,
      random: createRandom(deriveSeed(this.#settings.seed, this.#connections)),
      peer: undefined,
      queue: [],
      window: RECEIVE_BUFFER_BYTES,
      taken: 0,
      finished: false,
      isFinSent: false,
      state: 'open',
    };
    party.ends.set(id, end);
    return end;
  }

  /** Ports are handed out one after the other; those that listen are left out. */
  #freePort(): number {
    do {
      this.#lastPort = this.#lastPort >= 65_535 ? FIRST_EPHEMERAL_PORT : this.#lastPort + 1;
    } while (this.#listeners.has(this.#lastPort));
    return this.#lastPort;
  }

  #pumpSoon(end: End): void {
    this.#ready.add(end);
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#later(() => {
      this.#isTurnDue = false;
      const ready = [...this.#ready];
      this.#ready.clear();
      for (const each of ready) this.#pump(each);
    });
  }

  /** Sends what the other end has room for, and the FIN behind the last byte. */
  #pump(end: End): void {
    const { peer } = end;
    if (!peer || end.state === 'reset') return;
    const bytes = takeFrom(end.queue, end.window);
    if (bytes) {
      end.window -= bytes.length;
      end.taken += bytes.length;
      // Not for every write: a writer waits only when there is no room at all.
      if (end.state === 'open' && end.taken >= SEND_BUFFER_BYTES / 4) {
        end.party.send({ op: 'room', id: end.id, count: end.taken });
        end.taken = 0;
      }
      this.#arrive(() => this.#deliver(peer, bytes, end.random));
    }
    if (end.finished && end.queue.length === 0 && !end.isFinSent) {
      end.isFinSent = true;
      this.#arrive(() => {
        if (peer.state === 'open') peer.party.send({ op: 'fin', id: peer.id });
      });
    }
  }

  #deliver(to: End, bytes: Uint8Array, random: Random): void {
    if (to.state === 'open') {
      const isCut = this.#settings.maxPieceBytes > 0;
      to.party.send({ op: 'data', id: to.id, bytes, ...(isCut && { cuts: this.#cuts(bytes.length, random) }) });
    } else if (to.state === 'closed' && to.peer) {
      // Nobody is there to read it: RFC 9293 §3.10.7.1.
      to.state = 'open';
      this.#reset(to);
    }
  }

  #cuts(length: number, random: Random): number[] {
    const { maxPieceBytes } = this.#settings;
    const cuts: number[] = [];
    for (let at = 0; at < length; at += cuts.at(-1) ?? 0) {
      cuts.push(Math.min(length - at, random.int(1, maxPieceBytes)));
    }
    return cuts;
  }

  /** As `#arrive`, and never while the call that caused it is under way. */
  #arriveLater(happen: () => void): void {
    this.#later(() => this.#arrive(happen));
  }

  /** After the latency, and behind all that was sent before. */
  #arrive(happen: () => void): void {
    const { latencyMs } = this.#settings;
    if (latencyMs === 0) {
      happen();
      return;
    }
    this.#arrivals.push({ at: performance.now() + latencyMs, happen });
    this.#timer ??= setTimeout(() => this.#land(), latencyMs);
  }

  #land(): void {
    const now = performance.now();
    // A timer may be early by a fraction of a millisecond.
    while (this.#arrivals[0] && this.#arrivals[0].at <= now + 0.5) this.#arrivals.shift()?.happen();
    const [next] = this.#arrivals;
    this.#timer = next && setTimeout(() => this.#land(), next.at - now);
  }
}

/** Up to `max` bytes off the front, in one piece; undefined when there are none. */
function takeFrom(queue: Uint8Array[], max: number): Uint8Array | undefined {
  let length = 0;
  let count = 0;
  for (const chunk of queue) {
    if (length + chunk.length > max) break;
    length += chunk.length;
    count += 1;
  }
  const whole = queue.splice(0, count);
  const [first] = queue;
  const rest = max - length;
  if (first && rest > 0) {
    // Copies: a view that crosses into a worker would take the whole of its memory along.
    whole.push(first.slice(0, rest));
    queue[0] = first.subarray(rest);
    length += rest;
  }
  return length === 0 ? undefined : joined(whole);
}
