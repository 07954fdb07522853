import { check } from '../../harness/failure.ts';
import { type Patron, quote } from './patron.ts';
import { inTavern } from './tavern.ts';

export function judgePresence(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const order = ['zoe', 'Ada', 'mia', 'Bob'];
    const here: Patron[] = [];
    for (const [index, name] of order.entries()) {
      const patron = await tavern.greet(name);
      patron.send('JOIN tavern');
      await patron.expect(`HERE tavern ${order.slice(0, index + 1).join(' ')}`, {
        sent: `JOIN tavern, as number ${index + 1}`,
        usually: 'the list is sorted, leaves the client itself out, or something else of the room comes before it',
      });
      for (const other of here) {
        await other.expect(`JOINED ${name}`, {
          sent: `JOIN tavern from ${name}`,
          usually: 'those who are in the room are not told, or not under the name as it was given',
        });
      }
      patron.send(`SAY I am number ${index + 1}`);
      for (const other of here)
        await other.expect(`MSG ${name} I am number ${index + 1}`, { usually: 'messages are lost' });
      here.push(patron);
    }
    for (const patron of here) {
      await patron.expectQuiet({
        usually:
          'a join is announced twice, or to the one who joins as well, or what was said before it is delivered after it',
      });
    }
  });
}

export function judgeUnjoined(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const silent = await tavern.connect();
    const named = await tavern.greet('named');
    const left = await tavern.enter('former', 'tavern');
    left.send('LEAVE');
    await left.expect('LEFT former', { sent: 'LEAVE', usually: 'LEAVE is not answered' });
    const [ada, bob] = await tavern.gather('tavern', 'ada', 'bob');
    ada.send('SAY a secret');
    await bob.expect('MSG ada a secret', { usually: 'messages do not reach the room' });
    bob.send('QUIT');
    await ada.expect('LEFT bob', { usually: 'leaves are not announced' });
    const usually = 'events go to every socket, or to every client with a name, and not to the members of the room';
    for (const [outsider, who] of [
      [silent, 'a client that said no HELLO'],
      [named, 'a client that joined no room'],
      [left, 'a client that has left'],
    ] as const) {
      await outsider.expectQuiet({ sent: `PING from ${who}, after others joined, talked and left`, usually });
    }
  });
}

export function judgeMessages(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const [ada, bob, eve] = await tavern.gather('tavern', 'ada', 'bob', 'eve');
    const texts = [
      'hi',
      ' two  spaces ',
      'SAY again',
      'ERROR 42 fake',
      'e\u0301 is not \u00e9',
      '友だち 🎲',
      '"\\',
      '#',
    ];
    const unchanged =
      'the text is trimmed, split at its spaces or normalized: it begins after the first space and ends with the line';
    for (const text of texts) {
      ada.send(`SAY ${text}`);
      await bob.expect(`MSG ada ${text}`, { sent: JSON.stringify(`SAY ${text}`), usually: unchanged });
      await eve.expect(`MSG ada ${text}`, { sent: JSON.stringify(`SAY ${text}`), usually: unchanged });
    }
    const usually =
      'lines of one sender are worked off at the same time, so that they overtake one another, or a line is sent twice';
    const count = 100;
    for (const [sender, name] of [
      [ada, 'ada'],
      [bob, 'bob'],
    ] as const) {
      sender.send(...Array.from({ length: count }, (_, i) => `SAY ${name} ${i}`));
    }
    const next = { ada: 0, bob: 0 };
    for (let i = 0; i < 2 * count; i += 1) {
      const line = await eve.line({ expected: `${2 * count} messages from ada and bob`, usually });
      const sender = line.startsWith('MSG ada ') ? 'ada' : 'bob';
      check(line === `MSG ${sender} ${sender} ${next[sender]}`, {
        sent: `${count} messages from ada and ${count} from bob, each in one write`,
        expected: `the messages of each in the order in which they were sent`,
        received: `${quote(line)} where number ${next[sender]} of ${sender} was due`,
        usually,
      });
      next[sender] += 1;
    }
    await eve.expectQuiet({ usually });
    for (const [sender, other] of [
      [ada, 'bob'],
      [bob, 'ada'],
    ] as const) {
      for (let i = 0; i < count; i += 1) {
        await sender.expect(`MSG ${other} ${other} ${i}`, { usually: 'a message is sent back to its sender as well' });
      }
      await sender.expectQuiet({ usually: 'a message is sent back to its sender as well' });
    }
  });
}

