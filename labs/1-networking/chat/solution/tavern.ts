import { Allowance, type RateLimit } from './allowance.ts';
import { type Command, nameKey, parseCommand } from './command.ts';
import type { ClientId, Effect, Input } from './effect.ts';
import type { ByeCode, ErrorCode, TavernEvent } from './event.ts';
import type { Line } from './line-decoder.ts';
import { afterBytes, diagnose, type Pulse, type PulseTimeouts } from './pulse.ts';
import { Room } from './room.ts';

export interface HouseRules {
  readonly maxClients: number;
  readonly maxRooms: number;
  readonly rateLimit: RateLimit;
  readonly timeouts: PulseTimeouts;
}

/** Where a client stands. Nothing but a room hears what is said in it. */
type Place =
  | { readonly kind: 'doorway' }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'room'; readonly name: string; readonly room: Room };

interface Guest {
  readonly id: ClientId;
  readonly allowance: Allowance;
  pulse: Pulse;
  place: Place;
}

/**
 * The chat server without its sockets and its clock: what happens goes in, what is to be done comes out. The same inputs
 * at the same times give the same effects, in a test, in a browser, or behind TCP.
 */
export class Tavern {
  readonly #rules: HouseRules;
  readonly #guests = new Map<ClientId, Guest>();
  /** Keys of the names in use. One set for the whole house: a name is not free in another room. */
  readonly #names = new Set<string>();
  /** A Map and no object: a room may be called `constructor`. */
  readonly #rooms = new Map<string, Room>();
  #closing = false;

  constructor(rules: HouseRules) {
    this.#rules = rules;
  }

