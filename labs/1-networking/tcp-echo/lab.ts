import type { BuiltLab } from '../../course-schema.ts';

export const tcpEcho: BuiltLab = {
  status: 'built',
  slug: 'tcp-echo',
  title: 'TCP echo server',
  competency: 'A TCP server that survives slow, silent and vanishing peers',
  teaches: [
    'answer a client that has already closed its half of the connection',
    'stop reading when a peer stops reading',
    'survive a connection that is reset in the middle of a write, and give back all that it held',
    'tell a slow client from an idle one',
    'stop a server without cutting off work under way',
  ],
  kinds: ['program'],
  services: [],
  entry: { typescript: 'server.ts', python: 'server.py', csharp: 'server.csproj' },
  diagrams: ['half-close', 'echo-connection'],
  checkpoints: [
    {
      id: 'echo-text',
      sentence: 'text comes back as it was sent, with or without a line end, and no word is a command',
      read: 'sockets-and-the-kernel',
      hints: [
        'What does your server do with data that holds no newline? An echo has no lines and no commands.',
        'Write each chunk back the moment it arrives, exactly as it arrived, and write nothing else: no greeting, no prompt.',
      ],
      passesInStarter: 'the starter writes every chunk back as it comes; this checkpoint keeps it that way',
    },
    {
      id: 'echo-binary',
      sentence: 'ten million bytes of binary come back unchanged, NULs and invalid UTF-8 included',
      read: 'streams-and-datagrams',
      hints: [
        'Which type does a chunk have when it reaches your code: bytes or a string?',
        'Decoding replaces what is not valid UTF-8 by U+FFFD, which is three other bytes. Leave the decoding out.',
        'For the log, count the bytes instead of printing them as text.',
      ],
    },
    {
      id: 'single-bytes',
      sentence: 'a single byte comes back before the next one is sent, whatever its value',
      read: 'streams-and-datagrams',
      hints: [
        'The first half of a two-byte character is a byte like any other. Who holds it back?',
        'Anything that decodes text keeps an incomplete character until the rest arrives. Anything that reads lines or full buffers waits too.',
      ],
    },
    {
      id: 'coalesced-writes',
      sentence: 'many writes that arrive merged or split come back as one stream in their order',
      read: 'streams-and-datagrams',
      hints: [
        'If two chunks arrive shortly after each other, what makes sure that the first is written first?',
        'Between reading a chunk and writing it, wait for nothing that a later chunk might not have to wait for.',
      ],
      passesInStarter: 'the starter writes in the same turn in which it reads, so nothing can overtake',
    },
    {
      id: 'many-connections',
      sentence: 'a thousand connections are served at once, and none receives a byte of another',
      read: 'one-loop-many-connections',
      hints: [
        'Which of your variables exist once for the server, and which once for each connection?',
        'Everything that belongs to a connection, buffers included, lives in the scope of that connection.',
      ],
      passesInStarter:
        "the starter keeps everything in the connection's own closure; this checkpoint keeps it that way",
    },
    {
      id: 'port-in-use',
      sentence: 'a port that is taken ends the start with one clear line and an exit code other than 0',
      read: 'sockets-and-the-kernel',
      hints: [
        'How does your runtime tell you that it cannot listen: by an exception, by an event, by a return value?',
        'Handle exactly that error, write one line that names the port and says that it is in use, and set the exit code.',
        'In Node it is the error event of the server, with the code EADDRINUSE; it comes after listen() has returned.',
      ],
    },
    {
      id: 'bad-settings',
      sentence: 'an invalid port or limit ends the start with one line that names it and an exit code other than 0',
      read: 'sockets-and-the-kernel',
      hints: [
        'What does your parser make of "8080x", of "1e4", of "-1", of an empty string?',
        'Check the text before you convert it, digits only, and the range after that.',
        'Read all settings in one place before anything starts, and say for a wrong one its name, what was expected and what came.',
      ],
    },
    {
      id: 'half-close',
      sentence: 'a client that ends its side still receives every byte that it sent, and then the end',
      read: 'half-close',
      hints: [
        'A FIN says "I send no more". It does not say "I read no more". What does your server do when it sees one?',
        'Some calls close a socket and throw away what still waits to be written; others write it first, and then send the FIN.',
        'End your side only after the last byte that you owe has been handed to the kernel, and make sure that you do end it.',
      ],
    },
    {
      id: 'backpressure',
      sentence: 'a client that does not read is held back, while memory stays bounded and others are served at once',
      read: 'backpressure',
      hints: [
        'Where do the bytes wait that you have written and the kernel has not taken yet? How many may there be?',
        'Your write call tells you when its buffer is full. Stop reading from that client then, and go on when the buffer is empty.',
        'When you do not read, the receive buffer fills, the window closes, and the client has to wait. TCP does the rest.',
      ],
    },
    {
      id: 'reset',
      sentence:
        'a thousand connections that are reset, some in the middle of a write, leave the server alive and its descriptors free',
      read: 'resets-and-refusals',
      hints: [
        'What happens in your server when a read or a write fails with ECONNRESET, and nobody is there to catch it?',
        'Handle errors on every connection from the moment you accept it, and close the socket in every case.',
        'What you count or keep for a connection is given back at the one event that follows every kind of end.',
      ],
    },
    {
      id: 'max-connections',
      sentence:
        'a connection beyond MAX_CONNECTIONS is closed without a byte, and a place is free again when any connection ends',
      read: 'resets-and-refusals',
      hints: [
        'A server without a bound has one all the same: its descriptors or its memory, and then everybody suffers.',
        'Count when you accept, and close the surplus at once, before anything is read or written.',
        'Count down where a connection is over for good, be it by FIN, by RST or by you. Some servers have this built in.',
      ],
    },
    {
      id: 'idle-timeout',
      sentence: 'a connection on which nothing moves is ended after IDLE_TIMEOUT_MS, and not before',
      read: 'timeouts',
      hints: [
        'How many connections that never say anything can your server hold, and for how long?',
        'Each connection needs a time of its last byte, and something that looks at it: a timer, or a sweep over all of them.',
        'To end it means for good. If you only end your side, the descriptor stays until the client ends its own, which may be never.',
      ],
    },
    {
      id: 'slow-is-not-idle',
      sentence: 'a client that sends a byte now and then, or reads a long echo bit by bit, is not idle',
      read: 'timeouts',
      hints: [
        'Since which moment does your timer run: since the connection began, or since its last byte?',
        'Bytes in either direction count, those that you have written and the kernel has taken included.',
      ],
      passesInStarter: 'the starter has no timeout at all; this checkpoint keeps yours from being too eager',
    },
    {
      id: 'stalled-reader',
      sentence: 'a client that sends and never reads is idle once no byte moves, whether it has ended its side or not',
      read: 'slow-consumers',
      hints: [
        'Your server has stopped reading, and its write cannot go on. Which of your timers is running now?',
        'TCP keeps such a connection open for ever, as long as the peer answers probes. The application has to give up.',
        'A polite end waits for the last write, which never comes. Here the connection has to be cut.',
      ],
    },
    {
      id: 'graceful-stop',
      sentence: 'on SIGTERM the server refuses new connections, finishes the open ones and exits with code 0',
      read: 'stopping',
      hints: [
        'What does a process do on SIGTERM if it does nothing about it, and what do its clients see?',
        'Close the listening socket first; the open connections go on by themselves.',
        'Then wait until the last of them has ended, and exit with code 0.',
      ],
    },
    {
      id: 'stop-deadline',
      sentence: 'on SIGTERM the server exits with code 0 after SHUTDOWN_TIMEOUT_MS even if connections are left',
      read: 'stopping',
      hints: [
        'How long does your stop take if one client never leaves?',
        'Start a timer at the signal. When it fires, cut off every connection that is left, and exit with code 0.',
      ],
    },
    {
      id: 'robustness',
      sentence:
        'random bytes from clients that misbehave leave the server serving, its descriptors free and its memory bounded',
      read: 'resets-and-refusals',
      hints: [
        'Which kinds of end does a connection have: end, reset, reset after end, reset before the first read?',
        'Look at what outlives a connection: entries in maps and lists, timers, listeners on objects that live longer.',
        'Whatever you register when a connection begins, remove it at the event that comes after every kind of end.',
      ],
    },
  ],
};
