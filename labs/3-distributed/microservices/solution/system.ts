import { once } from 'node:events';
import { createLog } from './log.ts';
import { provision } from './provision.ts';
import { passSettings, type ServiceSettings } from './service-settings.ts';
import { readSettings, type Settings } from './settings.ts';
import { StartFailed, Supervised } from './supervisor.ts';

const SERVICES = ['accounts', 'quests', 'rewards'] as const;
/** Services are for the gateway alone, so they listen nowhere else. */
const INTERNAL_HOST = '127.0.0.1';

const log = createLog('supervisor');

/** What is started: one file for each service, with its name as the argument, and one for the gateway. */
export interface SystemFiles {
  readonly service: string;
  readonly gateway: string;
}

/** Starts all processes, keeps them running until a signal comes, and ends them. */
export async function runSystem(files: SystemFiles): Promise<void> {
  const reading = readSettings(process.env);
  if (!reading.ok) {
    log.error({ message: reading.problem }, 'bad-setting');
    process.exitCode = 2;
  } else {
    const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
    const urls = await provision(reading.settings.databaseUrl, SERVICES).catch((error: NodeJS.ErrnoException) => {
      log.error({ message: `the database of DATABASE_URL cannot be prepared: ${error.code ?? ''} ${error.message}` });
      process.exitCode = 1;
    });
    if (urls !== undefined) await run(reading.settings, urls, { files, stopped });
  }
}

interface Running {
  readonly files: SystemFiles;
  /** Resolves when the system is to end. */
  readonly stopped: Promise<unknown>;
}

async function run(settings: Settings, urls: Record<string, string>, { files, stopped }: Running): Promise<void> {
  const common: ServiceSettings = { ...settings, host: INTERNAL_HOST, port: 0, databaseUrl: '', upstreams: {} };
  const services = SERVICES.map((name) => {
    const own = { ...common, databaseUrl: urls[name] ?? '' };
    return new Supervised({ name, script: [files.service, name], env: (port) => passSettings({ ...own, port }) }, log);
  });
  const upstreams = () =>
    Object.fromEntries(services.map(({ name, port }) => [name, `http://${INTERNAL_HOST}:${port}`]));
  const gateway = new Supervised(
    {
      name: 'gateway',
      script: [files.gateway],
      env: (port) =>
        passSettings({ ...common, host: settings.host, port: port || settings.port, upstreams: upstreams() }),
    },
    log,
  );
  const all = [...services, gateway];
  try {
    await Promise.all(services.map((service) => service.start()));
    await gateway.start();
  } catch (error) {
    if (!(error instanceof StartFailed)) throw error;
    for (const each of all) each.kill();
    process.exit(1);
  }
  process.stdout.write(`READY ${gateway.port}\n`);

  await stopped;
  // #region stop
  setTimeout(() => {
    for (const each of all) each.kill();
    process.exit(0);
  }, settings.shutdownTimeoutMs).unref();
  await gateway.stop(); // first the door, as long as those behind it can still answer
  await Promise.all(services.map((service) => service.stop()));
  // #endregion stop
  process.exit(0);
}
