/** The Tavern's quest board behind a cache. `brief.md` has the whole contract. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createLog } from './log.ts';
import { readSettings, type Settings } from './settings.ts';

const log = createLog(process.env.LOG_LEVEL);
const reading = readSettings(process.env);
if (!reading.ok) {
  log.error({ message: reading.problem }, 'bad-setting');
  process.exitCode = 1;
} else if (reading.role === 'policy') {
  const { answerPolicy } = await import('./policy-role.ts');
  await answerPolicy(reading.inputFile).catch((error: Error) => {
    log.error({ message: `POLICY_INPUT cannot be answered: ${error.message}` }, 'bad-input');
    process.exitCode = 1;
  });
} else {
  await serve(reading.settings);
}

async function serve(settings: Settings): Promise<void> {
  const { createTavern } = await import('./tavern.ts');
  let stopping = false;
  const { app, close } = await createTavern(settings, log, () => stopping);
  const server = createServer(app);
  try {
    server.listen(settings.port, settings.host);
    await once(server, 'listening');
  } catch (error) {
    log.error({ message: listenProblem(error as NodeJS.ErrnoException, settings) }, 'cannot-listen');
    process.exit(1);
  }
  server.on('error', (error) => log.error({ error: error.message }, 'accept-failed'));
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`READY ${port}\n`);
  log.info({ host: settings.host, port }, 'listening');

  const [signal] = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  log.info({ signal, withinMs: settings.shutdownTimeoutMs }, 'stopping');
  stopping = true;
  const deadline = wait(settings.shutdownTimeoutMs);
  const closed = once(server, 'close');
  server.close(); // no new connections, and the end of those that wait for a next request
  await Promise.race([closed, deadline]);
  await Promise.race([close(), deadline]);
  log.info('stopped');
  process.exit(0);
}

function listenProblem(error: NodeJS.ErrnoException, { host, port }: Settings): string {
  if (error.code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use: stop what listens there or choose another PORT`;
  return `cannot listen on ${host} port ${port}: ${error.message}`;
}
