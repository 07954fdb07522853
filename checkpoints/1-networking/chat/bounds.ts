import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { connectCrowd, type Member } from './crowd.ts';
import { type Patron, quote } from './patron.ts';
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

/**
 * A token takes 250 ms to grow: many times longer than the pauses between the later messages, on a busy machine too. A
 * server that earns whole tokens only would get one in a pause that is as long.
 */
const RATE_PER_SECOND = 4;
const RATE_BURST = 20;
const FLOOD_LINES = 300;

export function judgeRateLimit(): Promise<void> {
  const env = { RATE_LIMIT_PER_SECOND: `${RATE_PER_SECOND}`, RATE_LIMIT_BURST: `${RATE_BURST}` };
  return inTavern(env, async (tavern) => {
    const bystander = await tavern.enter('bystander', 'tavern');
    const began = performance.now();
    using crowd = await connectCrowd(tavern.server, ['watcher', 'flo']);
    const [watcher, flo] = crowd.members as [Member, Member];
    for (const member of crowd.members) member.send(`HELLO ${member.name}`, 'JOIN tavern');
    await crowd.waitUntil((member) => member.lines.length >= 2);
    // Lines of two kinds: whatever a line holds, it takes a token.
    flo.send(...Array.from({ length: FLOOD_LINES }, (_, i) => (i % 2 === 0 ? `SAY ${i}` : 'LIST')));
    const sent = `${FLOOD_LINES} lines in one write, every other one a message, then a message every 4 ms (RATE_LIMIT_BURST=${RATE_BURST}, RATE_LIMIT_PER_SECOND=${RATE_PER_SECOND})`;
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
        everyMs: 4,
        otherwise: () =>
          new CheckpointFailure({
            sent,
            expected: `that one of the later messages gets through: ${RATE_PER_SECOND} tokens are earned in a second`,
            received: 'none of them',
            usually: 'each refused line throws a fraction of a token away, costs one, or starts the time anew',
          }),
      },
    );
    const seconds = (performance.now() - began) / 1_000;
    const answered = countOf(watcher, /^MSG flo \d+$/) + countOf(flo, /^ROOMS /);
    const accepted = 2 + answered + countOf(watcher, /^MSG flo again$/);
    check(answered >= RATE_BURST - 2 && accepted <= RATE_BURST + Math.ceil(seconds * RATE_PER_SECOND), {
      sent,
      expected: `${RATE_BURST - 2} lines at once (HELLO and JOIN took a token each), and then no more than are earned`,
      received: `${formatCount(answered, 'line')} of the ${FLOOD_LINES}`,
      usually: 'lines of some kind are not counted, the bucket has no limit, or it is not full at the connect',
    });
    const refusals = countOf(flo, /^ERROR RATE_LIMITED ./);
    check(refusals >= 1 && refusals <= 1 + accepted - RATE_BURST, {
      sent,
      expected: 'one ERROR RATE_LIMITED each time that the tokens run out',
      received: `${formatCount(refusals, 'line')} of ERROR RATE_LIMITED`,
      usually:
        'every refused line is answered, so that one flood makes another; or none is, and the client never learns why',
    });
    await expectServed(bystander);
  });
}

/** Somebody else, who has used up none of their own tokens, is answered as ever. */
async function expectServed(bystander: Patron): Promise<void> {
  const sent = 'WHO from somebody else, after the flood';
  const expected = 'a line "HERE tavern …"';
  const usually = 'one bucket is shared by all clients';
  bystander.send('WHO');
  for (;;) {
    const line = await bystander.line({ sent, expected, usually });
    if (line.startsWith('HERE tavern ')) return;
    check(/^(JOINED|MSG) /.test(line), { sent, expected, received: quote(line), usually });
  }
}
