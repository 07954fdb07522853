import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { checkpoint } from '../harness/checkpoint.ts';
import { deadlineMs } from '../harness/deadline.ts';
import { CheckpointFailure, check, fail, withDetails } from '../harness/failure.ts';
import { createUdpProxy } from '../harness/faults/udp-proxy.ts';
import { exitOf, type Program, spawnProgram } from '../harness/program.ts';
import { createRandom } from '../harness/random.ts';
import { formatCount } from '../harness/tcp-client.ts';
import { openUdp, type UdpClient } from '../harness/udp-client.ts';
import { Bystander, type TokenLimit } from './udp-echo/bystander.ts';
import { checkCounts, reportOf, runClient, startClient } from './udp-echo/client-run.ts';
import { PathObserver } from './udp-echo/path-observer.ts';
import { countPath, describeCounts, sameCounts } from './udp-echo/path-truth.ts';
import { ProbeTarget } from './udp-echo/probe-target.ts';
import {
  ANSWER_DEADLINE_MS,
  expectEcho,
  loggedEvents,
  receiveFrom,
  takeThose,
  withServer,
} from './udp-echo/server-run.ts';

/** One token in a thousand seconds: within a checkpoint, none comes back. */
const NO_REFILL = '0.001';
const MAX_PAYLOAD_BYTES = 65_507;
const SEND_BUFFER_BYTES = 256 * 1024;
/** How long a program may take to start and find out that it cannot run. */
const REFUSAL_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 2_000;
/** A stack trace of Node, Python, .NET, Go, Rust, Java. */
const STACK = /^\s+at |^Traceback|^Unhandled|^goroutine |panicked at|Exception in thread/m;

checkpoint('echo', 'a datagram comes back with the same bytes, whatever bytes they are', async ({ seed }) => {
  await withServer({}, async (server) => {
    await using client = await openUdp(server);
    const payloads = [
      { sent: 'the text "hello"', bytes: Buffer.from('hello') },
      { sent: 'one byte, ff', bytes: Buffer.of(0xff) },
      { sent: 'one NUL byte', bytes: Buffer.of(0) },
      { sent: 'each of the 256 values of a byte', bytes: Buffer.from(Array.from({ length: 256 }, (_, i) => i)) },
      { sent: 'text with line ends', bytes: Buffer.from('\r\n one \n two \r\n') },
      { sent: '1,200 random bytes', bytes: Buffer.from(createRandom(seed).bytes(1_200)) },
    ];
    for (const { sent, bytes } of payloads) {
      await expectEcho(server, client, bytes, {
        sent,
        usually: 'bytes are made text and back on the way, and those that are no valid text are replaced or trimmed',
      });
    }
  });
});

checkpoint('boundaries', 'each datagram comes back as one datagram: two sends never merge', async ({ seed }) => {
  await withServer({}, async (server) => {
    await using client = await openUdp(server);
    const random = createRandom(seed);
    const datagrams = Array.from({ length: 40 }, (_, i) =>
      Buffer.from(`#${i} `.padEnd(random.int(10, 800), 'datagram ')),
    );
    // Stopped while they arrive, the server finds all of them waiting at once.
    server.kill('SIGSTOP');
    for (const datagram of datagrams) await client.send(datagram);
    server.kill('SIGCONT');
    const expectation = {
      sent: `${datagrams.length} datagrams of different lengths, all waiting when the server reads`,
      expected: 'each of them back, as one datagram of its own',
      usually:
        'what waits is gathered and sent in one go: UDP keeps boundaries, and the gathered one is another message',
    };
    const waiting = new Set(datagrams.map((datagram) => datagram.toString('latin1')));
    while (waiting.size > 0) {
      const { data } = await receiveFrom(server, client, expectation);
      check(waiting.delete(data.toString('latin1')), {
        ...expectation,
        received: `a datagram of ${formatCount(data.length)} that was not sent, or comes twice`,
      });
    }
  });
});

checkpoint('empty', 'an empty datagram is echoed as an empty datagram', async () => {
  await withServer({}, async (server) => {
    await using client = await openUdp(server);
    const usually = 'a length of 0 is taken for "nothing came", as it would be on a stream';
    await expectEcho(server, client, '', {
      sent: 'a datagram of no bytes',
      expected: 'a datagram of no bytes',
      usually,
    });
    await expectEcho(server, client, 'after', { sent: 'a datagram of no bytes, then "after"', usually });
  });
});

