import type { BuiltLab } from '../../course-schema.ts';

export const udpEcho: BuiltLab = {
  status: 'built',
  slug: 'udp-echo',
  title: 'UDP echo server and path client',
  competency: 'A datagram service that no stranger can turn against others, and a client that measures its path',
  teaches: [
    'keep message boundaries, from the empty datagram to the largest',
    'limit each source, in memory that strangers cannot grow',
    'answer without amplifying, and let loops die',
    'measure loss, duplication, reordering and delay by their definitions',
  ],
  kinds: ['program'],
  services: [],
  entry: { typescript: 'server.ts', python: 'server.py', csharp: 'server.csproj' },
  diagrams: ['udp-path-report', 'udp-echo-admission'],
  checkpoints: [
    {
      id: 'echo',
      sentence: 'a datagram comes back with the same bytes, whatever bytes they are',
      read: 'streams-and-datagrams',
      hints: [
        'What type does the payload have between receiving and sending?',
        'Bytes that are no valid UTF-8 do not survive a trip through a string, and neither does white space that something trims.',
        'Hand the very buffer that you received to the send.',
      ],
      passesInStarter: 'it echoes, and that is all that this one asks',
    },
    {
      id: 'boundaries',
      sentence: 'each datagram comes back as one datagram: two sends never merge',
      read: 'streams-and-datagrams',
      hints: [
        'Count your sends: how many for 40 datagrams that arrive at once?',
        'UDP has no stream to write into: each send is a message of its own, so what waits must be sent one by one.',
        'Send from within the handler of each datagram. If you gather system calls, use one that keeps messages apart (sendmmsg), not a larger buffer.',
      ],
      passesInStarter: 'it sends one reply for each datagram as it comes',
    },
    {
      id: 'empty',
      sentence: 'an empty datagram is echoed as an empty datagram',
      read: 'streams-and-datagrams',
      hints: [
        'Which values of the length does your code treat as something else than a length?',
        'RFC 768 allows a datagram without data. A length of 0 means the end on a stream; on UDP it is a message.',
        'Look for a test such as `if (length)`, and check that your library sends an empty payload at all: some leave it out without a word.',
      ],
    },
    {
      id: 'largest',
      sentence: 'the largest IPv4 datagram, 65,507 bytes, is echoed whole',
      read: 'streams-and-datagrams',
      hints: [
        'How many bytes can one IPv4 datagram carry, and how large is the buffer that you receive into?',
        '65,535 bytes less 20 of IP header and 8 of UDP header are 65,507. What does not fit into the buffer is cut off, mostly without an error.',
        'Receive into 65,535 bytes, reply with exactly what came, and ask for a send buffer (SO_SNDBUF) above 65,507: macOS allows 9,216 by default.',
      ],
    },
    {
      id: 'senders',
      sentence: 'each sender gets its own bytes and nobody else’s, from the address that it wrote to',
      read: 'sockets-and-the-kernel',
      hints: [
        'Where do you keep the address that a reply goes to, and which socket sends it?',
        'One socket hears everybody, so the sender belongs to the datagram and not to the server. A client that is connected only hears the port that it wrote to.',
        'Pass the sender along with the payload to the end, and reply on the socket that received.',
      ],
      passesInStarter: 'it replies at once, to the sender that came with the datagram',
    },
    {
      id: 'closed-peer',
      sentence: 'replies to peers that have gone away do not stop the server',
      read: 'resets-and-refusals',
      hints: [
        'What happens on your machine when a datagram meets a port where nothing listens?',
        'An ICMP message comes back. An unconnected socket on Linux is not told; a connected one is, and so is any socket on Windows, as an error of its next operation.',
        'Treat an error of the socket as news about one datagram: log it and go on. On Windows, turn SIO_UDP_CONNRESET off.',
      ],
      passesInStarter: 'on Linux and macOS an unconnected socket is not told about an ICMP error',
    },
    {
      id: 'fair-share',
      sentence: 'a flood from one source is cut to its bucket and does not starve another source',
      read: 'amplification-and-fairness',
      hints: [
        'Who pays for a flood, if all datagrams draw on the same allowance?',
        'Give each source, which is an address with a port, a bucket of its own. It starts full, each datagram takes a token, and without a token the datagram is dropped.',
        'A Map from "address:port" to { tokens, time of the last refill } is enough. Refill when a datagram comes; no timer is needed.',
      ],
    },
    {
      id: 'refill',
      sentence: 'tokens come back with time, also while datagrams are dropped, and never beyond a full bucket',
      read: 'amplification-and-fairness',
      hints: [
        'How many tokens come back in half the time that one takes?',
        'Keep fractions: if you round down and move the time of the last refill at each datagram, a source that asks often never gets one. And never hold more than RATE_LIMIT_BURST.',
        'tokens = min(burst, tokens + elapsed seconds × rate); then look whether there is at least one. Use a monotonic clock.',
      ],
    },
    {
      id: 'silence',
      sentence: 'nobody gets more than they sent: what is over the limit is met with silence',
      read: 'amplification-and-fairness',
      hints: [
        'What does a sender get whose datagram is dropped, and who is the sender really?',
        'The address on a datagram is easily forged. Any answer, even an error message, goes to somebody who may have asked for nothing.',
        'Count the datagram, and return without sending.',
      ],
    },
    {
      id: 'loop',
      sentence: 'a loop with another echo server dies down',
      read: 'amplification-and-fairness',
      hints: [
        'Suppose the other side answers every reply of yours. What ends it?',
        'Only a datagram that is dropped for good ends a loop. One that is delayed until there is a token keeps it alive.',
        'Every reply has to cost a token, without exceptions for peers that you know, and a datagram without a token must not be kept.',
      ],
    },
    {
      id: 'counted',
      sentence: 'what is dropped is counted, and logged in sums that a flood cannot blow up',
      read: 'amplification-and-fairness',
      hints: [
        'How many lines does your log get from a flood of a million datagrams?',
        'Count when you drop; write the sum from a timer, only if it is not 0, and start again from 0.',
        'One interval timer for all sources. When the server stops: clear the timer, write what is left, then the totals.',
      ],
    },
    {
      id: 'bounded-sources',
      sentence: 'buckets are bounded: the source that has been silent the longest is forgotten',
      read: 'amplification-and-fairness',
      hints: [
        'How many buckets does a sender make who writes another address on each datagram?',
        'Keep at most MAX_SOURCES. When a new one finds no room, forget the one that has been silent the longest, which is not always the one that came first.',
        'With a map that keeps the order of insertion, delete and insert a source at each of its datagrams, dropped ones too: the first key is then the one to forget.',
      ],
    },
    {
      id: 'client-report',
      sentence: 'the client sends numbered datagrams at its pace and reports how long their round trips took',
      read: 'streams-and-datagrams',
      hints: [
        'Look at your datagram in hexadecimal beside the one in the brief, and at the moment at which each time is taken.',
        'Keep the time of sending for each sequence number, and take the time of its first reply when it comes. Send by the clock, not after the reply.',
        'Sort the times as numbers. The percentile is at place ⌈p/100 × n⌉, counted from 1.',
      ],
    },
    {
      id: 'client-loss',
      sentence: 'the client counts what never came back, also at the end, and does not wait for it',
      read: 'timeouts',
      hints: [
        'How does your client notice that the last datagram was lost?',
        'The loss is what was sent less the distinct numbers that came back. Gaps between numbers do not show the end of the run, and waiting for COUNT replies may never end.',
        'After the last send wait WAIT_MS, whatever comes or does not, and then report. Without a single reply the times are null.',
      ],
    },
    {
      id: 'client-duplicates',
      sentence: 'the client counts copies apart from what it received',
      read: 'streams-and-datagrams',
      hints: [
        'What does your count of received say when one reply comes three times and two are lost?',
        'Keep a set of the numbers that were answered. A reply to one of them is a copy: count it as duplicated and do nothing else with it.',
        'Look for copies before you look at the order: a copy of an early reply is not reordered.',
      ],
    },
    {
      id: 'client-reordering',
      sentence: 'the client counts reordering by the next number expected',
      read: 'streams-and-datagrams',
      hints: [
        'Replies come as 0 4 1 2 3: how many of them are late?',
        'Compare with the next number expected, which is one more than the largest so far, not with the reply before.',
        'If the number is at least the next expected, the next expected becomes the number plus one; otherwise count it as reordered and leave the next expected alone.',
      ],
    },
    {
      id: 'client-strays',
      sentence: 'the client counts no datagram that is no reply to this run',
      read: 'streams-and-datagrams',
      hints: [
        'Which datagrams that reach your socket are answers to this run?',
        'Check all of it: where it comes from, 8 bytes, the run, and a number that has been sent.',
        'Connect the socket, and the kernel drops what comes from elsewhere. Draw the run at random when the client starts, and compare it.',
      ],
    },
    {
      id: 'client-unreachable',
      sentence: 'a target where nothing listens is a lossy path, not the end of the client',
      read: 'resets-and-refusals',
      hints: [
        "What does your socket report when nothing listens on the target's port, and what do you do about it?",
        'ECONNREFUSED comes up at a send or a receive, and is about a datagram sent earlier. The socket goes on working.',
        'Handle the error where it comes up, do not count it as the end, and count the datagram as sent.',
      ],
    },
    {
      id: 'faulty-path',
      sentence:
        'on a path that loses, repeats and reorders, the server stays stateless and the client’s report is exact',
      read: 'streams-and-datagrams',
      hints: [
        'Does your server treat a datagram in another way because of one that came before?',
        'The server answers every copy and waits for nothing. The client judges each reply in one order: is it of this run, is it a copy, is it late.',
        'Feed the example sequences of the brief to the part that counts, without any socket, and compare with the table.',
      ],
    },
    {
      id: 'stop',
      sentence: 'SIGTERM ends either half with exit code 0, also in the middle of its work',
      read: 'stopping',
      hints: [
        'What still keeps your process alive once the socket is closed?',
        'On SIGTERM close the socket, clear every timer and end with code 0. The client ends its wait, and reports what it has sent so far.',
        'A wait has to be one that can be cancelled. As a last resort set a deadline that ends the process if the stop hangs.',
      ],
    },
    {
      id: 'port-in-use',
      sentence: 'a port in use is one clear line on standard error and a non-zero exit',
      read: 'sockets-and-the-kernel',
      hints: [
        'Try to start your server twice on one port. Which of them gets the datagrams?',
        'On UDP, SO_REUSEADDR lets two programs have the same port. Leave it alone, and the second bind fails with EADDRINUSE.',
        'Handle the error of the bind: one line on standard error with the port, and an exit code other than 0.',
      ],
    },
    {
      id: 'bad-settings',
      sentence: 'a setting that is not valid is one clear line on standard error and a non-zero exit',
      read: 'sockets-and-the-kernel',
      hints: [
        'What does your program do with PORT=abc?',
        'Read and check all variables before anything is opened. Conversions that take what they can get, or give NaN, hide the mistake.',
        'Match the text against digits, check the range, and end with one line: the name, what is valid, and what came.',
      ],
    },
  ],
};
