import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { CheckpointFailure, fail } from '../../harness/failure.ts';
import { exitOf, spawnProgram } from '../../harness/program.ts';

const REFUSED_WITHIN_MS = 10_000;
/** One line is asked for; a runner around the program (`go run`, a shell) may add one or two of its own. */
const MAX_LINES = 3;
/** Nobody listens there (port 1 is tcpmux), so that whoever overlooks a bad setting does not serve, and changes nothing. */
const NO_DATABASE = 'postgres://nobody:hush-hush@127.0.0.1:1/nothing';

const NO_REDIS = 'redis://:hush-hush@127.0.0.1:1';

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
  [{ REDIS_URL: 'http://:hush-hush@cache' }, ['REDIS_URL']],
];

export async function refusesBadSettings(): Promise<void> {
  await using other = await connectedServer();
  const taken = String((other.address() as AddressInfo).port);
  const all = [...BAD, [{ PORT: taken }, [taken, 'in use']] as const];
  const results = await Promise.allSettled(all.map(([env, wanted]) => expectRefusal(env, wanted)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function expectRefusal(env: Readonly<Record<string, string>>, wanted: readonly string[]): Promise<void> {
  await using program = spawnProgram({ env: { DATABASE_URL: NO_DATABASE, REDIS_URL: NO_REDIS, ...env } });
  const text = {
    sent: Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    expected: `one line on standard error with ${wanted.map((part) => `"${part}"`).join(' and ')}, and an exit code other than 0`,
    usually: 'the value is used unchecked, or its error is a stack trace of whatever met it first',
  };
  const running = () =>
    new CheckpointFailure({
      ...text,
      received: 'your server goes on as if nothing were wrong',
      details: program.logTail(),
    });
  await program.waitForOutput((p) => p.ended || /^READY /m.test(p.stdout), REFUSED_WITHIN_MS, running);
  if (/^READY /m.test(program.stdout)) throw running();
  const { code, signal } = await exitOf(program, REFUSED_WITHIN_MS, running);
  const lines = program.stderr.split('\n').filter((line) => line.trim() !== '');
  const details = program.logTail();
  if (code === 0 || code === null)
    fail({ ...text, received: code === 0 ? 'exit code 0' : `an end by ${signal}`, details });
  if (lines.length > MAX_LINES) fail({ ...text, received: `${lines.length} lines on standard error`, details });
  if (program.stderr.includes('hush-hush')) {
    fail({ ...text, received: 'a password in the log', details });
  }
  if (!lines.some((line) => wanted.every((part) => line.includes(part))))
    fail({ ...text, received: 'no such line', details });
}

async function connectedServer(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
