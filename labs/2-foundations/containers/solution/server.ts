/** The Tavern's notice board. Start it with `DATABASE_URL=… PORT=0 node server.ts`; `brief.md` has the whole contract. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoardServer } from './board-server.ts';
import { createLog } from './log.ts';
import { Notices } from './notices.ts';
import { readSettings, type Settings } from './settings.ts';

const log = createLog((line) => process.stderr.write(line));
const reading = readSettings(process.env);
if (reading.ok) await serve(reading.settings);
else {
  log('error', 'bad-setting', { message: reading.problem });
  process.exitCode = 2;
}

async function serve(settings: Settings): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const notices = new Notices(settings.databaseUrl, log);
  const server = new BoardServer(notices, log);
  // #region start
  // Live first: the database may take its time, or come back tomorrow. Until then the server is up and not ready.
  const port = await server.listen(settings.port, settings.host);
  process.stdout.write(`READY ${port}\n`);
  log('info', 'listening', { host: settings.host, port });
  const giveUp = new AbortController();
  const prepared = notices.prepare(giveUp.signal).then(
    () => {
      server.run();
      log('info', 'running');
    },
    () => log('info', 'stopped-before-the-database-came'),
  );
  // #endregion start

  const [signal] = (await stopped) as [NodeJS.Signals];
  // #region stop
  // Nothing that is still under way may hold up the end: the orchestrator's SIGKILL would be worse.
  const deadline = setTimeout(() => {
    log('warn', 'cut-off', { afterMs: settings.shutdownTimeoutMs });
    process.exit(0);
  }, settings.shutdownTimeoutMs);
  log('info', 'stopping', { signal, delayMs: settings.shutdownDelayMs, timeoutMs: settings.shutdownTimeoutMs });
  server.announceStop();
  giveUp.abort();
  await sleep(settings.shutdownDelayMs);
  await server.drain();
  await prepared;
  await notices.close();
  clearTimeout(deadline);
  log('info', 'stopped');
  process.exit(0);
  // #endregion stop
}
