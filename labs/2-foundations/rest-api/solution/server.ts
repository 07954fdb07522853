/** The Tavern's API. Start it with `DATABASE_URL=postgres://… node server.ts`; `brief.md` has the whole contract. */
import { once } from 'node:events';
import { createLog } from './log.ts';
import { readSettings, type Settings } from './settings.ts';

const log = createLog(process.env.LOG_LEVEL);
const reading = readSettings(process.env);
if (!reading.ok) {
  log.error({ message: reading.problem }, 'bad-setting');
  process.exitCode = 2;
} else if (await prepareDatabase(reading.settings)) {
  if (reading.settings.task === 'serve') await serve(reading.settings);
}

/** @returns false when the database is not to be had; then that has been said. */
async function prepareDatabase(settings: Settings): Promise<boolean> {
  const { migrate } = await import('./migrations.ts');
  try {
    await migrate(settings.task === 'migrate-down' ? 'down' : 'up', settings, log);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = `the database of DATABASE_URL cannot be prepared: ${[code, message].filter(Boolean).join(' ')}`;
    log.error({ message: what }, 'no-database');
    process.exitCode = 1;
    return false;
  }
}

async function serve(settings: Settings): Promise<void> {
  // Only who serves needs all of it; a migration is done before Express would be loaded.
  const [{ ApiServer }, { createApp }, { Database }] = await Promise.all([
    import('./api-server.ts'),
    import('./app.ts'),
    import('./database.ts'),
  ]);
  const database = new Database(settings, log);
  const server = new ApiServer(settings, log);
  try {
    const port = await server.listen(createApp({ settings, database, log, isStopping: server.isStopping }));
    process.stdout.write(`READY ${port}\n`);
    log.info({ host: settings.host, port }, 'listening');
  } catch (error) {
    log.error({ message: listenProblem(error as NodeJS.ErrnoException, settings) }, 'cannot-listen');
    process.exit(1);
  }
  const [signal] = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  log.info({ signal, withinMs: settings.shutdownTimeoutMs }, 'stopping');
  await server.stop();
  log.info('stopped');
  process.exit(0);
}

function listenProblem(error: NodeJS.ErrnoException, { host, port }: Settings): string {
  if (error.code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use: stop what listens there or choose another PORT`;
  return `cannot listen on ${host} port ${port}: ${error.message}`;
}
