import { readConfig } from './config.ts';
import { createLog } from './log.ts';
import { TavernServer } from './tavern-server.ts';

// Whoever reads our output may go before us; that is no reason to crash.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const log = createLog((line) => process.stderr.write(line));

try {
  const config = readConfig(process.env);
  const server = new TavernServer(config, log);
  const port = await server.listen().catch((cause: Error) => {
    throw new Error(`cannot listen on ${config.host}:${config.port}: ${cause.message}`, { cause });
  });

  // #region signals
  process.once('SIGTERM', async () => {
    // A second one must not end the process before everybody has had their BYE.
    process.on('SIGTERM', () => {});
    log('info', 'stopping');
    await server.stop();
    log('info', 'stopped');
    process.exit(0);
  });
  // #endregion signals

  process.stdout.write(`READY ${port}\n`);
  log('info', 'listening', { host: config.host, port });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
