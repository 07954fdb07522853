import type { CommandFault } from './command.ts';
import type { LineFault } from './line-decoder.ts';

/** Why a line was refused. The connection stays. */
export type ErrorCode =
  | LineFault
  | CommandFault
  | 'RATE_LIMITED'
  | 'NAME_TAKEN'
  | 'ALREADY_WELCOMED'
  | 'HELLO_FIRST'
  | 'NO_ROOM'
  | 'ALREADY_THERE'
  | 'TOO_MANY_ROOMS';

/** Why the server ends a connection. */
export type ByeCode = 'QUIT' | 'SERVER_FULL' | 'HANDSHAKE_TIMEOUT' | 'HEARTBEAT_TIMEOUT' | 'SHUTDOWN';

export interface RoomCount {
  readonly room: string;
  readonly count: number;
}

/** Everything that the server ever says. */
export type TavernEvent =
  | { readonly kind: 'welcome'; readonly name: string }
  | { readonly kind: 'here'; readonly room: string; readonly names: readonly string[] }
  | { readonly kind: 'joined'; readonly name: string }
  | { readonly kind: 'left'; readonly name: string }
  | { readonly kind: 'message'; readonly name: string; readonly text: string }
  | { readonly kind: 'rooms'; readonly rooms: readonly RoomCount[] }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'error'; readonly code: ErrorCode }
  | { readonly kind: 'bye'; readonly code: ByeCode };

// #region format-event
/** The line of an event, without its line end. Each begins with a token of its own. */
export function formatEvent(event: TavernEvent): string {
  switch (event.kind) {
    case 'welcome':
      return `WELCOME ${event.name}`;
    case 'here':
      return ['HERE', event.room, ...event.names].join(' ');
    case 'joined':
      return `JOINED ${event.name}`;
    case 'left':
      return `LEFT ${event.name}`;
    case 'message':
      return `MSG ${event.name} ${event.text}`;
    case 'rooms':
      return ['ROOMS', ...event.rooms.map(({ room, count }) => `${room}=${count}`)].join(' ');
    case 'ping':
      return 'PING';
    case 'pong':
      return 'PONG';
    case 'error':
      return `ERROR ${event.code} ${ERROR_TEXT[event.code]}`;
    case 'bye':
      return `BYE ${event.code} ${BYE_TEXT[event.code]}`;
  }
}
// #endregion format-event

const ERROR_TEXT: Readonly<Record<ErrorCode, string>> = {
  RATE_LIMITED: 'you send lines faster than allowed; this one was thrown away',
  LINE_TOO_LONG: 'a line holds at most 1,024 bytes; this one was thrown away',
  INVALID_UTF8: 'the line is no valid UTF-8',
  CONTROL_CHARACTER: 'a line holds no control characters',
  UNKNOWN_COMMAND: 'commands are HELLO, JOIN, SAY, LEAVE, WHO, LIST, PING, PONG and QUIT',
  INVALID_NAME: 'a name is 1 to 16 of A-Z, a-z, 0-9, _ and -',
  INVALID_ROOM: 'a room is a lower-case letter and up to 23 of a-z, 0-9 and -',
  EMPTY_MESSAGE: 'SAY needs a text',
  NAME_TAKEN: 'that name is taken; try another',
  ALREADY_WELCOMED: 'you have a name already',
  HELLO_FIRST: 'say HELLO <name> first',
  NO_ROOM: 'join a room first',
  ALREADY_THERE: 'you are in that room',
  TOO_MANY_ROOMS: 'there is no place for another room',
};

const BYE_TEXT: Readonly<Record<ByeCode, string>> = {
  QUIT: 'see you',
  SERVER_FULL: 'the tavern is full; come back later',
  HANDSHAKE_TIMEOUT: 'you gave no name in time',
  HEARTBEAT_TIMEOUT: 'you gave no sign of life',
  SHUTDOWN: 'the tavern closes',
};