checkpoint('largest', 'the largest IPv4 datagram, 65,507 bytes, is echoed whole', async () => {
  await withServer({}, async (server) => {
    await using client = await openUdp(server);
    client.socket.setSendBufferSize(SEND_BUFFER_BYTES);
    for (const length of [1_473, 8_193, 9_217, MAX_PAYLOAD_BYTES]) {
      const bytes = Buffer.alloc(length, `one datagram of ${length} bytes `);
      await expectEcho(server, client, bytes, {
        sent: `a datagram of ${formatCount(length)}`,
        expected: `the same ${formatCount(length)} back, as one datagram`,
        usually:
          'the buffer is smaller than a datagram can be: what does not fit is cut off (or, on macOS, cannot be sent without a larger send buffer)',
      }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'EMSGSIZE') failToSend(length);
        throw error;
      });
    }
  });
});

checkpoint(
  'senders',
  'each sender gets its own bytes and nobody else’s, from the address that it wrote to',
  async () => {
    await withServer({}, async (server) => {
      await using stack = new AsyncDisposableStack();
      const clients: UdpClient[] = [];
      for (let i = 0; i < 12; i += 1) clients.push(stack.use(await openUdp(server)));
      const rounds = 6;
      server.kill('SIGSTOP');
      for (let round = 0; round < rounds; round += 1) {
        for (const [i, client] of clients.entries()) await client.send(`from ${i}, number ${round}`);
      }
      server.kill('SIGCONT');
      const sent = `${rounds} datagrams from each of ${clients.length} sockets, in turns`;
      const usually = 'the sender is kept in a variable that the next datagram overwrites before the reply is sent';
      const expected = 'every sender’s own datagrams, from the port of the ready line';
      for (const [i, client] of clients.entries()) {
        const own = new Set(Array.from({ length: rounds }, (_, round) => `from ${i}, number ${round}`));
        while (own.size > 0) {
          const { data, from } = await receiveFrom(server, client, { sent, expected, usually });
          check(own.delete(data.toString()), {
            sent,
            expected,
            received: `a sender got ${JSON.stringify(data.toString())}, which is not its own or comes twice`,
            usually,
          });
          check(from.port === server.port && from.address === server.host, {
            sent,
            expected,
            received: `a reply from ${from.address}, port ${from.port}; it was sent to port ${server.port}`,
            usually: 'a second socket sends the replies: connected clients and address translators drop what it sends',
          });
        }
      }
    });
  },
);

checkpoint('closed-peer', 'replies to peers that have gone away do not stop the server', async () => {
  await withServer({}, async (server) => {
    const expectation = {
      sent: 'datagrams from 20 sockets that are closed before the server answers, then one from a socket that stays',
      usually:
        'the ICMP "port unreachable" comes up as an error of a connected socket (ECONNREFUSED; a connection reset on Windows), and nobody handles it',
    };
    for (let round = 0; round < 2; round += 1) {
      // Stopped, the server cannot answer before the sockets are closed.
      server.kill('SIGSTOP');
      for (let i = 0; i < 20; i += 1) {
        await using gone = await openUdp(server);
        for (let n = 0; n < 3; n += 1) await gone.send(`nobody waits for ${n}`);
      }
      server.kill('SIGCONT');
      // Twice: the error of a reply may only come up with what the server does next.
      await using stays = await openUdp(server);
      for (const text of ['still there?', 'and now?']) await expectEcho(server, stays, text, expectation);
    }
  });
});

checkpoint(
  'fair-share',
  'a flood from one source is cut to its bucket and does not starve another source',
  async () => {
    const burst = 10;
    await withServer({ RATE_LIMIT_BURST: `${burst}`, RATE_LIMIT_PER_SECOND: NO_REFILL }, async (server) => {
      await using flooder = await openUdp(server);
      await using other = await openUdp(server);
      const waves = 5;
      const waveLength = 30;
      const sent = `${waves} waves of ${waveLength} datagrams from one source, and one datagram of another source after each (RATE_LIMIT_BURST=${burst})`;
      for (let wave = 0; wave < waves; wave += 1) {
        for (let i = 0; i < waveLength; i += 1) await flooder.send(`flood ${wave}.${i}`);
        await expectEcho(server, other, `wave ${wave}`, {
          sent,
          expected: 'the other source’s datagram back',
          usually: 'one bucket for all sources: whoever sends most leaves nothing for the rest',
        });
      }
      const echoed = await takeThose(flooder, 'flood');
      check(echoed === burst, {
        sent,
        expected: `${burst} datagrams back to the flooding source: its bucket, and no token comes back in this time`,
        received: `${echoed} datagrams`,
        usually: echoed > burst ? 'there is no limit for each source' : 'a bucket does not start full',
      });
    });
  },
);

