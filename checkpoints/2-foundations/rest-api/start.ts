import { expectLoopbackOnly } from '../../harness/listening.ts';
import { startProgram } from '../../harness/program.ts';
import { expectRefusedPort, expectRefusedStarts, NO_DATABASE, SECRET } from '../../harness/refused-start.ts';
import { sharedDatabaseUrl } from './tavern.ts';

/** Variables, and what the line on standard error holds. */
const BAD: readonly (readonly [env: Readonly<Record<string, string>>, wanted: readonly string[]])[] = [
  [{ PORT: '65536' }, ['PORT', '65536']],
  [{ BODY_LIMIT_BYTES: '64k' }, ['BODY_LIMIT_BYTES', '64k']],
  [{ SHUTDOWN_TIMEOUT_MS: '1e4' }, ['SHUTDOWN_TIMEOUT_MS', '1e4']],
  [{ DATABASE_POOL_SIZE: '0' }, ['DATABASE_POOL_SIZE', '0']],
  [{ MIGRATE: 'sideways' }, ['MIGRATE', 'sideways']],
  [{ CURSOR_KEY: 'short' }, ['CURSOR_KEY']],
  [{ DATABASE_URL: '' }, ['DATABASE_URL']],
  [{ DATABASE_URL: `mysql://root:${SECRET}@db/tavern` }, ['DATABASE_URL']],
  [{ START_TIMEOUT_MS: '1' }, ['DATABASE_URL']],
];

export async function refusesBadSettings(): Promise<void> {
  const defaults = { DATABASE_URL: NO_DATABASE, START_TIMEOUT_MS: '1' };
  await expectRefusedStarts(BAD.map(([env, wanted]) => ({ env, defaults, wanted })));
  const good = { DATABASE_URL: await sharedDatabaseUrl() };
  await using server = await startProgram({ env: good });
  await expectLoopbackOnly(server);
  await expectRefusedPort(good);
}
