import type { BuiltLab } from '../../course-schema.ts';

export const chat: BuiltLab = {
  status: 'built',
  slug: 'chat',
  title: 'Chat server',
  competency: "A server for many clients in which one client's fault stays that client's",
  teaches: [
    'build a protocol as a pure core in a thin shell of sockets',
    'turn bytes into lines, whatever the network and the client do to them',
    'cut off a slow reader at a bounded buffer, so that nobody waits for it',
    'tell a silent client from one that has gone',
    'announce every leave exactly once, however the connection ended',
    'stop without losing what is owed, and in bounded time',
  ],
  kinds: ['program'],
  services: [],
  entry: { typescript: 'server.ts' },
  diagrams: ['chat-data-flow'],
  checkpoints: [
    {
      id: 'welcome',
      sentence: 'a client that says HELLO is welcomed, and one that joins a room is told who is in it',
      read: 'names-and-presence',
      hints: [
        'Compare what you send with the table of events byte by byte: tokens, spaces and the line end.',
        'Server lines end with LF alone, and nothing is sent that is not in the table: no greeting at the connect, no prompt.',
      ],
      passesInStarter: 'the starter speaks the commands and events in the form of the brief; this keeps it that way',
    },
    {
      id: 'names',
      sentence: 'names and room names have exactly the characters and lengths of the brief',
      read: 'names-and-presence',
      hints: [
        'Try names that are empty, too long, that have a space at either end, or letters beyond ASCII.',
        'What do the flags i and u of a regular expression do together to the letter k? And \\w, in other languages than yours?',
        'If `constructor` or `__proto__` is taken before anybody came, look at what your dictionary inherits.',
      ],
    },
    {
      id: 'unique-names',
      sentence: 'a name belongs to one connection at a time, whatever its case and whatever the room',
      read: 'names-and-presence',
      hints: [
        'One list of names for the whole server, under a key that all spellings of a name share.',
        'In how many ways can a client go, and does each of them give its name back? Think of one that never joined a room.',
      ],
    },
    {
      id: 'presence',
      sentence: 'who joins learns who is here in the order they came, and everybody here learns who came',
      read: 'names-and-presence',
      hints: [
        'HERE holds the client itself, as the last one. JOINED goes to all the others, once.',
        'Keep the members in a collection that remembers the order in which they were added.',
      ],
      passesInStarter: 'a Set keeps the order of its members, and the joiner is left out of JOINED',
    },
    {
      id: 'unjoined',
      sentence: 'a client that is in no room receives no event of any room',
      read: 'names-and-presence',
      hints: [
        'Who is in the collection over which you send? Every socket, every client with a name, or the members of the room?',
        'There are three kinds of outsiders: without a name, without a room, and those who have left.',
      ],
      passesInStarter: 'the starter sends to the members of a room and to nobody else',
    },
    {
      id: 'messages',
      sentence: "a message reaches everybody else in the room once, unchanged and in its sender's order",
      read: 'one-loop-many-connections',
      hints: [
        'The text begins after the first space and ends with the line. Nothing in between is yours to change.',
        'If messages overtake one another, look for a place where one line is still being worked off while the next one begins.',
      ],
      passesInStarter: 'lines are worked off one after the other, and the text is passed on as it came',
    },
    {
      id: 'rooms',
      sentence: 'rooms are apart: joining one leaves the other, and a room exists while somebody is in it',
      read: 'names-and-presence',
      hints: [
        'A client is in one room at most. What does the old room hear when it goes into another?',
        'Let every way out of a room go through one function: it announces the leave, and removes the room when it is empty.',
      ],
      passesInStarter: 'join calls leave, and leave removes an empty room',
    },
    {
      id: 'leave-announced',
      sentence: 'a leave is announced exactly once, however it came about',
      read: 'resets-and-refusals',
      hints: [
        'List the ways: LEAVE, JOIN elsewhere, QUIT, FIN, RST. Which events does your runtime raise for each, and in which order?',
        'Let all of them lead to one function that can be called twice and does its work once.',
        'A FIN says "I send nothing more", not "I read nothing more": complete lines before it count, and answers are still owed. Is your runtime closing both directions by itself?',
      ],
    },
    {
      id: 'pieces',
      sentence: 'a line that arrives byte by byte, and lines that arrive together, mean the same',
      read: 'streams-and-datagrams',
      hints: [
        'A chunk is whatever the kernel had. What is left of it after its last line end?',
        'Keep the rest as bytes, for each connection, and decode when the line is whole: a character may be split, too.',
      ],
    },
    {
      id: 'line-ends',
      sentence: 'LF and CRLF end a line, an empty line is ignored, and nothing else ends a line',
      read: 'framing',
      hints: [
        'Search for LF. Drop one CR directly before it, wherever that CR came in.',
        'Functions with "lines" in their name know more line ends than you: U+2028, U+0085, a lone CR.',
      ],
    },
    {
      id: 'long-line',
      sentence: 'a line of 1,024 bytes is taken; a longer one is refused once, to its end, and never kept',
      read: 'framing',
      hints: [
        'Count bytes, not characters, and without the line end. Do not wait for the line end before you count.',
        'After the refusal you still have to find the end of that line, or its rest becomes a line of its own.',
        'Two states are enough: collecting, and skipping up to the next LF. Skipping keeps nothing.',
      ],
    },
    {
      id: 'invalid-utf8',
      sentence: 'a line that is no valid UTF-8 is refused, and the next one is taken',
      read: 'framing',
      hints: [
        'Most decoders replace what is wrong by U+FFFD unless you ask them to fail.',
        'If a byte order mark disappears: read what your decoder does with it by default, and what the option is really called.',
      ],
    },
    {
      id: 'control-characters',
      sentence: 'a line with a control character is refused, so that nobody writes on the terminals of others',
      read: 'framing',
      hints: [
        'There are 65 of them: U+0000 to U+001F, and U+007F to U+009F.',
        'Unicode has a name for exactly these: the category Cc. A tab is one, a CR in the middle of a line as well.',
      ],
    },
    {
      id: 'out-of-place',
      sentence: 'a command that is unknown or has no place now gets its own error and changes nothing',
      read: 'names-and-presence',
      hints: [
        'A client is in one of three states: without a name, without a room, in a room. Which commands does each allow?',
        'Decide in two steps: what is this line, and may this client say it now? Change nothing before both are answered.',
        'LEAVE, WHO, LIST, PING, PONG and QUIT are whole lines. "WHO tavern" and "who" are unknown commands.',
      ],
    },
    {
      id: 'slow-reader',
      sentence: 'a client that does not read is cut off at a bounded buffer, and nobody else waits for it',
      read: 'slow-consumers',
      hints: [
        'Where do the bytes go that a client does not read: first in the kernel, then in your process? Who bounds the latter?',
        'Ask your runtime how much it still holds for a socket, after each write. Never wait for a write while somebody else has something to hear.',
        'Cutting off means to destroy the connection, best with a RST: a FIN would only queue behind what nobody reads.',
      ],
    },
    {
      id: 'late-reader',
      sentence: 'a client that reads late, with less than the bound waiting, gets every line',
      read: 'backpressure',
      hints: [
        'A write that is not taken at once is no failure. What does your runtime do with the rest?',
        'Compare the bytes that wait with MAX_PENDING_BYTES, and nothing else: not the number of lines, not a "high water mark".',
      ],
    },
    {
      id: 'half-open',
      sentence: 'a peer that has gone silent is asked, then ended, and its leave is announced',
      read: 'timeouts',
      hints: [
        'A peer that vanished sends nothing, for ever. What would you have to receive to know that it is there?',
        'Two times for each client: silence until PING, and silence after PING. Then BYE, LEFT to the others, and the name is free.',
        'Do not wait for the silent side to close its half: it never will.',
      ],
    },
    {
      id: 'alive',
      sentence: 'a client that answers in time, or talks, is never taken for gone',
      read: 'timeouts',
      hints: [
        'Every byte is a sign of life, PONG is only one way to send some.',
        'HEARTBEAT_TIMEOUT_MS may be many intervals long. Which of your timers ends the client?',
      ],
    },
    {
      id: 'handshake-timeout',
      sentence: 'a client that gives no name in time is ended, however busy it is',
      read: 'timeouts',
      hints: [
        'This is a deadline, not an idle time-out: it counts from the connect.',
        'Start one timer at the connect, stop it at WELCOME, and touch it nowhere else.',
      ],
    },
    {
      id: 'full-house',
      sentence: 'beyond MAX_CLIENTS a client is told so and ended, until somebody leaves',
      read: 'resets-and-refusals',
      hints: [
        'A connection costs something from the moment it is accepted, with or without a name.',
        'The refused client was never counted, so its end gives no place back; every other end does, exactly once.',
      ],
    },
    {
      id: 'room-limit',
      sentence: 'beyond MAX_ROOMS no room is made, and whoever wanted it stays where it is',
      read: 'amplification-and-fairness',
      hints: [
        'What does it cost you if somebody joins a new room a thousand times a second?',
        'First be sure that the client can go in, then take it out of where it is. An empty room is no room.',
      ],
    },
    {
      id: 'rate-limit',
      sentence: 'a client that floods is told so, once, is slowed down, and can talk again soon after',
      read: 'amplification-and-fairness',
      hints: [
        'A token bucket needs two numbers for each client: how many tokens, and when they were last counted. No timer.',
        'Tokens are earned in fractions. What becomes of half a token when the next line comes?',
        'Remember whether the last line was refused: the first refusal is answered, the following ones are not.',
      ],
    },
    {
      id: 'noise',
      sentence: 'a megabyte of noise and 300 connections that break off leave the server as it was',
      read: 'resets-and-refusals',
      hints: [
        'Which of your callbacks may throw, and who catches it? A reset connection raises an error somewhere.',
        'A client can break off at any moment, also before it has a name. What does it hold then, and who gives it back?',
      ],
    },
    {
      id: 'common-room',
      sentence: 'with 500 clients in one room every message reaches all the others, once',
      read: 'one-loop-many-connections',
      hints: [
        'HERE for 500 names is longer than any line of a client. Your limit for lines is about what comes in.',
        'Send to a copy of the members: somebody may leave while you send. Encode the line once, and let small lines travel together.',
      ],
      passesInStarter: 'one loop over the members reaches everybody; that it is slow does not show yet',
    },
    {
      id: 'shutdown',
      sentence: 'on SIGTERM everybody gets what they are owed and a BYE, and then the server exits with 0',
      read: 'stopping',
      hints: [
        'In this order: stop listening, BYE to everybody, FIN behind what is still owed, wait for the ends, exit.',
        'Leaves that the stop causes are not announced, and nothing follows a BYE.',
        'When the last connection is closed there is nothing left to wait for, whatever DRAIN_TIMEOUT_MS says.',
      ],
    },
    {
      id: 'hard-deadline',
      sentence: 'a client that neither reads nor ends its side holds the stop up for DRAIN_TIMEOUT_MS at most',
      read: 'stopping',
      hints: [
        'A graceful stop trusts its clients. How long?',
        'One timer, started at the signal, that destroys what is left and exits with 0.',
      ],
    },
    {
      id: 'configuration',
      sentence: 'a value that is not valid, or a port in use, gets one clear line and a non-zero exit',
      read: 'sockets-and-the-kernel',
      hints: [
        'What does your conversion make of "1e3", "many" and the empty text? Check the text before you convert it.',
        'The error of a port in use comes later than the call that causes it. Who listens for it?',
      ],
    },
  ],
};
