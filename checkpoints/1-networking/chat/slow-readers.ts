import { check } from '../../harness/failure.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { FLOOD_LINE_BYTES, flood, floodText } from './flood.ts';
import { quote } from './patron.ts';
import { inTavern } from './tavern.ts';

const SLOW_READER_MAX_BYTES = 32 * 1_048_576;

export function judgeSlowReader(): Promise<void> {
  return inTavern({ MAX_PENDING_BYTES: '262144', MAX_CLIENTS: '3' }, async (tavern) => {
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
    sid.tcp.resume();
    await sid.tcp.waitForPeerEnd({
      sent: 'reads again after it was cut off',
      expected: 'the end of the connection',
      usually: 'it is taken out of the room, and its connection stays',
    });
    await fay.expectQuiet({ usually: 'a client that is cut off is announced twice' });
  });
}

export function judgeLateReader(): Promise<void> {
  return inTavern({ MAX_PENDING_BYTES: String(16 * 1_048_576) }, async (tavern) => {
    const [flo, fay, lee] = await tavern.gather('tavern', 'flo', 'fay', 'lee');
    const usually =
      'the first write that the kernel does not take at once ends the connection, or drops the line: it says "not yet", no more';
    lee.tcp.pause();
    const count = await flood({ flo, fay, maxBytes: 7 * 1_048_576, usually });
    lee.tcp.resume();
    const sent = `${formatCount(count * FLOOD_LINE_BYTES)} to a client that reads later, with MAX_PENDING_BYTES=16777216`;
    for (let i = 0; i < count; i += 1) {
      const line = await lee.line({ sent, expected: 'every message, in order', usually });
      check(line === `MSG flo ${floodText(i)}`, {
        sent,
        expected: 'every message, in order',
        received: `${quote(line.slice(0, 24).trimEnd())} where message ${i} was due`,
        usually,
      });
    }
    await lee.expectQuiet({ sent, usually });
    await fay.expectQuiet({ sent, usually });
  });
}
