import { CheckpointFailure, check } from '../../harness/failure.ts';
import { exitOf } from '../../harness/program.ts';
import { openUdp } from '../../harness/udp-client.ts';
import { reportOf, startClient } from './client-run.ts';
import { ProbeTarget } from './probe-target.ts';
import { expectEcho, withServer } from './server-run.ts';
import { together } from './together.ts';

const STOP_DEADLINE_MS = 2_000;

export async function stopsOnTerm(): Promise<void> {
  await together([stopServer(), stopClient()]);
}

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

function notStopped(): CheckpointFailure {
  return new CheckpointFailure({
    sent: 'SIGTERM to the server',
    expected: `exit code 0 within ${STOP_DEADLINE_MS / 1000} seconds`,
    received: 'a server that goes on running',
    usually: 'a timer, such as the one that writes the log, keeps the process alive after the socket is closed',
  });
}
