/** TCP echo server (RFC 862). Start it with `PORT=0 node server.ts`; `brief.md` has the whole contract. */
import { once } from 'node:events';
import { EchoServer } from './echo-server.ts';
import { createLog } from './log.ts';
import { readSettings, type Settings } from './settings.ts';

const log = createLog((line) => process.stderr.write(line));
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {
    // Whoever read our output has gone. That is no reason to stop serving.
  });
}

const reading = readSettings(process.env);
if (reading.ok) await serve(reading.settings);
else {
  log('error', 'bad-setting', { message: reading.problem });
  process.exitCode = 2;
}

async function serve(settings: Settings): Promise<void> {
  const server = new EchoServer(settings, log);
  // #region listen
  try {
    const port = await server.listen();
    process.stdout.write(`READY ${port}\n`);
    log('info', 'listening', { host: settings.host, port });
  } catch (error) {
    log('error', 'cannot-listen', { message: listenProblem(error as NodeJS.ErrnoException, settings) });
    process.exitCode = 1;
    return;
  }
  // #endregion listen
  const [signal] = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  log('info', 'stopping', { signal, withinMs: settings.shutdownTimeoutMs });
  await server.stop();
  log('info', 'stopped');
  process.exit(0);
}

function listenProblem(error: NodeJS.ErrnoException, { host, port }: Settings): string {
  if (error.code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use: stop what listens there or choose another PORT`;
  return `cannot listen on ${host} port ${port}: ${error.message}`;
}
