import { check } from '../../harness/failure.ts';
import { expectExit, expectRefusedConnections } from '../../harness/program-end.ts';
import { answerOrSay, expectTitle, get, questPath } from './reading.ts';
import { sharedTavern } from './tavern.ts';

const SHORT_MS = 600;
const SOON_MS = 4_000;

export async function stopsGracefully(): Promise<void> {
  const tavern = await sharedTavern();
  {
    await using process = await tavern.start({ SHUTDOWN_TIMEOUT_MS: '30000' });
    const id = await tavern.addQuest('The last order');
    const gate = process.origin.holdLoads(1);
    const reading = get(process, questPath(id));
    await gate.waitFor(1, `GET ${questPath(id)}`, reading);
    process.program.kill('SIGTERM');
    await expectRefusedConnections(process.program, {
      sent: 'SIGTERM, then new connections',
      expected: 'new connections to be refused',
      usually: 'the listening socket stays open while the server waits for its requests: close it first',
      withinMs: SOON_MS,
    });
    gate.open();
    const sent = 'SIGTERM, while a GET waits for the database; then the database answers';
    const usually = 'the handler of SIGTERM ends the process with requests under way';
    expectTitle(await answerOrSay(reading, { sent, usually }), 'The last order', { sent, usually });
    await expectExit(process.program, {
      sent: `${sent}, with SHUTDOWN_TIMEOUT_MS=30000`,
      expected: 'exit code 0 as soon as the last answer is sent',
      usually: 'the pool, the connection to Redis or a timer keeps the process alive',
      withinMs: SOON_MS,
    });
  }
  await using process = await tavern.start({ SHUTDOWN_TIMEOUT_MS: String(SHORT_MS) });
  const id = await tavern.addQuest('Endless');
  const gate = process.origin.holdLoads(1);
  const lost = get(process, questPath(id)).catch(() => undefined);
  await gate.waitFor(1, `GET ${questPath(id)}`, lost);
  const since = performance.now();
  process.program.kill('SIGTERM');
  const text = {
    sent: `SIGTERM with SHUTDOWN_TIMEOUT_MS=${SHORT_MS}, while a GET waits for a database that never answers`,
    expected: `exit code 0 once ${SHORT_MS} ms have passed`,
  };
  await expectExit(process.program, {
    ...text,
    usually: 'the stop waits for every request, and one of them never ends',
    withinMs: SHORT_MS + SOON_MS,
  });
  check(performance.now() - since > SHORT_MS * 0.9, {
    ...text,
    received: 'its exit earlier',
    usually: 'the process ends at once instead of letting requests finish in the time they have',
  });
  await lost;
}
