import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { expectFlood, FLOOD_LINE_BYTES, flood } from './flood.ts';
import { quote } from './patron.ts';
import { inTavern } from './tavern.ts';

const SLOW_READER_MAX_BYTES = 32 * 1_048_576;

export function judgeSlowReader(): Promise<void> {
  return inTavern({ MAX_PENDING_BYTES: '262144', MAX_CLIENTS: '3', DRAIN_TIMEOUT_MS: '30000' }, async (tavern) => {
    const [flo, fay, sid] = await tavern.gather('tavern', 'flo', 'fay', 'sid');
    sid.tcp.pause();
    let cutOff = false;
    const waits =
      'a message is sent to the next member only when the one before has taken it (await, drain, a blocking send)';
    const bounded =
      'what waits for a client is not counted, or messages to it are dropped in silence: it is to be cut off';
    await flood({
      flo,
      fay,
      maxBytes: SLOW_READER_MAX_BYTES,
      done: () => cutOff,
      usually: waits,
      onOther: (line) => {
        const expected = line === 'LEFT sid' && !cutOff;
        cutOff ||= expected;
        return expected;
      },
    });
    check(cutOff, {
      sent: `messages of ${formatCount(SLOW_READER_MAX_BYTES)} to a client that reads none, with MAX_PENDING_BYTES=262144`,
      expected: '"LEFT sid" to the others, long before that',
      received: 'the messages alone',
      usually: bounded,
    });
    await flo.expect('LEFT sid', { sent: 'a flood that sid does not read', usually: bounded });
    const again = await tavern.connect();
    again.send('HELLO sid');
    await again.expect('WELCOME sid', {
      sent: 'HELLO sid from a new client, after LEFT sid, with MAX_CLIENTS=3',
      usually: 'who is cut off keeps its place or its name until it reads: the socket was ended, not destroyed',
    });
    // A connection that is closed in both directions answers what it gets with a RST, which shows at the next write.
    await pollUntil(
      () => {
        void sid.tcp.write('PING\n');
        return sid.tcp.peer;
      },
      (peer) => peer === 'reset',
      {
        withinMs: 2_000,
        otherwise: () =>
          new CheckpointFailure({
            sent: 'PING again and again from the client that was cut off and still reads nothing',
            expected: 'a RST, since its connection is closed in both directions',
            received: 'no RST: the connection stands',
            usually: 'it is ended with a FIN, which queues behind what nobody reads, so that all of it stays in memory',
          }),
      },
    );
    await fay.expectQuiet({ usually: 'a client that is cut off is announced twice' });
  });
}

export function judgeLateReader(): Promise<void> {
  const env = { MAX_PENDING_BYTES: `${16 * 1_048_576}`, DRAIN_TIMEOUT_MS: '30000' };
  return inTavern(env, async (tavern) => {
    const [flo, fay, lee, kim] = await tavern.gather('tavern', 'flo', 'fay', 'lee', 'kim');
    const usually =
      'the first write that the kernel does not take at once ends the connection, or drops the line: it says "not yet", no more';
    for (const late of [lee, kim]) late.tcp.pause();
    const count = await flood({ flo, fay, maxBytes: 6 * 1_048_576, usually });
    const sent = `${formatCount(count * FLOOD_LINE_BYTES)} to a client that reads later, with MAX_PENDING_BYTES=16777216`;
    lee.tcp.resume();
    await expectFlood(lee, count, { sent, usually });
    await lee.expectQuiet({ sent, usually });

    const ended = `${sent}, which ends its own side (FIN) before it reads`;
    const owed = 'the FIN closes both directions: it says "I send nothing more", and nothing of reading';
    kim.tcp.end();
    await fay.expect('LEFT kim', { sent: ended, usually: 'a FIN is not taken for a leave' });
    kim.tcp.resume();
    await expectFlood(kim, count, { sent: ended, usually: owed });
    const rest = await kim.tcp.readToEnd({ sent: ended, expected: 'the end of the stream (FIN)', usually: owed });
    check(rest.length === 0, {
      sent: ended,
      expected: 'nothing after the messages',
      received: quote(`${rest}`),
      usually: owed,
    });
  });
}