checkpoint(
  'refill',
  'tokens come back with time, also while datagrams are dropped, and never beyond a full bucket',
  async () => {
    await together([
      withLimit({ burst: 2, perSecond: 10 }, async (server, limit) => {
        await using source = await Bystander.open(server, limit);
        await source.nextToken();
      }),
      withLimit({ burst: 2, perSecond: 200 }, judgeCap),
    ]);
  },
);

/** Lets time for 20 tokens pass, and then sends 20 datagrams at once. */
async function judgeCap(server: Program, limit: TokenLimit): Promise<void> {
  const flood = 20;
  await using idle = await openUdp(server);
  const usually = 'the tokens that come back are added without looking at RATE_LIMIT_BURST';
  await expectEcho(server, idle, 'hello', { sent: 'the first datagram of a source', usually });
  await using bystander = await Bystander.open(server, limit);
  await bystander.wait((flood / limit.perSecond) * 1000);
  const startMs = performance.now();
  for (let i = 0; i < flood; i += 1) await idle.send(`at once ${i}`);
  await bystander.wait(0);
  const echoed = await takeThose(idle, 'at once');
  const allowed = limit.burst + Math.ceil(((performance.now() - startMs) / 1000) * limit.perSecond);
  check(echoed <= allowed, {
    sent: `nothing for as long as ${flood} tokens take, then ${flood} datagrams at once (RATE_LIMIT_BURST=${limit.burst})`,
    expected: `no more than the ${limit.burst} tokens of a full bucket, and those that come back meanwhile`,
    received: `${echoed} datagrams back`,
    usually,
  });
}

checkpoint('silence', 'nobody gets more than they sent: what is over the limit is met with silence', async () => {
  const burst = 2;
  await withServer({ RATE_LIMIT_BURST: `${burst}`, RATE_LIMIT_PER_SECOND: NO_REFILL }, async (server) => {
    await using client = await openUdp(server);
    await using marker = await openUdp(server);
    for (const byte of 'abcdef') await client.send(byte);
    await expectEcho(server, marker, 'marker', { sent: '1 datagram of another source', usually: 'see its log' });
    // Until the end: a farewell would be a datagram that nobody sent as well.
    await server.stop();
    const received: string[] = [];
    while (client.pendingCount > 0) received.push((await client.receiveWithin(0))?.data.toString('latin1') ?? '');
    check(received.length === burst && received.every((text) => text.length === 1), {
      sent: `6 datagrams of 1 byte, with RATE_LIMIT_BURST=${burst}`,
      expected: `${burst} datagrams of 1 byte, and nothing else until the server has ended`,
      received: describeTexts(received),
      usually: received.some((text) => text.length !== 1)
        ? 'a message about the limit, or about the end, is sent: it goes to whoever the sender claims to be, it may be larger than what came, and it keeps a loop of two servers alive'
        : 'there is no limit for each source',
    });
  });
});

checkpoint('loop', 'a loop with another echo server dies down', async () => {
  await withLimit({ burst: 20, perSecond: 50 }, async (server, limit) => {
    const startMs = performance.now();
    await using bystander = await Bystander.open(server, limit);
    // The other echo server: whatever comes goes back.
    await using other = await openUdp(server);
    let turns = 0;
    other.socket.on('message', (data) => {
      turns += 1;
      void other.send(data).catch(() => {});
    });
    await other.send('a datagram that started it all');
    const deadline = performance.now() + deadlineMs(ANSWER_DEADLINE_MS);
    for (let before = -1; before !== turns; ) {
      before = turns;
      // Twice as long as a token takes: a reply that only waited for one has left by then.
      await bystander.wait((2 / limit.perSecond) * 1000);
      check(performance.now() < deadline, () => ({
        sent: 'one datagram, and then every reply back to the server, as a second echo server would',
        expected: `the loop to end once it has used up a bucket (RATE_LIMIT_BURST=${limit.burst}, RATE_LIMIT_PER_SECOND=${limit.perSecond})`,
        received: `${turns} turns within ${Math.round(performance.now() - startMs)} ms, and still going`,
        usually:
          'datagrams over the limit are delayed instead of dropped, or answered with a message, or replies do not cost a token: each keeps the loop alive',
      }));
    }
  });
});

