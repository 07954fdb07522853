import { once } from 'node:events';
import { connect } from 'node:net';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { exitOf, type Program, spawnProgram, startProgram } from '../../harness/program.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { expectFlood, flood } from './flood.ts';
import { quote } from './patron.ts';
import { inTavern } from './tavern.ts';

const LONG_DRAIN_MS = 30_000;

const EXIT_DEADLINE_MS = 4_000;

export function judgeShutdown(): Promise<void> {
  return inTavern({ DRAIN_TIMEOUT_MS: `${LONG_DRAIN_MS}`, MAX_PENDING_BYTES: `${16 * 1_048_576}` }, async (tavern) => {
    const [flo, fay, late] = await tavern.gather('tavern', 'flo', 'fay', 'late');
    const [named, nameless] = [await tavern.greet('named'), await tavern.connect()];
    await nameless.expectQuiet({ usually: 'PING is allowed before HELLO' });
    late.tcp.pause();
    const usually = 'the process ends as soon as SIGTERM comes, with lines that are still waiting to be written';
    const count = await flood({ flo, fay, maxBytes: 6 * 1_048_576, usually });
    tavern.server.kill('SIGTERM');
    const sent = 'SIGTERM';
    for (const patron of [named, nameless, flo]) {
      await patron.expectBye('SHUTDOWN', {
        sent,
        usually: 'only the members of rooms are told, or others learn of the leaves that the stop itself causes',
      });
      patron.tcp.end();
    }
    await fay.expectBye('SHUTDOWN', { sent, usually: 'others learn of the leaves that the stop itself causes' });
    await expectRefused(tavern.server);
    late.tcp.resume();
    await expectFlood(late, count, {
      sent: `SIGTERM, while messages wait for a client that then reads (DRAIN_TIMEOUT_MS=${LONG_DRAIN_MS})`,
      usually,
    });
    await late.expectBye('SHUTDOWN', { sent, usually });
    late.tcp.end();
    check(!tavern.server.ended, {
      sent: `SIGTERM, and all clients but one have ended their sides (DRAIN_TIMEOUT_MS=${LONG_DRAIN_MS})`,
      expected: 'a server that waits for the last one, within its time',
      received: 'a server that has exited',
      usually,
    });
    fay.tcp.end();
    await expectExit(tavern.server, 'SIGTERM, and all clients have ended their sides');
  });
}

export function judgeHardDeadline(): Promise<void> {
  return inTavern({ DRAIN_TIMEOUT_MS: '100', MAX_PENDING_BYTES: `${16 * 1_048_576}` }, async (tavern) => {
    const [flo, fay, stuck] = await tavern.gather('tavern', 'flo', 'fay', 'stuck');
    stuck.tcp.pause();
    await flood({ flo, fay, maxBytes: 6 * 1_048_576, usually: 'messages do not reach the room' });
    const quitter = await tavern.greet('quitter');
    quitter.send('QUIT');
    await quitter.expectBye('QUIT', { usually: 'QUIT is not answered' });
    tavern.server.kill('SIGTERM');
    await fay.expectBye('SHUTDOWN', { sent: 'SIGTERM', usually: 'the stop begins with those who never read' });
    await expectExit(
      tavern.server,
      'SIGTERM, while one client does not read and others keep their sides open (DRAIN_TIMEOUT_MS=100)',
    );
  });
}

async function expectExit(server: Program, sent: string): Promise<void> {
  const expected = 'an exit with code 0';
  const exit = await exitOf(
    server,
    EXIT_DEADLINE_MS,
    () =>
      new CheckpointFailure({
        sent,
        expected,
        received: `a server that is still running after ${EXIT_DEADLINE_MS} ms`,
        usually: 'it waits for every connection to close by itself, or for a timer that nobody needs any more',
      }),
  );
  check(exit.code === 0, {
    sent,
    expected,
    received: exit.code === null ? `the end by ${exit.signal}` : `exit code ${exit.code}`,
    usually: 'SIGTERM is not handled, or the handler ends the process with another code',
  });
}

async function expectRefused(server: Program): Promise<void> {
  const socket = connect({ host: server.host, port: server.port });
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => 'a connection'),
    once(socket, 'error').then(() => undefined),
  ]).catch(() => undefined);
  socket.destroy();
  check(outcome === undefined, {
    sent: 'a connect, after SIGTERM',
    expected: 'a refused connection',
    received: 'a connection',
    usually: 'the server goes on listening while it drains: close the listening socket first',
  });
}

export async function judgeConfiguration(): Promise<void> {
  await using first = await startProgram();
  const wrong: readonly (readonly [string, string])[] = [
    ['PORT', '70000'],
    ['MAX_CLIENTS', 'many'],
    ['HANDSHAKE_TIMEOUT_MS', '1e3'],
    ['PORT', String(first.port)],
  ];
  await Promise.all(
    wrong.map(async ([variable, value]) => {
      const inUse = value === String(first.port);
      const sent = inUse ? 'a start on a port that is in use' : `a start with ${variable}=${value}`;
      await using program = spawnProgram({ env: { [variable]: value } });
      const usually = inUse
        ? 'the error of the listening socket is not handled, so that the runtime prints a stack'
        : 'the value is converted without being checked: parseInt and Number take more than whole numbers';
      const exit = await exitOf(program, EXIT_DEADLINE_MS, () => {
        const received = program.stdout.startsWith('READY') ? 'a server that serves' : 'a program that goes on';
        return new CheckpointFailure({ sent, expected: 'a non-zero exit', received, usually });
      });
      check(exit.code !== 0 && exit.code !== null, {
        sent,
        expected: 'a non-zero exit',
        received: exit.code === null ? `the end by ${exit.signal}` : 'exit code 0',
        usually,
      });
      const lines = program.stderr.split('\n').filter((line) => line.trim() !== '');
      check(lines.length === 1 && lines[0]?.includes(value) === true && (inUse || lines[0].includes(variable)), {
        sent,
        expected: `one line on standard error that names ${inUse ? 'the port' : 'the variable and the value'}`,
        received: lines.length === 1 ? quote(lines[0] ?? '') : formatCount(lines.length, 'line'),
        usually,
        details: program.logTail(),
      });
    }),
  );
}
