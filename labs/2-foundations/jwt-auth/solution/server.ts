/** Accounts, access tokens and refresh tokens for Tavern. `brief.md` has the whole contract. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import { AccessTokens } from './access-token.ts';
import { Accounts } from './accounts.ts';
import { createApi } from './api.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { KeyRing, KeysFileError } from './key-ring.ts';
import { createLog } from './log.ts';
import { LogIn } from './log-in.ts';
import { Passwords } from './password.ts';
import { createTables } from './schema.ts';
import { Sessions } from './sessions.ts';
import { readSettings, type Settings } from './settings.ts';
import { answerUnreadable } from './unreadable-request.ts';

const MAX_CONNECTIONS_TO_DATABASE = 10;
const DATABASE_TIMEOUT_MS = 5_000;
const STOP_WITHIN_MS = 5_000;

const reading = readSettings(process.env);
if (reading.ok) await serve(reading.settings).catch(giveUp);
else giveUp(new KeysFileError(reading.problem));

async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel);
  const keys = await KeyRing.open({ path: settings.keysFile, reloadMs: settings.keysReloadMs, log });
  const pool = new Pool({
    connectionString: settings.databaseUrl,
    max: MAX_CONNECTIONS_TO_DATABASE,
    connectionTimeoutMillis: DATABASE_TIMEOUT_MS,
  });
  // An idle connection that breaks is an error event, and one that nobody listens to ends the process.
  pool.on('error', (error: Error & { code?: string }) => log.warn({ code: error.code }, 'database-connection-lost'));
  await createTables(pool);
  const passwords = await Passwords.open({ memoryKib: settings.argon2MemoryKib, passes: settings.argon2Passes });
  const accounts = new Accounts(pool);
  const attempts = new AttemptLimit(settings.loginWindowMs);
  const limits = { account: settings.loginAccountLimit, address: settings.loginAddressLimit };
  const { issuer, audience, accessTokenTtlS, clockSkewS } = settings;
  const server = createServer(
    createApi({
      accounts,
      sessions: new Sessions(pool, { ttlMs: settings.refreshTtlMs, graceMs: settings.refreshGraceMs }),
      logIn: new LogIn(accounts, passwords, attempts, limits),
      passwords,
      tokens: new AccessTokens(keys, { issuer, audience, ttlS: accessTokenTtlS, clockSkewS }),
      keys,
      accessTokenTtlS,
      proxyHops: settings.proxyHops,
      log,
    }),
  );
  server.on('clientError', answerUnreadable);
  server.on('request', (_req, res) => {
    // A connection that has its answer would be kept for a next request, and the stop would wait for it.
    res.once('close', () => !server.listening && server.closeIdleConnections());
  });
  server.listen(settings.port, settings.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`READY ${port}\n`);
  const [signal] = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  log.info({ signal }, 'stopping');
  setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS).unref();
  server.close();
  server.closeIdleConnections();
  await once(server, 'close');
  await pool.end();
  process.exit(0);
}

/** One line and an exit code. Not the error itself: that of a database holds its URL, password included. */
function giveUp(error: Error & { code?: string }): void {
  const what = error instanceof KeysFileError ? error.message : `cannot start: ${error.code ?? error.name}`;
  process.stderr.write(`${what}\n`);
  process.exit(error instanceof KeysFileError ? 2 : 1);
}
