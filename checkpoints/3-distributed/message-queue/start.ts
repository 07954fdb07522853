import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { CheckpointFailure, fail } from '../../harness/failure.ts';
import { exitOf, spawnProgram } from '../../harness/program.ts';
import { type Env, Tavern } from './tavern.ts';

const REFUSED_WITHIN_MS = 15_000;
/** One line is asked for; a runner around the program (`go run`, a shell) may add one or two of its own. */
const MAX_LINES = 4;
/** Nobody listens there (port 1 is tcpmux). */
const NO_BROKER = 'amqp://lab:hush-hush@127.0.0.1:1';
const NO_DATABASE = 'postgres://nobody:hush-hush@127.0.0.1:1/nothing';

const BAD: readonly (readonly [env: Env, wanted: readonly string[]])[] = [
  [{ PORT: '65536' }, ['PORT', '65536']],
  [{ BROKER: 'redis' }, ['BROKER', 'redis']],
  [{ ROLE: 'everything' }, ['ROLE', 'everything']],
  [{ PREFETCH: '0' }, ['PREFETCH', '0']],
  [{ RETRY_DELAY_MS: '1e3' }, ['RETRY_DELAY_MS', '1e3']],
  [{ MAX_ATTEMPTS: 'many' }, ['MAX_ATTEMPTS', 'many']],
  [{ QUEUE: 'two words' }, ['QUEUE', 'two words']],
  [{ AMQP_URL: 'http://lab:hush-hush@broker' }, ['AMQP_URL']],
  [{ DATABASE_URL: '' }, ['DATABASE_URL']],
  [{ BROKER: 'kafka', KAFKA_BROKERS: '' }, ['KAFKA_BROKERS']],
  [{ AMQP_URL: NO_BROKER, START_TIMEOUT_MS: '300' }, ['AMQP_URL']],
];

export async function refusesBadSettings(): Promise<void> {
  await using tavern = await Tavern.open();
  const results = await Promise.allSettled(BAD.map(([env, wanted]) => expectRefusal(env, wanted)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const port = String((other.address() as AddressInfo).port);
  try {
    await expectRefusal(
      { ...tavern.environment({ ROLE: 'publisher', START_TIMEOUT_MS: '30000' }), PORT: port },
      [port, 'in use'],
      `PORT=${port}, which is taken`,
    );
  } finally {
    other.close();
  }
}

async function expectRefusal(env: Env, wanted: readonly string[], what?: string): Promise<void> {
  const defaults = { AMQP_URL: NO_BROKER, DATABASE_URL: NO_DATABASE, START_TIMEOUT_MS: '300' };
  await using program = spawnProgram({ env: { ...defaults, ...env } });
  const shown = wanted.length === 2 && what !== undefined ? ['the port', 'in use'] : wanted;
  const text = {
    sent:
      what === undefined
        ? Object.entries(env)
            .map(([name, value]) => `${name}=${value}`)
            .join(' ')
        : 'a PORT that is taken',
    expected: `one line on standard error with ${shown.map((part) => `"${part}"`).join(' and ')}, and an exit code other than 0`,
    usually: 'the value is used unchecked, or its error is a stack trace of whatever met it first',
  };
  const running = () =>
    new CheckpointFailure({
      ...text,
      received: 'a program that goes on as if nothing were wrong',
      details: program.logTail(),
    });
  await program.waitForOutput((p) => p.ended || /^READY /m.test(p.stdout), REFUSED_WITHIN_MS, running);
  if (/^READY /m.test(program.stdout)) throw running();
  const { code, signal } = await exitOf(program, REFUSED_WITHIN_MS, running);
  const lines = program.stderr.split('\n').filter((line) => line.trim() !== '');
  const details = program.logTail();
  if (code === 0 || code === null)
    fail({ ...text, received: code === 0 ? 'exit code 0' : `an end by ${signal}`, details });
  if (program.stderr.includes('hush-hush')) fail({ ...text, received: 'a password in the log', details });
  if (!lines.some((line) => wanted.every((part) => line.includes(part))))
    fail({ ...text, received: 'no such line', details });
  // A start that waits for its broker may say so meanwhile.
  if (env.START_TIMEOUT_MS === undefined && what === undefined && lines.length > MAX_LINES) {
    fail({ ...text, received: 'many lines on standard error', details });
  }
}
