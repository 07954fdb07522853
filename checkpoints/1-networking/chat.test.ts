import { checkpoint } from '../harness/checkpoint.ts';
import { judgeFullHouse, judgeRateLimit, judgeRoomLimit } from './chat/bounds.ts';
import { judgeNames, judgeOutOfPlace, judgeUniqueNames, judgeWelcome } from './chat/handshake.ts';
import { judgeControlCharacters, judgeInvalidUtf8, judgeLineEnds, judgeLongLine, judgePieces } from './chat/lines.ts';
import { judgeCommonRoom, judgeNoise } from './chat/many-clients.ts';
import { judgeLeaveAnnounced, judgeMessages, judgePresence, judgeRooms, judgeUnjoined } from './chat/rooms.ts';
import { judgeLateReader, judgeSlowReader } from './chat/slow-readers.ts';
import { judgeConfiguration, judgeHardDeadline, judgeShutdown } from './chat/stopping.ts';
import { judgeAlive, judgeHalfOpen, judgeHandshakeTimeout } from './chat/time-outs.ts';

checkpoint(
  'welcome',
  'a client that says HELLO is welcomed, and one that joins a room is told who is in it',
  judgeWelcome,
);
checkpoint('names', 'names and room names have exactly the characters and lengths of the brief', judgeNames);
checkpoint(
  'unique-names',
  'a name belongs to one connection at a time, whatever its case and whatever the room',
  judgeUniqueNames,
);
checkpoint(
  'presence',
  'who joins learns who is here in the order they came, and everybody here learns who came',
  judgePresence,
);
checkpoint('unjoined', 'a client that is in no room receives no event of any room', judgeUnjoined);
checkpoint(
  'messages',
  "a message reaches everybody else in the room once, unchanged and in its sender's order",
  judgeMessages,
);
checkpoint(
  'rooms',
  'rooms are apart: joining one leaves the other, and a room exists while somebody is in it',
  judgeRooms,
);
checkpoint('leave-announced', 'a leave is announced exactly once, however it came about', judgeLeaveAnnounced);
checkpoint('pieces', 'a line that arrives byte by byte, and lines that arrive together, mean the same', judgePieces);
checkpoint(
  'line-ends',
  'LF and CRLF end a line, an empty line is ignored, and nothing else ends a line',
  judgeLineEnds,
);
checkpoint(
  'long-line',
  'a line of 1,024 bytes is taken; a longer one is refused once, to its end, and never kept',
  judgeLongLine,
);
checkpoint('invalid-utf8', 'a line that is no valid UTF-8 is refused, and the next one is taken', judgeInvalidUtf8);
checkpoint(
  'control-characters',
  'a line with a control character is refused, so that nobody writes on the terminals of others',
  judgeControlCharacters,
);
checkpoint(
  'out-of-place',
  'a command that is unknown or has no place now gets its own error and changes nothing',
  judgeOutOfPlace,
);
checkpoint(
  'slow-reader',
  'a client that does not read is cut off at a bounded buffer, and nobody else waits for it',
  judgeSlowReader,
);
checkpoint(
  'late-reader',
  'a client that reads late, with less than the bound waiting, gets every line',
  judgeLateReader,
);
checkpoint('half-open', 'a peer that has gone silent is asked, then ended, and its leave is announced', judgeHalfOpen);
checkpoint('alive', 'a client that answers in time, or talks, is never taken for gone', judgeAlive);
checkpoint(
  'handshake-timeout',
  'a client that gives no name in time is ended, however busy it is',
  judgeHandshakeTimeout,
);
checkpoint('full-house', 'beyond MAX_CLIENTS a client is told so and ended, until somebody leaves', judgeFullHouse);
checkpoint('room-limit', 'beyond MAX_ROOMS no room is made, and whoever wanted it stays where it is', judgeRoomLimit);
checkpoint(
  'rate-limit',
  'a client that floods is told so, once, is slowed down, and can talk again soon after',
  judgeRateLimit,
);
checkpoint('noise', 'a megabyte of noise and 300 connections that break off leave the server as it was', judgeNoise);
checkpoint('common-room', 'with 500 clients in one room every message reaches all the others, once', judgeCommonRoom);
checkpoint(
  'shutdown',
  'on SIGTERM everybody gets what they are owed and a BYE, and then the server exits with 0',
  judgeShutdown,
);
checkpoint(
  'hard-deadline',
  'a client that neither reads nor ends its side holds the stop up for DRAIN_TIMEOUT_MS at most',
  judgeHardDeadline,
);
checkpoint(
  'configuration',
  'a value that is not valid, or a port in use, gets one clear line and a non-zero exit',
  judgeConfiguration,
);