checkpoint('counted', 'what is dropped is counted, and logged in sums that a flood cannot blow up', async () => {
  const burst = 10;
  const flood = 100;
  const env = { RATE_LIMIT_BURST: `${burst}`, RATE_LIMIT_PER_SECOND: NO_REFILL, LOG_INTERVAL_MS: '50' };
  await withServer(env, async (server) => {
    const startMs = performance.now();
    await using client = await openUdp(server);
    await using marker = await openUdp(server);
    const sent = `${flood} datagrams from one source, with RATE_LIMIT_BURST=${burst}`;
    for (let i = 0; i < flood; i += 1) await client.send(`flood ${i}`);
    const told = () => sumOfDropped(server);
    const expected = `lines with "event":"rate-limited" whose "dropped" add up to ${flood - burst}, while the server runs`;
    const notTold = () =>
      new CheckpointFailure({
        sent,
        expected,
        received: `lines that add up to ${told()}`,
        usually: 'the event or the field has another name, or only the end is logged',
      });
    await server.waitForOutput(() => told() >= flood - burst, ANSWER_DEADLINE_MS, notTold);
    if (told() > flood - burst) throw notTold();
    const lines = server.stderr.trim().split('\n').length;
    const most = 20 + (performance.now() - startMs) / 50;
    check(lines < Math.min(flood - burst, most), {
      sent,
      expected: 'few lines of log, however many datagrams are dropped',
      received: `${lines} lines`,
      usually: 'each datagram makes a line: a flood then fills the disk, and writing logs takes the time of serving',
    });

    // Dropped and told only at the end.
    for (let i = 0; i < 5; i += 1) await client.send(`more ${i}`);
    await expectEcho(server, marker, 'marker', {
      sent: `${sent}, 5 more, and 1 of another source`,
      usually: 'see its log',
    });
    await server.stop();
    const stopped = loggedEvents(server, 'stopped');
    const totals = { received: flood + 6, echoed: burst + 1, dropped: flood - burst + 5 };
    const { received, echoed, dropped } = stopped[0] ?? {};
    check(JSON.stringify({ received, echoed, dropped }) === JSON.stringify(totals), {
      sent: `${sent}, 5 more, and 1 of another source, then SIGTERM`,
      expected: `one line with "event":"stopped" and ${JSON.stringify(totals)}`,
      received: stopped.length === 0 ? 'no such line' : JSON.stringify({ received, echoed, dropped }),
      usually: 'the totals are not kept, or the process ends before the line is written',
    });
    check(told() === totals.dropped, {
      sent: `${sent}, 5 more, and 1 of another source, then SIGTERM`,
      expected: `"rate-limited" lines that add up to the ${totals.dropped} of the "stopped" line`,
      received: `lines that add up to ${told()}`,
      usually: 'what was dropped since the last line is forgotten at the end, or lines tell totals and not what is new',
    });
  });
});

checkpoint(
  'bounded-sources',
  'buckets are bounded: the source that has been silent the longest is forgotten',
  async () => {
    const burst = 2;
    const env = { MAX_SOURCES: '3', RATE_LIMIT_BURST: `${burst}`, RATE_LIMIT_PER_SECOND: NO_REFILL };
    await withServer(env, async (server) => {
      await using flooder = await openUdp(server);
      await using first = await openUdp(server);
      await using second = await openUdp(server);
      await using third = await openUdp(server);
      const sent = `datagrams from four sources in turns, with MAX_SOURCES=3 and RATE_LIMIT_BURST=${burst}`;
      const serves = async (client: UdpClient, text: string, usually: string) => {
        await expectEcho(server, client, text, { sent, expected: `an echo for ${text}`, usually });
      };
      let floods = 0;
      const flood = () => flooder.send(`over the limit ${floods++}`);
      const asNew = 'a source that was forgotten is not new again, or is never forgotten: buckets grow without bound';

      for (let i = 0; i < burst; i += 1) {
        await serves(flooder, `datagram ${i} of the flooding source`, 'a bucket does not start full');
      }
      await flood();
      for (let i = 0; i < burst; i += 1) await serves(first, `datagram ${i} of a second source`, asNew);
      await flood();
      await serves(second, 'the third source', asNew);
      await flood();
      await first.send('over the limit');
      await flood();
      await serves(third, 'the fourth source, which is one too many', asNew);
      const early = await takeThose(first, 'over the limit');
      check(early === 0, {
        sent,
        expected: 'no echo for a source that is over its limit, with as many sources as MAX_SOURCES allows',
        received: 'an echo, as for a new source',
        usually: 'fewer sources are remembered than MAX_SOURCES says',
      });
      await flood();
      // The third source had one token left, and the second none. Two echoes each: they were forgotten, and are new.
      for (const client of [second, first]) {
        await serves(client, 'a source that was forgotten', asNew);
        await serves(client, 'a source that was forgotten, once more', asNew);
        await flood();
      }
      await serves(third, 'a source that was forgotten', asNew);
      const overLimit = await takeThose(flooder, 'over the limit');
      check(overLimit === 0, {
        sent,
        expected: 'no echo for the source that went on flooding: it was never the silent one',
        received: `${formatCount(overLimit, 'datagram')} over its limit echoed`,
        usually:
          'the oldest entry is forgotten, not the one silent the longest; or the whole table is cleared; or a dropped datagram does not count as sent',
      });
    });
  },
);

