import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { CheckpointFailure, check, fail, withDetails } from '../../harness/failure.ts';
import { spawnProgram } from '../../harness/program.ts';
import { together } from './together.ts';

/** How long a program may take to start and find out that it cannot run. */
const REFUSAL_DEADLINE_MS = 10_000;
/** A stack trace of Node, Python, .NET, Go, Rust, Java. */
const STACK = /^\s+at |^Traceback|^Unhandled|^goroutine |panicked at|Exception in thread/m;

export async function refusesTakenPort(): Promise<void> {
  // The other program allows sharing. A server that allows it too would bind, and each would get some datagrams.
  const taken = createSocket({ type: 'udp4', reuseAddr: true });
  taken.bind(0, '127.0.0.1');
  await once(taken, 'listening');
  try {
    const { port } = taken.address();
    await expectRefusal({ PORT: `${port}` }, [`${port}`], {
      expected: 'one line on standard error that names the port, and a non-zero exit code',
      sent: 'PORT set to a port that another program has, opened with SO_REUSEADDR',
      ready: 'it has the port as well: SO_REUSEADDR does no harm on TCP, but on UDP it lets two programs share a port',
    });
  } finally {
    taken.close();
  }
}

export async function refusesBadSettings(): Promise<void> {
  const cases: readonly Readonly<Record<string, string>>[] = [
    { PORT: 'abc' },
    { PORT: '65536' },
    { RATE_LIMIT_PER_SECOND: '-5' },
    { MAX_SOURCES: '2.5' },
    { ROLE: 'sever' },
    { ROLE: 'client', TARGET_PORT: '7007', COUNT: '10x' },
  ];
  await together([
    ...cases.map((env) => {
      const [name = '', value = ''] = Object.entries(env).at(-1) ?? [];
      return expectRefusal(env, [name, value], { sent: `${name}=${value}`, ready: RUNS_ANYWAY });
    }),
    expectRefusal({ ROLE: 'client', TARGET_PORT: '' }, ['TARGET_PORT'], {
      sent: 'ROLE=client without a TARGET_PORT',
      ready: RUNS_ANYWAY,
    }),
  ]);
}

const RUNS_ANYWAY = 'a value that cannot be read becomes a default, or NaN, and the mistake shows up somewhere else';

interface Refusal {
  readonly sent: string;
  /** Default: made of the words. */
  readonly expected?: string;
  /** Why a program would run all the same. */
  readonly ready: string;
}

/** Starts the program and fails unless it ends by itself, not with 0, after one line with each of `words`. */
async function expectRefusal(
  env: Readonly<Record<string, string>>,
  words: readonly string[],
  { sent, expected, ready }: Refusal,
): Promise<void> {
  await using program = spawnProgram({ env: { WAIT_MS: '50', ...env } });
  const quoted = words.map((word) => `"${word}"`).join(' and ');
  const text = { sent, expected: expected ?? `one line on standard error with ${quoted}, and a non-zero exit code` };
  await withDetails(
    () => program.logTail(),
    async () => {
      await program.waitForOutput(
        ({ stdout, ended }) => stdout !== '' || ended,
        REFUSAL_DEADLINE_MS,
        () => new CheckpointFailure({ ...text, received: 'a program that runs on, without a word', usually: ready }),
      );
      if (program.stdout !== '') {
        fail({ ...text, received: 'a program that runs', usually: ready });
      }
      const { code, signal } = await program.exited;
      check(code !== null && code !== 0, {
        ...text,
        received: signal ?? `exit code ${code}`,
        usually: 'the error is told, but the process ends as if all were well',
      });
      check(!STACK.test(program.stderr), {
        ...text,
        received: 'a stack trace',
        usually: 'the error is thrown and nobody catches it: whoever set the variable has to read code to understand',
      });
      const line = program.stderr.split('\n').find((one) => words.every((word) => one.includes(word)));
      check(line !== undefined, {
        ...text,
        received: program.stderr.trim() === '' ? 'nothing on standard error' : 'no line with all of that',
        usually: 'the message does not say which setting it is about, or what came',
      });
      // Some runners add a line of their own.
      const lines = program.stderr.trim().split('\n').length;
      check(lines <= 2, { ...text, received: `${lines} lines`, usually: 'the error is logged in several places' });
    },
  );
}
