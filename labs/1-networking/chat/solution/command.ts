/** What a client asks for. The names in it are valid: a line that breaks their rules is no command. */
export type Command =
  | { readonly kind: 'hello'; readonly name: string }
  | { readonly kind: 'join'; readonly room: string }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'leave' }
  | { readonly kind: 'who' }
  | { readonly kind: 'list' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'quit' };

export type CommandFault = 'UNKNOWN_COMMAND' | 'INVALID_NAME' | 'INVALID_ROOM' | 'EMPTY_MESSAGE';

export type Parsed =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'fault'; readonly fault: CommandFault };

// #region names
/**
 * Without the flags `i` and `u`: together they let U+212A, the Kelvin sign, pass for a `k`.
 * Without `\w`, which is wider than ASCII in other languages, so that nobody ports it by mistake.
 */
const NAME = /^[A-Za-z0-9_-]{1,16}$/;
const ROOM_NAME = /^[a-z][a-z0-9-]{0,23}$/;

/** What two spellings of one name have in common. Names are ASCII, so that lower-casing has no language. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}
// #endregion names

// #region parse-command
/** The meaning of one line of text. Whether the command has its place now is for the tavern to say. */
export function parseCommand(line: string): Parsed {
  const space = line.indexOf(' ');
  const word = space < 0 ? line : line.slice(0, space);
  const argument = space < 0 ? undefined : line.slice(space + 1);
  switch (word) {
    case 'HELLO':
      return NAME.test(argument ?? '') ? command({ kind: 'hello', name: argument ?? '' }) : fault('INVALID_NAME');
    case 'JOIN':
      return ROOM_NAME.test(argument ?? '') ? command({ kind: 'join', room: argument ?? '' }) : fault('INVALID_ROOM');
    case 'SAY':
      return argument ? command({ kind: 'say', text: argument }) : fault('EMPTY_MESSAGE');
  }
  const bare = BARE_COMMANDS.get(line);
  return bare ? command(bare) : fault('UNKNOWN_COMMAND');
}
// #endregion parse-command

const BARE_COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['LEAVE', { kind: 'leave' }],
  ['WHO', { kind: 'who' }],
  ['LIST', { kind: 'list' }],
  ['PING', { kind: 'ping' }],
  ['PONG', { kind: 'pong' }],
  ['QUIT', { kind: 'quit' }],
]);

function command(value: Command): Parsed {
  return { kind: 'command', command: value };
}

function fault(value: CommandFault): Parsed {
  return { kind: 'fault', fault: value };
}