checkpoint(
  'client-report',
  'the client sends numbered datagrams at its pace and reports how long their round trips took',
  async () => {
    const plan = { count: 20, intervalMs: 3, waitMs: 150 };
    const planMs = (plan.count - 1) * plan.intervalMs;
    const heldMs = 100;
    let state: 'idle' | 'holding' | 'answering' = 'idle';
    // Nothing is answered until 100 ms after the first, and then all of it, in order.
    await using target = await ProbeTarget.open(({ bytes }, self) => {
      if (state === 'answering') self.reply(bytes);
      if (state !== 'idle') return;
      state = 'holding';
      setTimeout(() => {
        state = 'answering';
        for (const probe of [...self.seen]) self.reply(probe.bytes);
      }, heldMs);
    });
    const report = await runClient(target, plan);
    const sent = `COUNT=${plan.count} INTERVAL_MS=${plan.intervalMs} to a target that answers all of them ${heldMs} ms after the first`;

    const numbers = target.seen.map(({ sequence }) => sequence);
    const runs = new Set(target.seen.map(({ bytes }) => bytes.subarray(0, 4).toString('hex')));
    check(numbers.join() === Array.from({ length: plan.count }, (_, i) => i).join() && runs.size === 1, {
      sent,
      expected: `${plan.count} datagrams of 8 bytes: one run in all of them, and the sequence numbers 0 to ${plan.count - 1} in order, big-endian`,
      received: `${formatCount(numbers.length, 'datagram')}, with ${runs.size === 1 ? 'one run' : 'several runs'} and the numbers ${numbers.slice(0, 5).join(' ')} …`,
      usually: 'the byte order or the width of a field is another, or the run is drawn anew for each datagram',
    });
    const spreadMs = (target.seen.at(-1)?.atMs ?? 0) - (target.seen[0]?.atMs ?? 0);
    check(spreadMs > planMs / 5, {
      sent,
      expected: `sends that are spread over about ${planMs} ms`,
      received: `all of them within ${Math.round(spreadMs)} ms`,
      usually: 'all datagrams are sent in one go: a burst that fills buffers and measures its own queue',
    });
    checkCounts(report, countPath(plan.count, target.replies), sent, 'the counts are not those of the brief');
    const { rttMinMs: min, rttP50Ms: p50, rttP99Ms: p99 } = report;
    check(
      min !== null && p50 !== null && p99 !== null && min <= p50 && p50 <= p99 && p99 >= heldMs - 1 && p99 - min >= 20,
      {
        sent,
        expected: `rttMinMs ≤ rttP50Ms ≤ rttP99Ms; rttP99Ms of ${heldMs} or more, as for the first; rttMinMs well below, as for the last`,
        received: `rttMinMs ${min}, rttP50Ms ${p50}, rttP99Ms ${p99}`,
        usually: 'times are sorted as text, averaged, in another unit, or all measured from the start of the run',
      },
    );
  },
);

checkpoint(
  'client-loss',
  'the client counts what never came back, also at the end, and does not wait for it',
  async () => {
    const plan = { count: 20, intervalMs: 1, waitMs: 100 };
    const lost = new Set([0, 4, 5, 11, 18, 19]);
    await using target = await ProbeTarget.open(({ sequence }, self) => {
      if (!lost.has(sequence)) self.answer(sequence);
    });
    await using silent = await ProbeTarget.open(() => {});
    const [report, none] = await together([runClient(target, plan), runClient(silent, plan)]);
    const usually =
      'what is lost is told from gaps between numbers, which the last ones do not leave, or is not counted';
    checkCounts(
      report,
      countPath(plan.count, target.replies),
      `no answer to the numbers ${[...lost].join(', ')} of ${plan.count}`,
      usually,
    );
    checkCounts(none, countPath(plan.count, []), `no answer to any of ${plan.count} datagrams`, usually);
    check(none.rttMinMs === null && none.rttP50Ms === null && none.rttP99Ms === null, {
      sent: `no answer to any of ${plan.count} datagrams`,
      expected: 'null for each of the three times: nothing was measured',
      received: JSON.stringify([none.rttMinMs, none.rttP50Ms, none.rttP99Ms]),
      usually: '0 or a sentinel stands for "no value": a monitoring system takes it for a very fast path',
    });
  },
);