  // #region step
  /** @param now milliseconds of a monotonic clock. */
  step(input: Input, now: number): Effect[] {
    if (input.kind === 'arrived') return this.#receive(input.client, now);
    if (input.kind === 'tick') return [...this.#guests.values()].flatMap((guest) => this.#attend(guest, now));
    if (input.kind === 'closing') return this.#close();
    const guest = this.#guests.get(input.client);
    // It was told BYE: what it still sends is not for us.
    if (!guest) return [];
    switch (input.kind) {
      case 'heard':
        guest.pulse = afterBytes(guest.pulse, now);
        return [];
      case 'line':
        return this.#hear(guest, input.line, now);
      case 'gone':
        return this.#forget(guest);
    }
  }
  // #endregion step

  // #region full-house
  #receive(id: ClientId, now: number): Effect[] {
    if (this.#closing) return farewell(id, 'SHUTDOWN');
    if (this.#guests.size >= this.#rules.maxClients) return farewell(id, 'SERVER_FULL');
    const allowance = new Allowance(this.#rules.rateLimit, now);
    this.#guests.set(id, { id, allowance, pulse: { kind: 'nameless', since: now }, place: { kind: 'doorway' } });
    return [];
  }
  // #endregion full-house

  // #region hear
  #hear(guest: Guest, line: Line, now: number): Effect[] {
    const grant = guest.allowance.spend(now);
    if (grant === 'refused again') return [];
    if (grant === 'refused') return refuse(guest, 'RATE_LIMITED');
    if (line.kind === 'refused') return refuse(guest, line.fault);
    if (line.text === '') return [];
    const parsed = parseCommand(line.text);
    return parsed.kind === 'fault' ? refuse(guest, parsed.fault) : this.#obey(guest, parsed.command, now);
  }
  // #endregion hear

  // #region obey
  /** Three states, three doors: each `switch` holds what is allowed from there on. */
  #obey(guest: Guest, command: Command, now: number): Effect[] {
    switch (command.kind) {
      case 'ping':
        return tell(guest, { kind: 'pong' });
      case 'pong':
        return [];
      case 'quit':
        return this.#dismiss(guest, 'QUIT');
      case 'hello':
        return this.#welcome(guest, command.name, now);
    }
    if (guest.place.kind === 'doorway') return refuse(guest, 'HELLO_FIRST');
    switch (command.kind) {
      case 'list':
        return tell(guest, { kind: 'rooms', rooms: this.#roomCounts() });
      case 'join':
        return this.#join(guest, guest.place.name, command.room);
    }
    if (guest.place.kind === 'named') return refuse(guest, 'NO_ROOM');
    const { name, room } = guest.place;
    switch (command.kind) {
      case 'who':
        return tell(guest, { kind: 'here', room: room.name, names: room.names });
      case 'say':
        return [{ kind: 'send', to: room.othersThan(guest.id), event: { kind: 'message', name, text: command.text } }];
      case 'leave':
        return [...this.#leave(guest), ...tell(guest, { kind: 'left', name })];
    }
  }
  // #endregion obey

  // #region handshake
  #welcome(guest: Guest, name: string, now: number): Effect[] {
    if (guest.place.kind !== 'doorway') return refuse(guest, 'ALREADY_WELCOMED');
    if (this.#names.has(nameKey(name))) return refuse(guest, 'NAME_TAKEN');
    this.#names.add(nameKey(name));
    guest.place = { kind: 'named', name };
    guest.pulse = { kind: 'heard', at: now };
    return tell(guest, { kind: 'welcome', name });
  }
  // #endregion handshake

  // #region join-and-leave
  #join(guest: Guest, name: string, roomName: string): Effect[] {
    if (guest.place.kind === 'room' && guest.place.room.name === roomName) return refuse(guest, 'ALREADY_THERE');
    if (!this.#rooms.has(roomName) && this.#rooms.size >= this.#rules.maxRooms) return refuse(guest, 'TOO_MANY_ROOMS');
    const left = this.#leave(guest);
    const room = this.#rooms.get(roomName) ?? new Room(roomName);
    this.#rooms.set(roomName, room);
    room.enter(guest.id, name);
    guest.place = { kind: 'room', name, room };
    return [
      ...left,
      ...tell(guest, { kind: 'here', room: roomName, names: room.names }),
      { kind: 'send', to: room.othersThan(guest.id), event: { kind: 'joined', name } },
    ];
  }

  /** The one way out of a room, whatever the cause: so the leave is announced once, and an empty room is no room. */
  #leave(guest: Guest): Effect[] {
    if (guest.place.kind !== 'room') return [];
    const { name, room } = guest.place;
    room.leave(guest.id);
    if (room.size === 0) this.#rooms.delete(room.name);
    guest.place = { kind: 'named', name };
    return [{ kind: 'send', to: room.othersThan(guest.id), event: { kind: 'left', name } }];
  }

  /** The one way out of the house. */
  #forget(guest: Guest): Effect[] {
    const left = this.#leave(guest);
    if (guest.place.kind !== 'doorway') this.#names.delete(nameKey(guest.place.name));
    this.#guests.delete(guest.id);
    return left;
  }
  // #endregion join-and-leave

  #dismiss(guest: Guest, code: ByeCode): Effect[] {
    return [...this.#forget(guest), ...farewell(guest.id, code)];
  }

  // #region attend
  #attend(guest: Guest, now: number): Effect[] {
    switch (diagnose(guest.pulse, now, this.#rules.timeouts)) {
      case 'well':
        return [];
      case 'to be asked':
        guest.pulse = { kind: 'asked', at: now };
        return tell(guest, { kind: 'ping' });
      case 'never named':
        return this.#dismiss(guest, 'HANDSHAKE_TIMEOUT');
      case 'lost':
        return this.#dismiss(guest, 'HEARTBEAT_TIMEOUT');
    }
  }
  // #endregion attend

  // #region closing
  /** Everybody goes at once, so nobody is told that the others left. */
  #close(): Effect[] {
    this.#closing = true;
    const everybody = [...this.#guests.keys()];
    this.#guests.clear();
    this.#names.clear();
    this.#rooms.clear();
    return everybody.flatMap((id) => farewell(id, 'SHUTDOWN'));
  }
  // #endregion closing

  #roomCounts() {
    return [...this.#rooms.values()]
      .map(({ name, size }) => ({ room: name, count: size }))
      .sort((a, b) => (a.room < b.room ? -1 : 1));
  }
}

function tell(guest: Guest, event: TavernEvent): Effect[] {
  return [{ kind: 'send', to: [guest.id], event }];
}

function refuse(guest: Guest, code: ErrorCode): Effect[] {
  return tell(guest, { kind: 'error', code });
}

function farewell(id: ClientId, code: ByeCode): Effect[] {
  return [
    { kind: 'send', to: [id], event: { kind: 'bye', code } },
    { kind: 'end', client: id },
  ];
}
