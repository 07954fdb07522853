import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { connectCrowd, type Member } from './crowd.ts';
import { quote } from './patron.ts';
import { inTavern } from './tavern.ts';

export function judgeFullHouse(): Promise<void> {
  return inTavern({ MAX_CLIENTS: '2' }, async (tavern) => {
    const [ada] = await tavern.gather('tavern', 'ada');
    const nameless = await tavern.connect();
    await nameless.expectQuiet({ usually: 'PING is allowed before HELLO' });
    const usually =
      'clients are not counted, or only those that have a name: a connection costs memory before its HELLO';
    for (let i = 0; i < 3; i += 1) {
      const extra = await tavern.connect();
      await extra.expectBye('SERVER_FULL', { sent: 'nothing, as the third client of MAX_CLIENTS=2', usually });
    }
    await ada.expectQuiet({ usually: 'somebody else is ended in favour of the newcomer' });
    for (let i = 0; i < 3; i += 1) {
      const leaver = i === 0 ? nameless : await tavern.greet(`guest${i}`);
      leaver.send('QUIT');
      await leaver.expectBye('QUIT', {
        sent: 'QUIT',
        usually: 'a place is not given back when its client goes, or a refused client is counted as one that is here',
      });
    }
  });
}

export function judgeRoomLimit(): Promise<void> {
  return inTavern({ MAX_ROOMS: '2' }, async (tavern) => {
    const [ada, bob] = await tavern.gather('tavern', 'ada', 'bob');
    await tavern.gather('cellar', 'amy');
    const usually = 'rooms are not counted: every name that anybody thinks of costs memory';
    bob.send('JOIN attic');
    await bob.expectError('TOO_MANY_ROOMS', {
      sent: 'JOIN attic, with tavern and cellar taken and MAX_ROOMS=2',
      usually,
    });
    await ada.expectQuiet({
      sent: 'JOIN attic from bob, which is refused',
      usually: 'the client is taken out of its room before it is certain that there is a place for the other',
    });
    bob.send('WHO', 'JOIN cellar', 'LIST');
    await bob.expect('HERE tavern ada bob', {
      sent: 'WHO, after a JOIN that was refused',
      usually: 'the client is in no room any more',
    });
    await bob.expect('HERE cellar amy bob', {
      sent: 'JOIN cellar, a room that there is',
      usually: 'at the limit no room can be joined at all: only new ones are refused',
    });
    await bob.expect('ROOMS cellar=2 tavern=1', { sent: 'LIST', usually });
    await ada.expect('LEFT bob', { usually });
    ada.send('LEAVE', 'JOIN attic');
    await ada.expect('LEFT ada', { usually });
    await ada.expect('HERE attic ada', {
      sent: 'JOIN attic, after tavern was left empty',
      usually: 'a room that nobody is in still counts',
    });
  });
}

const RATE_PER_SECOND = 50;

const RATE_BURST = 20;

const RATE_FLOOD_LINES = 300;

export function judgeRateLimit(): Promise<void> {
  return inTavern(
    { RATE_LIMIT_PER_SECOND: `${RATE_PER_SECOND}`, RATE_LIMIT_BURST: `${RATE_BURST}` },
    async (tavern) => {
      const bystander = await tavern.enter('bystander', 'tavern');
      const began = performance.now();
      using crowd = await connectCrowd(tavern.server, ['watcher', 'flo']);
      const [watcher, flo] = crowd.members as [Member, Member];
      for (const member of crowd.members) member.send(`HELLO ${member.name}`, 'JOIN tavern');
      await crowd.waitUntil((member) => member.lines.length >= 2);
      flo.send(...Array.from({ length: RATE_FLOOD_LINES }, (_, i) => `SAY ${i}`));
      const sent = `${RATE_FLOOD_LINES} messages in one write, then one every 8 ms (RATE_LIMIT_BURST=${RATE_BURST}, RATE_LIMIT_PER_SECOND=${RATE_PER_SECOND})`;
      const countOf = (member: Member, pattern: RegExp) => member.lines.filter((line) => pattern.test(line)).length;
      // Faster than tokens come: what gets through has found a token that was earned bit by bit.
      await pollUntil(
        () => {
          flo.send('SAY again');
          return countOf(watcher, /^MSG flo again$/);
        },
        (count) => count > 0,
        {
          withinMs: 2_000,
          everyMs: 8,
          otherwise: () =>
            new CheckpointFailure({
              sent,
              expected: `that one of the later messages gets through: ${RATE_PER_SECOND} tokens are earned in a second`,
              received: 'none of them',
              usually: 'each refused line throws a fraction of a token away, costs one, or starts the time anew',
            }),
        },
      );
      await pollUntil(
        () => {
          flo.send('PING');
          return countOf(flo, /^PONG$/);
        },
        (count) => count > 0,
        {
          withinMs: 2_000,
          everyMs: 40,
          otherwise: () =>
            new CheckpointFailure({
              sent: 'PING every 40 ms',
              expected: 'PONG',
              received: 'none',
              usually: 'PING is not answered',
            }),
        },
      );
      const seconds = (performance.now() - began) / 1_000;
      const heard = countOf(watcher, /^MSG flo \d+$/);
      const allAccepted = 2 + heard + countOf(watcher, /^MSG flo again$/) + countOf(flo, /^PONG$/);
      check(heard >= RATE_BURST - 2 && allAccepted <= RATE_BURST + Math.ceil(seconds * RATE_PER_SECOND), {
        sent,
        expected: `${RATE_BURST - 2} messages at once (HELLO and JOIN took a token each), and then no more than are earned`,
        received: `${formatCount(heard, 'message')} of the ${RATE_FLOOD_LINES}`,
        usually: 'lines are not counted, the bucket has no limit, or it is not full at the connect',
      });
      const refusals = countOf(flo, /^ERROR RATE_LIMITED ./);
      check(refusals >= 1 && refusals <= 1 + allAccepted - RATE_BURST, {
        sent,
        expected: 'one ERROR RATE_LIMITED each time that the tokens run out',
        received: `${formatCount(refusals, 'line')} of ERROR RATE_LIMITED`,
        usually:
          'every refused line is answered, so that one flood makes another; or none is, and the client never learns why',
      });
      bystander.send('WHO');
      for (;;) {
        const expected = 'a line "HERE tavern …"';
        const usually = 'one bucket is shared by all clients';
        const line = await bystander.line({ sent: 'WHO from somebody else, after the flood', expected, usually });
        if (line.startsWith('HERE tavern ')) break;
        check(/^(JOINED|MSG) /.test(line), {
          sent: 'WHO from somebody else, after the flood',
          expected,
          received: quote(line),
          usually,
        });
      }
    },
  );
}