checkpoint('client-duplicates', 'the client counts copies apart from what it received', async () => {
  const plan = { count: 20, intervalMs: 1, waitMs: 100 };
  const copies = new Map([
    [0, 1],
    [6, 3],
    [13, 1],
  ]);
  const lost = new Set([7, 15]);
  await using target = await ProbeTarget.open(({ sequence }, self) => {
    if (!lost.has(sequence)) self.answer(sequence);
    for (let i = 0; i < (copies.get(sequence) ?? 0); i += 1) self.answer(sequence);
    // A copy that comes long after the first, when larger numbers have been answered.
    if (sequence === plan.count - 1) self.answer(2);
  });
  const report = await runClient(target, plan);
  checkCounts(
    report,
    countPath(plan.count, target.replies),
    'two numbers lost, 5 copies right after the first reply, and one copy of an early reply at the very end',
    'copies count as received, and hide as many losses; or a late copy counts as reordered; or the client ends when it has COUNT replies',
  );
});

checkpoint('client-reordering', 'the client counts reordering by the next number expected', async () => {
  const plan = { count: 20, intervalMs: 1, waitMs: 100 };
  // The reply to a key is sent after the reply to its value, and after those that were held for the same one earlier.
  const after = new Map([
    [3, 6],
    [4, 6],
    [8, 9],
    [12, plan.count - 1],
  ]);
  const lost = new Set([10, 16]);
  await using target = await ProbeTarget.open(({ sequence }, self) => {
    if (!lost.has(sequence) && !after.has(sequence)) self.answer(sequence);
    for (const [held, until] of after) if (until === sequence) self.answer(held);
  });
  const report = await runClient(target, plan);
  checkCounts(
    report,
    countPath(plan.count, target.replies),
    `replies in this order: ${target.replies.join(' ')}`,
    'a reply is compared with the one before it: two late ones in a row then count once; or a gap counts as reordering',
  );
});

checkpoint('client-strays', 'the client counts no datagram that is no reply to this run', async () => {
  const plan = { count: 20, intervalMs: 1, waitMs: 100 };
  const lost = 9;
  await using target = await ProbeTarget.open(({ sequence, bytes }, self) => {
    if (sequence !== lost) {
      self.answer(sequence);
      return;
    }
    const otherRun = Buffer.from(bytes);
    otherRun.writeUInt32BE((bytes.readUInt32BE(0) ^ 0x5a5a5a5a) >>> 0, 0);
    const neverSent = Buffer.from(bytes);
    neverSent.writeUInt32BE(plan.count, 4);
    for (const stray of [otherRun, neverSent, bytes.subarray(0, 7), Buffer.concat([bytes, bytes]), Buffer.alloc(0)]) {
      self.replyWith(stray);
    }
    const { client } = self;
    if (client) stranger.send(bytes, client.port, client.host);
  });
  await using other = await ProbeTarget.open(({ sequence }, self) => self.answer(sequence));
  const stranger = createSocket('udp4');
  stranger.bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  try {
    const [report] = await together([runClient(target, plan), runClient(other, plan)]);
    checkCounts(
      report,
      countPath(plan.count, target.replies),
      `no reply to number ${lost}, but datagrams of another run, of 0, 7 and 16 bytes, with a number never sent, and from another port`,
      'the run, the length or the sender of what comes is not looked at: answers to an earlier run, or forged ones, pass for replies',
    );
    const runs = [target, other].map(({ seen }) => seen[0]?.bytes.subarray(0, 4).toString('hex'));
    check(runs[0] !== runs[1], {
      sent: 'two clients, started at the same time',
      expected: 'a run of its own in the datagrams of each',
      received: 'the same run in both',
      usually: 'the run is a constant, or made from the time of day',
    });
  } finally {
    stranger.close();
  }
});

checkpoint(
  'client-unreachable',
  'a target where nothing listens is a lossy path, not the end of the client',
  async () => {
    const plan = { count: 10, intervalMs: 2, waitMs: 50 };
    const closed = await openUdp({ host: '127.0.0.1', port: 9 });
    const address = { host: '127.0.0.1', port: closed.port };
    await closed[Symbol.asyncDispose]();
    const report = await runClient(address, plan);
    checkCounts(
      report,
      countPath(plan.count, []),
      `COUNT=${plan.count} to a port where nothing listens`,
      'a send that ends in ECONNREFUSED is not counted as sent, or ends the run',
    );
  },
);

