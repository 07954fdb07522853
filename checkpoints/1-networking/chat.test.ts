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
  { concurrent: true },
);
checkpoint('names', 'names and room names have exactly the characters and lengths of the brief', judgeNames, {
  concurrent: true,
});
checkpoint(
  'unique-names',
  'a name belongs to one connection at a time, whatever its case and whatever the room',
  judgeUniqueNames,
  { concurrent: true },
);
checkpoint(
  'presence',
  'who joins learns who is here in the order they came, and everybody here learns who came',
  judgePresence,
  { concurrent: true },
);
checkpoint('unjoined', 'a client that is in no room receives no event of any room', judgeUnjoined, {
  concurrent: true,
});
checkpoint(
  'messages',
  "a message reaches everybody else in the room once, unchanged and in its sender's order",
  judgeMessages,
  { concurrent: true },
);
checkpoint(
  'rooms',
  'rooms are apart: joining one leaves the other, and a room exists while somebody is in it',
  judgeRooms,
  { concurrent: true },
);
checkpoint('leave-announced', 'a leave is announced exactly once, however it came about', judgeLeaveAnnounced, {
  concurrent: true,
});
checkpoint('pieces', 'a line that arrives byte by byte, and lines that arrive together, mean the same', judgePieces, {
  concurrent: true,
});
checkpoint(
  'line-ends',
  'LF and CRLF end a line, an empty line is ignored, and nothing else ends a line',
  judgeLineEnds,
  { concurrent: true },
);
checkpoint(
  'long-line',
  'a line of 1,024 bytes is taken; a longer one is refused once, to its end, and never kept',
  judgeLongLine,
  { concurrent: true },
);
checkpoint('invalid-utf8', 'a line that is no valid UTF-8 is refused, and the next one is taken', judgeInvalidUtf8, {
  concurrent: true,
});
checkpoint(
  'control-characters',
  'a line with a control character is refused, so that nobody writes on the terminals of others',
  judgeControlCharacters,
  { concurrent: true },
);
checkpoint(
  'out-of-place',
  'a command that is unknown or has no place now gets its own error and changes nothing',
  judgeOutOfPlace,
  { concurrent: true },
);
checkpoint(
  'slow-reader',
  'a client that does not read is cut off at a bounded buffer, and nobody else waits for it',
  judgeSlowReader,
  { concurrent: true },
);
checkpoint(
  'late-reader',
  'a client that reads late, with less than the bound waiting, gets every line',
  judgeLateReader,
  { concurrent: true },
);
checkpoint('half-open', 'a peer that has gone silent is asked, then ended, and its leave is announced', judgeHalfOpen, {
  concurrent: true,
});
checkpoint('alive', 'a client that answers in time, or talks, is never taken for gone', judgeAlive, {
  concurrent: true,
});
checkpoint(
  'handshake-timeout',
  'a client that gives no name in time is ended, however busy it is',
  judgeHandshakeTimeout,
  { concurrent: true },
);
checkpoint('full-house', 'beyond MAX_CLIENTS a client is told so and ended, until somebody leaves', judgeFullHouse, {
  concurrent: true,
});
checkpoint('room-limit', 'beyond MAX_ROOMS no room is made, and whoever wanted it stays where it is', judgeRoomLimit, {
  concurrent: true,
});
checkpoint(
  'rate-limit',
  'a client that floods is told so, once, is slowed down, and can talk again soon after',
  judgeRateLimit,
  { concurrent: true },
);
checkpoint('noise', 'a megabyte of noise and 300 connections that break off leave the server as it was', judgeNoise, {
  concurrent: true,
});
checkpoint('common-room', 'with 500 clients in one room every message reaches all the others, once', judgeCommonRoom, {
  concurrent: true,
});
checkpoint(
  'shutdown',
  'on SIGTERM everybody gets what they are owed and a BYE, and then the server exits with 0',
  judgeShutdown,
  { concurrent: true },
);
checkpoint(
  'hard-deadline',
  'a client that neither reads nor ends its side holds the stop up for DRAIN_TIMEOUT_MS at most',
  judgeHardDeadline,
  { concurrent: true },
);
checkpoint(
  'configuration',
  'a value that is not valid, or a port in use, gets one clear line and a non-zero exit',
  judgeConfiguration,
  { concurrent: true },
);
