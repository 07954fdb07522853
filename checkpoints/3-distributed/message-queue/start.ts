import { expectRefusedPort, expectRefusedStarts, NO_DATABASE, SECRET } from '../../harness/refused-start.ts';
import { type Env, Tavern } from './tavern.ts';

/** Nobody listens there (port 1 is tcpmux). */
const NO_BROKER = `amqp://lab:${SECRET}@127.0.0.1:1`;
const NOWHERE = { AMQP_URL: NO_BROKER, DATABASE_URL: NO_DATABASE, START_TIMEOUT_MS: '300' };

const BAD: readonly (readonly [env: Env, wanted: readonly string[]])[] = [
  [{ PORT: '65536' }, ['PORT', '65536']],
  [{ BROKER: 'redis' }, ['BROKER', 'redis']],
  [{ ROLE: 'everything' }, ['ROLE', 'everything']],
  [{ PREFETCH: '0' }, ['PREFETCH', '0']],
  [{ RETRY_DELAY_MS: '1e3' }, ['RETRY_DELAY_MS', '1e3']],
  [{ MAX_ATTEMPTS: 'many' }, ['MAX_ATTEMPTS', 'many']],
  [{ QUEUE: 'two words' }, ['QUEUE', 'two words']],
  [{ AMQP_URL: `http://lab:${SECRET}@broker` }, ['AMQP_URL']],
  [{ DATABASE_URL: '' }, ['DATABASE_URL']],
  [{ BROKER: 'kafka', KAFKA_BROKERS: '' }, ['KAFKA_BROKERS']],
];

export async function refusesBadSettings(): Promise<void> {
  const bad = BAD.map(([env, wanted]) => ({ env, defaults: NOWHERE, wanted }));
  // A start that waits for its broker may say so meanwhile.
  const waiting = { env: { AMQP_URL: NO_BROKER }, defaults: NOWHERE, wanted: ['AMQP_URL'], maxLines: Infinity };
  await expectRefusedStarts([...bad, waiting]);
  await using tavern = await Tavern.open();
  await expectRefusedPort(tavern.environment({ ROLE: 'publisher', START_TIMEOUT_MS: '30000' }));
}
