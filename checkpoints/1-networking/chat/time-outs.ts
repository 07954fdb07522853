import { check } from '../../harness/failure.ts';
import { quote } from './patron.ts';
import { inTavern, patiently, TooSlowToTell } from './tavern.ts';

export function judgeHalfOpen(): Promise<void> {
  return patiently((scale) =>
    inTavern(
      { HEARTBEAT_INTERVAL_MS: String(50 * scale), HEARTBEAT_TIMEOUT_MS: String(100 * scale) },
      async (tavern) => {
        const [watcher, mute] = await tavern.gather('tavern', 'watcher', 'mute');
        const usually = 'a connection without bytes is taken for alive: a peer that vanished sends neither FIN nor RST';
        const sent = 'nothing for longer than HEARTBEAT_INTERVAL_MS and HEARTBEAT_TIMEOUT_MS';
        const [line] = await Promise.all([
          watcher.lineBesidesPings({ sent: `${sent}, from mute`, expected: 'the line "LEFT mute"', usually }),
          mute
            .expect('PING', { sent, usually })
            .then(() => mute.expectBye('HEARTBEAT_TIMEOUT', { sent: `${sent}: PING is not answered`, usually })),
        ]);
        check(line === 'LEFT mute', {
          sent: `${sent}, from mute`,
          expected: 'the line "LEFT mute"',
          received: quote(line),
          usually: 'the silent client is ended, and nobody is told',
        });
        const back = await tavern.connect();
        back.send('HELLO mute');
        await back.expect('WELCOME mute', {
          sent: 'HELLO mute, after LEFT mute, while the silent connection is still open on its own side',
          usually: 'the name is given back when the socket closes, for which the silent peer never does its part',
        });
      },
    ),
  );
}

export function judgeAlive(): Promise<void> {
  return patiently((scale) => {
    const intervalMs = 25 * scale;
    const timeoutMs = 175 * scale;
    const env = { HEARTBEAT_INTERVAL_MS: String(intervalMs), HEARTBEAT_TIMEOUT_MS: String(timeoutMs) };
    return inTavern(env, async (tavern) => {
      const [ponger, talker] = await tavern.gather('tavern', 'ponger', 'talker');
      const late = await tavern.greet('late');
      const usually =
        'the time-out runs from the first PING or from the join, or only PONG counts: every byte is a sign of life';
      await late.expect('PING', { usually });
      // Two further rounds of somebody else take at most four intervals, which is still within the time-out.
      for (let round = 0; round < 2; round += 1) {
        await ponger.expect('PING', { sent: 'PONG to every PING', usually });
        ponger.send('PONG');
      }
      late.send('PONG');
      await late.expectAlive({
        sent: 'PONG, two to four intervals after the PING and within HEARTBEAT_TIMEOUT_MS',
        usually: 'a client is given up at the next interval, whatever HEARTBEAT_TIMEOUT_MS says',
      });
      const enough = performance.now() + 1.3 * (intervalMs + timeoutMs);
      const talk = async () => {
        while (performance.now() < enough) {
          await talker.expect('PING', { sent: 'LIST in answer to every PING, never PONG', usually });
          talker.send('LIST');
          await talker.expect('ROOMS tavern=2', { sent: 'LIST in answer to every PING, never PONG', usually });
        }
      };
      const pong = async () => {
        while (performance.now() < enough) {
          await ponger.expect('PING', { sent: 'PONG to every PING', usually });
          ponger.send('PONG');
        }
      };
      await Promise.all([talk(), pong()]);
      await ponger.expectAlive({ sent: 'PONG to every PING', usually });
      await talker.expectAlive({ sent: 'LIST in answer to every PING, never PONG', usually });
    });
  });
}

export function judgeHandshakeTimeout(): Promise<void> {
  return patiently((scale) => {
    const timeoutMs = 120 * scale;
    return inTavern({ HANDSHAKE_TIMEOUT_MS: String(timeoutMs) }, async (tavern) => {
      const ada = await tavern.enter('ada', 'tavern');
      const [silent, busy] = [await tavern.connect(), await tavern.connect()];
      const usually = 'connections without a name are kept for ever, or every line that comes starts the time anew';
      const chatter = async () => {
        const sent = 'HELLO ada, which is taken, again and again';
        for (;;) {
          const sentAt = performance.now();
          busy.send('HELLO ada');
          const line = await busy.line({ sent, expected: 'BYE HANDSHAKE_TIMEOUT after a while', usually });
          if (line.startsWith('BYE HANDSHAKE_TIMEOUT ')) {
            // After such a pause a time that every line starts anew has run out, too: only longer times can tell.
            if (performance.now() - sentAt > timeoutMs / 2) throw new TooSlowToTell();
            return;
          }
          check(performance.now() < deadline && line.startsWith('ERROR NAME_TAKEN '), {
            sent,
            expected: 'ERROR NAME_TAKEN each time, and BYE HANDSHAKE_TIMEOUT after a while',
            received: `${quote(line)} after ${Math.round(performance.now() - began)} ms`,
            usually,
          });
        }
      };
      const began = performance.now();
      const deadline = began + 1_000 + 4 * timeoutMs;
      await Promise.all([chatter(), silent.expectBye('HANDSHAKE_TIMEOUT', { sent: 'nothing at all', usually })]);
      await ada.expectQuiet({ usually: 'the time-out also ends those who have given their name in time' });
    });
  });
}
