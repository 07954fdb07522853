import { expectLoopbackOnly } from '../../harness/listening.ts';
import { expectRefusedPort, expectRefusedStarts, NO_DATABASE, SECRET } from '../../harness/refused-start.ts';
import { sharedPair } from './tavern.ts';

const NO_REDIS = `redis://:${SECRET}@127.0.0.1:1`;
const NOWHERE = { DATABASE_URL: NO_DATABASE, REDIS_URL: NO_REDIS };

/** Variables, and what the line on standard error holds. */
const BAD: readonly (readonly [env: Readonly<Record<string, string>>, wanted: readonly string[]])[] = [
  [{ PORT: '65536' }, ['PORT', '65536']],
  [{ CACHE_TTL_MS: '5s' }, ['CACHE_TTL_MS', '5s']],
  [{ CACHE_TTL_MS: '0' }, ['CACHE_TTL_MS', '0']],
  [{ CACHE_JITTER_PERCENT: '101' }, ['CACHE_JITTER_PERCENT', '101']],
  [{ CACHE_BETA: '-1' }, ['CACHE_BETA', '-1']],
  [{ SHUTDOWN_TIMEOUT_MS: '1e4' }, ['SHUTDOWN_TIMEOUT_MS', '1e4']],
  [{ ROLE: 'cook' }, ['ROLE', 'cook']],
  [{ DATABASE_URL: '' }, ['DATABASE_URL']],
  [{ REDIS_URL: `http://:${SECRET}@cache` }, ['REDIS_URL']],
];

export async function refusesBadSettings(): Promise<void> {
  await expectRefusedStarts(BAD.map(([env, wanted]) => ({ env, defaults: NOWHERE, wanted })));
  const { a } = await sharedPair();
  await expectLoopbackOnly(a.program);
  await expectRefusedPort(NOWHERE);
}