checkpoint(
  'faulty-path',
  'on a path that loses, repeats and reorders, the server stays stateless and the client’s report is exact',
  async ({ seed }) => {
    const plan = { count: 100, intervalMs: 2, waitMs: 200 };
    await withServer({}, async (server) => {
      const faults = { loss: 0.08, duplication: 0.1, reorder: 0.12, reorderByMs: 9, delayMs: 1 };
      await using proxy = await createUdpProxy({ upstream: server, seed, faults });
      await using observer = await PathObserver.open(proxy);
      await withDetails(
        () => proxy.log.describe(),
        async () => {
          const report = await runClient(observer.target, plan);
          const [up, down] = [proxy.counts('toServer'), proxy.counts('toClient')];
          const sent = `COUNT=${plan.count} through a proxy that loses 8 %, repeats 10 % and holds back 12 % each way`;
          check(down.sent === up.delivered + up.duplicated, {
            sent,
            expected: 'one echo for each datagram that reached the server, copies included',
            received: `${formatCount(up.delivered + up.duplicated, 'datagram')} reached it, ${down.sent} came out`,
            usually:
              'the server drops copies, waits for gaps to fill, or puts datagrams in order: state it has no use for',
          });
          const { replies } = observer.target;
          check(replies.length === down.delivered + down.duplicated, {
            sent,
            expected: 'the client to listen until WAIT_MS after its last send',
            received: 'a client that had ended before the last replies reached it',
            usually: 'the wait is counted from the start, or from the last reply',
          });
          const truth = countPath(plan.count, replies);
          check(sameCounts(report, truth), {
            sent,
            expected: 'a report of exactly what the proxy let through',
            received: `${describeCounts(report)}; it let through: ${describeCounts(truth)}`,
            usually: 'copies, losses and late ones are counted rightly each by itself, but not together',
          });
        },
      );
    });
  },
);

checkpoint('stop', 'SIGTERM ends either half with exit code 0, also in the middle of its work', async () => {
  await together([stopServer(), stopClient()]);
});

async function stopServer(): Promise<void> {
  await withServer({}, async (server) => {
    await using flooder = await openUdp(server);
    await expectEcho(server, flooder, 'ready?', { usually: 'see its log' });
    const flood = setInterval(() => void flooder.send('more').catch(() => {}), 1);
    try {
      server.kill('SIGTERM');
      const { code, signal } = await exitOf(server, STOP_DEADLINE_MS, notStopped);
      check(code === 0, {
        sent: 'SIGTERM to the server, while datagrams keep coming',
        expected: 'exit code 0',
        received: signal ?? `exit code ${code}`,
        usually:
          signal === null
            ? 'the stop runs into an error: something is used after the socket is closed'
            : 'there is no handler for SIGTERM, and the signal ends the process',
      });
    } finally {
      clearInterval(flood);
    }
  });
}

async function stopClient(): Promise<void> {
  const plan = { count: 1_000, intervalMs: 20, waitMs: 10_000 };
  await using target = await ProbeTarget.open(({ sequence }, self) => {
    self.answer(sequence);
    if (self.seen.length === 3) client.kill('SIGTERM');
  });
  await using client = startClient(target, plan);
  const report = await reportOf(client, { ...plan, count: 1, waitMs: 0 });
  check(report.sent === target.seen.length && report.received >= 2, {
    sent: 'SIGTERM to the client, after its third datagram',
    expected: 'a report of what was sent until then',
    received: `a report of ${report.sent} sent and ${report.received} received`,
    usually: 'the run goes on to its end, or the report tells COUNT and not what was sent',
  });
}

checkpoint('port-in-use', 'a port in use is one clear line on standard error and a non-zero exit', async () => {
  // The other program allows sharing. A server that allows it too would bind, and each would get some datagrams.
  const taken = createSocket({ type: 'udp4', reuseAddr: true });
  taken.bind(0, '127.0.0.1');
  await once(taken, 'listening');
  try {
    const { port } = taken.address();
    await expectRefusal({ PORT: `${port}` }, [`${port}`], {
      expected: 'one line on standard error that names the port, and a non-zero exit code',
      sent: 'PORT set to a port that another program has, opened with SO_REUSEADDR',
      ready: 'it has the port as well: SO_REUSEADDR does no harm on TCP, but on UDP it lets two programs share a port',
    });
  } finally {
    taken.close();
  }
});

