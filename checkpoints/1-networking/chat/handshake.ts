import { inTavern } from './tavern.ts';

export function judgeWelcome(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const ada = await tavern.connect();
    const usually =
      'the answer has another form than in the table of events, or something is sent that nobody asked for';
    ada.send('HELLO Ada');
    await ada.tcp.expectBytes(Buffer.from('WELCOME Ada\n'), {
      sent: 'HELLO Ada',
      expected: 'the bytes of "WELCOME Ada" and LF, first of all',
      usually,
    });
    for (const [command, answer] of [
      ['PING', 'PONG'],
      ['LIST', 'ROOMS'],
      ['JOIN tavern', 'HERE tavern Ada'],
      ['WHO', 'HERE tavern Ada'],
      ['LIST', 'ROOMS tavern=1'],
      ['LEAVE', 'LEFT Ada'],
    ] as const) {
      ada.send(command);
      await ada.expect(answer, { sent: command, usually });
    }
    ada.send('QUIT');
    await ada.expectBye('QUIT', { sent: 'QUIT', usually });
  });
}

export function judgeNames(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const asker = await tavern.connect();
    for (const name of ['', 'a b', ' ada', 'ada ', 'a.b', 'ädä', '\u212Aelvin', '\u0663', 'x'.repeat(17)]) {
      asker.send(`HELLO ${name}`);
      const usually = 'a pattern that is wider than ASCII (\\w, the flags i and u), not anchored, or without a length';
      await asker.expectError('INVALID_NAME', { sent: JSON.stringify(`HELLO ${name}`), usually });
    }
    for (const name of ['a', '7', '_-', 'ABCDEFGHIJKLMNOP', '__proto__', 'constructor']) {
      const usually =
        'a name is refused that the brief allows, or names are the keys of a plain object, which has some already';
      const patron = await tavern.connect();
      patron.send(`HELLO ${name}`);
      await patron.expect(`WELCOME ${name}`, { sent: `HELLO ${name}`, usually });
    }
    const usually =
      'a rule for room names that is wider or narrower than: a lower-case letter, then up to 23 of a-z, 0-9 and -';
    const guest = await tavern.greet('guest');
    for (const room of ['', 'Tavern', '1st', '-a', 'a_b', 'a b', 'cellar ', 'é', `r${'x'.repeat(24)}`]) {
      guest.send(`JOIN ${room}`);
      await guest.expectError('INVALID_ROOM', { sent: JSON.stringify(`JOIN ${room}`), usually });
    }
    for (const room of ['a', 'a-1', `r${'x'.repeat(23)}`, 'constructor']) {
      guest.send(`JOIN ${room}`);
      await guest.expect(`HERE ${room} guest`, { sent: `JOIN ${room}`, usually });
    }
  });
}

export function judgeUniqueNames(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const ada = await tavern.enter('Ada', 'tavern');
    const watcher = await tavern.enter('watcher', 'tavern', [ada]);
    const rival = await tavern.connect();
    for (const name of ['Ada', 'ADA', 'ada']) {
      const usually = 'names are compared as written, so that Ada and ADA can be told apart by nobody but the server';
      rival.send(`HELLO ${name}`);
      await rival.expectError('NAME_TAKEN', { sent: `HELLO ${name}, while Ada is connected`, usually });
    }
    ada.send('PING');
    await ada.expect('PONG', { usually: 'the newcomer took the name over, and the old connection was thrown out' });
    rival.send('HELLO bob', 'JOIN cellar');
    await rival.expect('WELCOME bob', {
      sent: 'HELLO bob, after NAME_TAKEN',
      usually: 'a refused HELLO ends the connection, or leaves it in a state in which no other name is taken',
    });
    await rival.line({ usually: 'JOIN is not answered' });
    const stranger = await tavern.connect();
    stranger.send('HELLO ada');
    await stranger.expectError('NAME_TAKEN', {
      sent: 'HELLO ada from a client in no room, while Ada is in the tavern',
      usually: 'names are kept by room: they are unique in the whole server',
    });
    const roomless = await tavern.greet('carol');
    roomless.send('QUIT');
    await roomless.expectBye('QUIT', { usually: 'QUIT is not answered' });
    stranger.send('HELLO carol');
    await stranger.expect('WELCOME carol', {
      sent: 'HELLO carol, after the carol in no room has quit',
      usually: 'a name is given back when its holder leaves a room, and this holder was in none',
    });
    ada.tcp.reset();
    await watcher.expect('LEFT Ada', { sent: 'a RST from Ada', usually: 'a reset connection is not noticed' });
    const back = await tavern.connect();
    back.send('HELLO ada');
    await back.expect('WELCOME ada', {
      sent: 'HELLO ada, after LEFT Ada was announced',
      usually: 'a name is given back under another spelling than it was taken, or only when its holder says QUIT',
    });
  });
}

export function judgeOutOfPlace(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const [ada] = await tavern.gather('tavern', 'ada');
    const patron = await tavern.connect();
    const refuse = async (line: string, code: string, usually: string) => {
      patron.send(line);
      await patron.expectError(code, { sent: JSON.stringify(line), usually });
      await ada.expectQuiet({
        sent: JSON.stringify(line),
        usually: 'a refused line has an effect on others all the same',
      });
    };
    const unknown =
      'commands are compared without case, or a line with something behind a bare command is taken for it';
    for (const line of ['say hi', 'SHOUT hi', 'WHO tavern', 'LEAVE ', 'PING 1', 'QUIT now', ' PING', 'JOINED bob']) {
      await refuse(line, 'UNKNOWN_COMMAND', unknown);
    }
    for (const line of ['JOIN tavern', 'SAY hi', 'LEAVE', 'WHO', 'LIST']) {
      await refuse(
        line,
        'HELLO_FIRST',
        'a command is obeyed, or answered with another error, before the client has a name',
      );
    }
    patron.send('PING', 'PONG', 'HELLO bob');
    const always = 'PING and PONG are allowed at any time, before HELLO too, and PONG gets no answer';
    await patron.expect('PONG', { sent: 'PING, before HELLO', usually: always });
    await patron.expect('WELCOME bob', { sent: 'PONG, then HELLO bob', usually: always });
    await refuse(
      'HELLO rob',
      'ALREADY_WELCOMED',
      'a second HELLO renames the client, or is told that the name is free',
    );
    for (const line of ['SAY hi', 'LEAVE', 'WHO']) {
      await refuse(
        line,
        'NO_ROOM',
        'what is said in no room is kept for later, sent to all, or dropped without a word',
      );
    }
    for (const line of ['SAY', 'SAY '])
      await refuse(line, 'EMPTY_MESSAGE', 'an empty message is sent on, or ignored without a word');
    patron.send('JOIN tavern');
    await patron.expect('HERE tavern ada bob', { usually: 'what was said before the join is delivered after it' });
    await ada.expect('JOINED bob', { usually: 'what was said before the join is delivered after it' });
    const stays = 'the client is taken out of its room before it is certain that it can go into the other';
    await refuse('JOIN tavern', 'ALREADY_THERE', 'joining the room again is announced as a leave and a join');
    await refuse('JOIN No', 'INVALID_ROOM', stays);
    patron.send('SAY still here');
    await ada.expect('MSG bob still here', { sent: 'SAY, after a JOIN that was refused', usually: stays });
    await patron.expectQuiet({ usually: 'a refused line is answered twice' });
  });
}
