import { checkpoint } from '../harness/checkpoint.ts';
import { answersAfterTheEnd, survivesResets } from './tcp-echo/closing.ts';
import { endsIdleConnections, endsStalledConnections, sparesSlowClients } from './tcp-echo/idle.ts';
import { boundsConnections, keepsClientsApart } from './tcp-echo/many-clients.ts';
import { holdsSlowReadersBack, outlivesHostileClients } from './tcp-echo/memory.ts';
import { refusesBadSettings, refusesTakenPort } from './tcp-echo/start.ts';
import { finishesRunningEchoes, stopsAtTheDeadline } from './tcp-echo/stop.ts';
import { echoesBinary, echoesCoalescedWrites, echoesSingleBytes, echoesText } from './tcp-echo/stream.ts';

checkpoint(
  'echo-text',
  'text comes back as it was sent, with or without a line end, and no word is a command',
  echoesText,
  { concurrent: true },
);
checkpoint(
  'echo-binary',
  'ten million bytes of binary come back unchanged, NULs and invalid UTF-8 included',
  echoesBinary,
  { concurrent: true },
);
checkpoint(
  'single-bytes',
  'a single byte comes back before the next one is sent, whatever its value',
  echoesSingleBytes,
  { concurrent: true },
);
checkpoint(
  'coalesced-writes',
  'many writes that arrive merged or split come back as one stream in their order',
  echoesCoalescedWrites,
  { concurrent: true },
);
checkpoint(
  'many-connections',
  'a thousand connections are served at once, and none receives a byte of another',
  keepsClientsApart,
  { concurrent: true },
);
checkpoint(
  'port-in-use',
  'a port that is taken ends the start with one clear line and an exit code other than 0',
  refusesTakenPort,
  { concurrent: true },
);
checkpoint(
  'bad-settings',
  'an invalid port or limit ends the start with one line that names it and an exit code other than 0',
  refusesBadSettings,
  { concurrent: true },
);
checkpoint(
  'half-close',
  'a client that ends its side still receives every byte that it sent, and then the end',
  answersAfterTheEnd,
  { concurrent: true },
);
checkpoint(
  'backpressure',
  'a client that does not read is held back, while memory stays bounded and others are served at once',
  holdsSlowReadersBack,
  { concurrent: true },
);
checkpoint(
  'reset',
  'a thousand connections that are reset, some in the middle of a write, leave the server alive and its descriptors free',
  survivesResets,
  { concurrent: true },
);
checkpoint(
  'max-connections',
  'a connection beyond MAX_CONNECTIONS is closed without a byte, and a place is free again when any connection ends',
  boundsConnections,
  { concurrent: true },
);
checkpoint(
  'idle-timeout',
  'a connection on which nothing moves is ended after IDLE_TIMEOUT_MS, and not before',
  endsIdleConnections,
  { concurrent: true },
);
checkpoint(
  'slow-is-not-idle',
  'a client that sends a byte now and then, or reads a long echo bit by bit, is not idle',
  sparesSlowClients,
  { concurrent: true },
);
checkpoint(
  'stalled-reader',
  'a client that sends and never reads is idle once no byte moves, whether it has ended its side or not',
  endsStalledConnections,
  { concurrent: true },
);
checkpoint(
  'graceful-stop',
  'on SIGTERM the server refuses new connections, finishes the open ones and exits with code 0',
  finishesRunningEchoes,
  { concurrent: true },
);
checkpoint(
  'stop-deadline',
  'on SIGTERM the server exits with code 0 after SHUTDOWN_TIMEOUT_MS even if connections are left',
  stopsAtTheDeadline,
  { concurrent: true },
);
checkpoint(
  'robustness',
  'random bytes from clients that misbehave leave the server serving, its descriptors free and its memory bounded',
  outlivesHostileClients,
  { concurrent: true },
);
