import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { createRandom } from '../../harness/random.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { connectCrowd, type Member } from './crowd.ts';
import { quote } from './patron.ts';
import { inTavern } from './tavern.ts';

const NOISE_BYTES = 1_000_000;

const RESET_ROUNDS = 5;

const RESETS_A_ROUND = 60;

export function judgeNoise({ seed }: CheckpointContext): Promise<void> {
  return inTavern({ MAX_CLIENTS: '100' }, async (tavern) => {
    const random = createRandom(seed);
    const [ada] = await tavern.gather('tavern', 'ada');
    const noisy = await tavern.connect();
    const noise = Buffer.from(random.bytes(NOISE_BYTES));
    const sent = `${NOISE_BYTES.toLocaleString('en')} random bytes, a line end and PING`;
    const crashed =
      'an exception that one client causes ends the server for all: an error of a socket or of the decoder is not caught';
    for (let at = 0; at < noise.length; ) {
      const piece = noise.subarray(at, at + random.int(1, 60_000));
      void noisy.tcp.write(piece);
      at += piece.length;
    }
    noisy.send('', 'PING');
    for (;;) {
      const line = await noisy.line({ sent, expected: 'errors, then PONG', usually: crashed });
      if (line === 'PONG') break;
      check(/^ERROR [A-Z0-9_]+ ./.test(line), {
        sent,
        expected: 'errors, then PONG',
        received: quote(line),
        usually: crashed,
      });
    }
    for (let round = 0; round < RESET_ROUNDS; round += 1) {
      await Promise.all(
        Array.from({ length: RESETS_A_ROUND }, async (_, i) => {
          const patron = await tavern.connect();
          const lines = ['', `HELLO r${i}\nJOIN tavern\nSAY hi\n`, `HELLO r${i}\nJOIN cellar\nSAY hal`, 'HEL'];
          patron.tcp.socket.write(lines[i % lines.length] ?? '');
          patron.tcp.reset();
        }),
      );
      await pollUntil(
        async () => {
          const probe = await tavern.connect();
          probe.send('HELLO probe');
          const line = await probe.line({ sent: 'HELLO', usually: crashed });
          probe.tcp.reset();
          return line;
        },
        (line) => line === 'WELCOME probe',
        {
          withinMs: 3_000,
          otherwise: (line) =>
            new CheckpointFailure({
              sent: `${(round + 1) * RESETS_A_ROUND} connections that are reset, then HELLO from a new one (MAX_CLIENTS=100)`,
              expected: 'the line "WELCOME probe" after a moment',
              received: quote(line),
              usually: 'a client that breaks off before or during its handshake keeps its place or its name for ever',
            }),
        },
      );
    }
    const balance = new Map<string, number>();
    await pollUntil(
      async () => {
        ada.send('LIST');
        for (;;) {
          const line = await ada.line({ sent: 'LIST', usually: crashed });
          if (line.startsWith('ROOMS')) return line;
          const [token = '', name = ''] = line.split(' ');
          if (token !== 'MSG') balance.set(name, (balance.get(name) ?? 0) + (token === 'JOINED' ? 1 : -1));
        }
      },
      (line) => line === 'ROOMS tavern=1',
      {
        withinMs: 3_000,
        otherwise: (line) =>
          new CheckpointFailure({
            sent: 'LIST, after 300 connections were reset',
            expected: 'the line "ROOMS tavern=1" after a moment',
            received: quote(line),
            usually: 'a client that breaks off stays in its room as a ghost',
          }),
      },
    );
    const uneven = [...balance].filter(([, count]) => count !== 0);
    check(uneven.length === 0, {
      sent: '300 connections that are reset, many of them in the room',
      expected: 'one LEFT for each JOINED',
      received: `${formatCount(uneven.length, 'name')} for which they differ`,
      usually: 'the ending of a connection is announced for some orders of its events only',
    });
  });
}

const CROWD = 500;

const SPEAKERS = 10;

const MESSAGES_EACH = 3;

export function judgeCommonRoom(): Promise<void> {
  return inTavern({ MAX_CLIENTS: '600' }, async (tavern) => {
    const names = Array.from({ length: CROWD }, (_, i) => `guest${i}`);
    using crowd = await connectCrowd(tavern.server, names);
    const { members } = crowd;
    for (const member of members) member.send(`HELLO ${member.name}`, 'JOIN hall');
    // WELCOME and HERE come first, then one JOINED for everybody who came later.
    const hereCounts = new Map<Member, number>();
    await crowd.waitUntil((member) => {
      const here = hereCounts.get(member) ?? namesSeen(member.lines.slice(1, 2)).length;
      if (here > 0) hereCounts.set(member, here);
      return here > 0 && here + member.lines.length - 2 >= CROWD;
    });
    for (const member of members) {
      const seen = namesSeen(member.lines);
      check(seen.length === CROWD && new Set(seen).size === CROWD, () => ({
        sent: `HELLO and JOIN from ${CROWD} clients at once`,
        expected: `${CROWD} different names for each client, in its HERE and in the JOINED that follow`,
        received: `${formatCount(seen.length, 'name')}, ${new Set(seen).size} of them different${member.ended ? ', and then the end of the connection' : ''}`,
        usually:
          'the line HERE is cut at some length, clients are refused below MAX_CLIENTS, or a join between two others is missed',
      }));
    }
    const speakers = members.slice(0, SPEAKERS);
    const begin = new Map(members.map((member) => [member, member.lines.length]));
    for (let i = 0; i < MESSAGES_EACH; i += 1) for (const speaker of speakers) speaker.send(`SAY message ${i}`);
    const expected = (member: Member) =>
      speakers
        .filter((speaker) => speaker !== member)
        .flatMap(({ name }) => Array.from({ length: MESSAGES_EACH }, (_, i) => `MSG ${name} message ${i}`));
    await crowd.waitUntil((m) => m.lines.length >= (begin.get(m) ?? 0) + expected(m).length);
    // What comes twice, or late, comes before the PONG.
    for (const member of members) member.send('PING');
    await crowd.waitUntil((member) => member.lines.at(-1) === 'PONG');
    for (const member of members) {
      const heard = member.lines.slice(begin.get(member), -1);
      const bySpeaker = speakers.flatMap(({ name }) => heard.filter((line) => line.startsWith(`MSG ${name} `)));
      check(heard.length === expected(member).length && bySpeaker.join('\n') === expected(member).join('\n'), {
        sent: `${MESSAGES_EACH} messages from each of ${SPEAKERS} clients, in a room of ${CROWD}`,
        expected: "each message once for everybody but its sender, in the sender's order",
        received: `${formatCount(heard.length, 'line')} where ${expected(member).length} were due, or others`,
        usually:
          'the delivery to a large room is cut into portions that overlap or leave a gap, or a reader is cut off',
      });
    }
  });
}

/** Everybody of whom a client was told. */
function namesSeen(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [token, ...rest] = line.split(' ');
    return token === 'HERE' ? rest.slice(1) : token === 'JOINED' ? rest : [];
  });
}
