import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { CheckpointFailure, fail } from './failure.ts';
import { exitOf, spawnProgram } from './program.ts';
import { howItEnded } from './program-end.ts';

/** A password that a URL of a test holds, and that no log may show. */
export const SECRET = 'hush-hush';
/** Nobody listens there (port 1 is tcpmux), so that whoever overlooks a bad setting does not serve, and changes nothing. */
export const NO_DATABASE = `postgres://nobody:${SECRET}@127.0.0.1:1/nothing`;

/** One line is asked for; a runner around the program (`go run`, a shell) may add one or two of its own. */
const MAX_LINES = 3;
const REFUSED_WITHIN_MS = 10_000;
/** Of JavaScript and .NET, of Python. */
const STACK_FRAME = /^\s+(at \S+.*\(|at \S+:\d|File ")/;

type Env = Readonly<Record<string, string>>;

export interface RefusedStart {
  /** What is wrong, or not set. */
  readonly env: Env;
  /** All else that the program is told. */
  readonly defaults?: Env;
  /** What one line of its standard error contains; capitals do not count. */
  readonly wanted: readonly string[];
  /** Default: the variables with their values. */
  readonly sent?: string;
  /** The line as a person says it. Default: `one line on standard error with` what is wanted. */
  readonly line?: string;
  readonly usually?: string;
  /** Infinity: a start that gets further may tell of its steps. Default 3. */
  readonly maxLines?: number;
}

/** Starts the program under test, which has to end with a clear line. @throws CheckpointFailure when it serves instead. */
export async function expectRefusedStart({
  env,
  defaults = {},
  wanted,
  sent = shown(env),
  line = `one line on standard error with ${quoted(wanted)}`,
  usually = 'the value is used unchecked, or its error is a stack trace of whatever met it first',
  maxLines = MAX_LINES,
}: RefusedStart): Promise<void> {
  await using program = spawnProgram({ env: { ...defaults, ...env } });
  const text = { sent, expected: `${line}, and an exit code other than 0`, usually };
  const readyLine = /^READY /m;
  const running = () =>
    new CheckpointFailure({
      ...text,
      received: 'your server goes on as if nothing were wrong',
      details: program.logTail(),
    });
  await program.waitForOutput((p) => p.ended || readyLine.test(p.stdout), REFUSED_WITHIN_MS, running);
  if (readyLine.test(program.stdout)) fail({ ...text, received: 'the line READY: it serves' });
  const exit = await exitOf(program, REFUSED_WITHIN_MS, running);
  const lines = program.stderr.split('\n').filter((each) => each.trim() !== '');
  const details = program.logTail();
  if (exit.code === 0 || exit.code === null) fail({ ...text, received: howItEnded(exit), details });
  if (lines.length > maxLines) fail({ ...text, received: `${lines.length} lines on standard error`, details });
  if (lines.some((each) => STACK_FRAME.test(each))) fail({ ...text, received: 'a stack trace', details });
  if (`${program.stderr}${program.stdout}`.includes(SECRET)) fail({ ...text, received: 'a password in the log' });
  const holds = (each: string, part: string) => each.toLowerCase().includes(part.toLowerCase());
  if (lines.some((each) => wanted.every((part) => holds(each, part)))) return;
  const missing = wanted.filter((part) => !lines.some((each) => holds(each, part)));
  const apart = lines.length === 0 ? 'nothing on standard error' : 'them in different lines';
  fail({ ...text, received: missing.length === 0 ? apart : `no line with ${quoted(missing)}`, details });
}

/** The same for several. All are tried before the first failure is told. */
export async function expectRefusedStarts(starts: readonly RefusedStart[]): Promise<void> {
  const results = await Promise.allSettled(starts.map(expectRefusedStart));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** The start on a port that is in use. */
export async function expectRefusedPort(defaults: Env): Promise<void> {
  await using other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const port = String((other.address() as AddressInfo).port);
  await expectRefusedStart({
    env: { PORT: port },
    defaults,
    wanted: [port, 'in use'],
    sent: 'a start on a port that is in use',
    line: 'one line on standard error with the port and "in use"',
    maxLines: Number.POSITIVE_INFINITY,
    usually: "the error of listen is not handled, so the runtime's stack trace is all there is, or the port is shared",
  });
}

function shown(env: Env): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function quoted(parts: readonly string[]): string {
  return parts.map((part) => `"${part}"`).join(' and ');
}