checkpoint(
  'bad-settings',
  'a setting that is not valid is one clear line on standard error and a non-zero exit',
  async () => {
    const cases: readonly Readonly<Record<string, string>>[] = [
      { PORT: 'abc' },
      { PORT: '65536' },
      { RATE_LIMIT_BURST: '0' },
      { RATE_LIMIT_PER_SECOND: '-5' },
      { MAX_SOURCES: '2.5' },
      { ROLE: 'sever' },
      { ROLE: 'client', TARGET_PORT: '7007', COUNT: '10x' },
    ];
    await Promise.all([
      ...cases.map((env) => {
        const [name = '', value = ''] = Object.entries(env).at(-1) ?? [];
        return expectRefusal(env, [name, value], { sent: `${name}=${value}`, ready: RUNS_ANYWAY });
      }),
      expectRefusal({ ROLE: 'client', TARGET_PORT: '' }, ['TARGET_PORT'], {
        sent: 'ROLE=client without a TARGET_PORT',
        ready: RUNS_ANYWAY,
      }),
    ]);
  },
);

const RUNS_ANYWAY = 'a value that cannot be read becomes a default, or NaN, and the mistake shows up somewhere else';

interface Refusal {
  readonly sent: string;
  /** Default: made of the words. */
  readonly expected?: string;
  /** Why a program would run all the same. */
  readonly ready: string;
}

/** Starts the program and fails unless it ends by itself, not with 0, after one line with each of `words`. */
async function expectRefusal(
  env: Readonly<Record<string, string>>,
  words: readonly string[],
  { sent, expected, ready }: Refusal,
): Promise<void> {
  await using program = spawnProgram({ env: { WAIT_MS: '50', ...env } });
  const quoted = words.map((word) => `"${word}"`).join(' and ');
  const text = { sent, expected: expected ?? `one line on standard error with ${quoted}, and a non-zero exit code` };
  await withDetails(
    () => program.logTail(),
    async () => {
      await program.waitForOutput(
        ({ stdout, ended }) => stdout !== '' || ended,
        REFUSAL_DEADLINE_MS,
        () => new CheckpointFailure({ ...text, received: 'a program that runs on, without a word', usually: ready }),
      );
      if (program.stdout !== '') {
        fail({ ...text, received: 'a program that runs', usually: ready });
      }
      const { code, signal } = await program.exited;
      check(code !== null && code !== 0, {
        ...text,
        received: signal ?? `exit code ${code}`,
        usually: 'the error is told, but the process ends as if all were well',
      });
      check(!STACK.test(program.stderr), {
        ...text,
        received: 'a stack trace',
        usually: 'the error is thrown and nobody catches it: whoever set the variable has to read code to understand',
      });
      const line = program.stderr.split('\n').find((one) => words.every((word) => one.includes(word)));
      check(line !== undefined, {
        ...text,
        received: program.stderr.trim() === '' ? 'nothing on standard error' : 'no line with all of that',
        usually: 'the message does not say which setting it is about, or what came',
      });
      // Some runners add a line of their own.
      const lines = program.stderr.trim().split('\n').length;
      check(lines <= 2, { ...text, received: `${lines} lines`, usually: 'the error is logged in several places' });
    },
  );
}

function withLimit(limit: TokenLimit, judge: (server: Program, limit: TokenLimit) => Promise<void>): Promise<void> {
  const env = { RATE_LIMIT_BURST: `${limit.burst}`, RATE_LIMIT_PER_SECOND: `${limit.perSecond}` };
  return withServer(env, (server) => judge(server, limit));
}

/** The results of all; what the first of them threw only once none is running any more. */
async function together<const T extends readonly Promise<unknown>[]>(
  work: T,
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function sumOfDropped(server: Program): number {
  return loggedEvents(server, 'rate-limited').reduce((sum, { dropped }) => sum + (Number(dropped) || 0), 0);
}

function describeTexts(texts: readonly string[]): string {
  const other = texts.find((text) => text.length !== 1);
  return `${formatCount(texts.length, 'datagram')}${other === undefined ? '' : `, one of them ${JSON.stringify(other.slice(0, 60))}`}`;
}

function notStopped(): CheckpointFailure {
  return new CheckpointFailure({
    sent: 'SIGTERM to the server',
    expected: `exit code 0 within ${STOP_DEADLINE_MS / 1000} seconds`,
    received: 'a server that goes on running',
    usually: 'a timer, such as the one that writes the log, keeps the process alive after the socket is closed',
  });
}

function failToSend(length: number): never {
  fail({
    sent: `a datagram of ${formatCount(length)}`,
    expected: 'a system that sends it',
    received:
      'EMSGSIZE from this machine’s kernel, before your server saw anything: this checkpoint could not be judged',
    usually: 'a limit of the system, not of your server: on macOS, sudo sysctl -w net.inet.udp.maxdgram=65535',
  });
}