export function judgeRooms(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const [ada, bob] = await tavern.gather('tavern', 'ada', 'bob');
    const [amy] = await tavern.gather('cellar', 'amy');
    const usually =
      'a JOIN adds a room to those that the client is in: it is in one at most, so the old room sees it leave';
    bob.send('JOIN cellar');
    await bob.expect('HERE cellar amy bob', { sent: 'JOIN cellar from bob, who is in tavern', usually });
    await amy.expect('JOINED bob', { usually });
    await ada.expect('LEFT bob', { sent: 'JOIN cellar from bob, who is in tavern', usually });
    ada.send('SAY to the tavern');
    await ada.expectQuiet({ usually });
    bob.send('SAY to the cellar');
    await amy.expect('MSG bob to the cellar', { usually });
    await bob.expectQuiet({ sent: 'SAY in tavern, while bob is in cellar', usually });
    await ada.expectQuiet({ sent: 'SAY in cellar, while ada is in tavern', usually });

    const listed = 'the rooms are in the order in which they were made, or an empty room stays in the list';
    ada.send('LIST');
    await ada.expect('ROOMS cellar=2 tavern=1', { sent: 'LIST', usually: listed });
    ada.send('JOIN attic', 'LIST');
    await ada.expect('HERE attic ada', { usually });
    await ada.expect('ROOMS attic=1 cellar=2', { sent: 'LIST, after ada left tavern empty', usually: listed });
    ada.send('LEAVE', 'LIST', 'JOIN tavern');
    await ada.expect('LEFT ada', { sent: 'LEAVE', usually });
    await ada.expect('ROOMS cellar=2', { sent: 'LIST, after ada left attic empty', usually: listed });
    await ada.expect('HERE tavern ada', { sent: 'JOIN tavern, a room that was emptied before', usually: listed });
    amy.tcp.end();
    await bob.expect('LEFT amy', { usually });
    bob.send('LIST');
    await bob.expect('ROOMS cellar=1 tavern=1', { sent: 'LIST, after amy ended the connection', usually: listed });
  });
}

export function judgeLeaveAnnounced(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const [watcher] = await tavern.gather('tavern', 'watcher');
    const ways: readonly (readonly [string, (patron: Patron) => unknown])[] = [
      ['LEAVE, and then the end of the connection', (p) => p.send('LEAVE')],
      ['QUIT', (p) => p.send('QUIT')],
      ['a FIN', (p) => p.tcp.end()],
      ['a RST', (p) => p.tcp.reset()],
      ['JOIN of another room, and then a FIN', (p) => p.send('JOIN cellar')],
      ['QUIT and a FIN in one packet', (p) => p.tcp.socket.end('QUIT\n')],
      [
        'a FIN and then a RST',
        (p) => {
          p.tcp.end();
          p.tcp.reset();
        },
      ],
    ];
    for (const [index, [way, leave]] of ways.entries()) {
      const name = `p${index}`;
      const patron = await tavern.enter(name, 'tavern', [watcher]);
      await leave(patron);
      await watcher.expect(`LEFT ${name}`, {
        sent: way,
        usually: 'only one of the ways in which a connection can end leads to the announcement',
      });
      patron.tcp.end();
      await patron.tcp.waitForPeerEnd({
        sent: way,
        expected: 'the end of the connection, after both sides are done',
        usually: 'the server never ends its own side, and keeps the socket',
      });
      await patron.tcp[Symbol.asyncDispose]();
      const usually = 'two events of one ending ("end" and "close", QUIT and the FIN after it) each announce the leave';
      await watcher.expectQuiet({ sent: way, usually });
    }
    const quitter = await tavern.enter('quitter', 'tavern', [watcher]);
    const more = 'QUIT with 300,000 bytes behind it';
    void quitter.tcp.write(`QUIT\n${'SAY too late\n'.repeat(23_077)}`);
    await quitter.expectBye('QUIT', {
      sent: more,
      usually: 'the connection is closed with bytes unread, which makes the kernel send a RST in place of the FIN',
    });
    await watcher.expect('LEFT quitter', { sent: more, usually: 'what follows QUIT is still obeyed' });
    const zed = await tavern.greet('zed');
    zed.tcp.socket.end('JOIN tavern\nSAY hello\nSAY and goodbye\nSAY unfini');
    const usually = 'the FIN is acted upon before the lines that came with it, or the unfinished line is taken for one';
    for (const line of ['JOINED zed', 'MSG zed hello', 'MSG zed and goodbye', 'LEFT zed']) {
      await watcher.expect(line, { sent: 'JOIN, two messages, half a line and a FIN, in one packet', usually });
    }
    await zed.expect('HERE tavern watcher zed', {
      sent: 'JOIN, two messages, half a line and a FIN, in one packet',
      usually: 'the FIN closes both directions, and the answer that was owed is thrown away',
    });
  });
}
