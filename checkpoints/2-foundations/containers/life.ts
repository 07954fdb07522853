import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { deadlineMs, pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check, fail } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { expectExit } from '../../harness/program-end.ts';
import { startBoard } from './board.ts';
import { ask, beginNotice, described, STATE_WITHIN_MS, untilStatus } from './board-client.ts';
import { folderOf } from './project.ts';
import { expectStatus } from './start.ts';

/** In the repository, so that a copy finds the packages that the original finds. */
const COPIES = fileURLToPath(new URL('../../../.cache/containers', import.meta.url));
/** Long enough for a few requests on a machine that is busy. */
const DELAY_MS = 2_000;
const ASK_EVERY_MS = 50;
const LONG_MS = 60_000;
const SHORT_MS = 200;
const PROBE_WITHIN_MS = 2_000;
const MAX_SHOWN_CHARS = 200;

export async function outlivesItsDatabase(_: CheckpointContext): Promise<void> {
  await using board = await startBoard();
  const { program, database } = board;
  const served = 'GET /readyz after a start with a database';
  await untilStatus(program, '/readyz', 200, { sent: served, usually: 'the server is never ready' });
  await ask(program, { path: '/notices' });
  for (const state of ['gone', 'silent'] as const) {
    database.state = state;
    const sent =
      state === 'gone' ? 'the database closes every connection' : 'the database takes bytes and answers no more';
    const usually =
      state === 'gone'
        ? 'an idle connection that breaks reports it by an event; with no listener that ends the process. Or readiness was decided once, at the start'
        : 'the probe waits as long as the database likes: bound it';
    await untilStatus(program, '/readyz', 503, { sent: `${sent}, then GET /readyz`, usually });
    const live = await ask(program, { path: '/livez', withinMs: PROBE_WITHIN_MS });
    check(live.status === 200, {
      sent: `${sent}, then GET /livez`,
      expected: 'status 200: a restart would bring no database back',
      received: described(live),
      usually: '/livez asks the database, or the process has ended',
      details: program.logTail(),
    });
    const refused = await ask(program, { path: '/notices', withinMs: 3 * STATE_WITHIN_MS });
    check(refused.status === 503, {
      sent: `${sent}, then GET /notices`,
      expected: 'status 503',
      received: described(refused),
      usually: 'an error of the database is answered as if it were a fault of the program',
      details: program.logTail(),
    });
    database.state = 'open';
    await untilStatus(program, '/readyz', 200, {
      sent: `${sent}; then it is back; GET /readyz`,
      usually: 'a broken connection is kept, or nobody connects again',
      withinMs: 2 * STATE_WITHIN_MS,
    });
  }
}

export async function drainsInOrder(_: CheckpointContext): Promise<void> {
  const delayMs = deadlineMs(DELAY_MS);
  const env = { SHUTDOWN_DELAY_MS: String(delayMs), SHUTDOWN_TIMEOUT_MS: String(LONG_MS) };
  await using board = await startBoard({ env });
  const { program } = board;
  await untilStatus(program, '/readyz', 200, { sent: 'GET /readyz', usually: 'the server is never ready' });
  const slow = await beginNotice(program, 'Half of this notice comes before SIGTERM, half of it after');
  program.kill('SIGTERM');
  const during = `SIGTERM with SHUTDOWN_DELAY_MS=${delayMs}, while one request is half sent`;
  const tooSoon =
    'the listener is closed at the signal, while the load balancer still sends requests: it has not seen a 503 yet';
  await expectUnready(program, delayMs, { sent: `${during}; at once GET /readyz`, usually: tooSoon });
  await expectStatus(program, '/livez', 200, {
    sent: `${during}; at once GET /livez`,
    usually: 'a server that drains is live',
  });
  const late = await ask(program, { method: 'POST', path: '/notices', body: { text: 'Came late' } });
  check(late.status === 201, {
    sent: `${during}; then a new POST /notices within the delay`,
    expected: 'status 201: what still arrives is served',
    received: described(late),
    usually: tooSoon,
    details: program.logTail(),
  });
  await pollUntil(
    () => ask(program, { path: '/livez' }),
    (reply) => reply.status === undefined,
    {
      withinMs: DELAY_MS + 3_000,
      everyMs: 25,
      otherwise: (reply) =>
        new CheckpointFailure({
          sent: `${during}; after the delay a new connection`,
          expected: 'no more connections to be accepted',
          received: described(reply),
          usually: 'the listener stays open while the server drains: it never comes to an end under traffic',
          details: program.logTail(),
        }),
    },
  );
  const finished = await slow.finish();
  check(finished.status === 201, {
    sent: `${during}; after the delay the rest of the request`,
    expected: 'status 201',
    received: finished.status === undefined ? 'the end of the connection, and no answer' : described(finished),
    usually:
      'the process ends, or its pool or connections are closed, when the delay is over and a request is still under way',
    details: program.logTail(),
  });
  await expectExit(program, {
    sent: `${during}; then its answer came`,
    expected: 'exit code 0 as soon as the last request is answered',
    usually: 'a kept-alive connection, a pool or a timer holds the process, so it waits for its deadline',
  });
}

/** Asks for readiness until it is denied; fails when the delay is over before, or nobody answers any more. */
async function expectUnready(
  program: Program,
  delayMs: number,
  { sent, usually }: { readonly sent: string; readonly usually: string },
): Promise<void> {
  const since = performance.now();
  let lastAnsweredMs = 0;
  for (;;) {
    // First of all: a question that travels beside the signal would be answered by chance.
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    const { status } = await ask(program, { path: '/readyz' });
    if (status === 503) return;
    const elapsedMs = performance.now() - since;
    if (status !== undefined && elapsedMs < delayMs) {
      lastAnsweredMs = elapsedMs;
      continue;
    }
    const staysReady = lastAnsweredMs > delayMs / 2;
    fail({
      sent,
      expected: '503 from /readyz at once, and for the whole delay',
      received: staysReady ? 'another answer, for as long as the server listened' : 'no connection any more',
      usually: staysReady ? 'the server stops, and its readiness has not heard of it' : usually,
      details: program.logTail(),
    });
  }
}

export async function stopsInTime(_: CheckpointContext): Promise<void> {
  const env = { SHUTDOWN_DELAY_MS: '0', SHUTDOWN_TIMEOUT_MS: String(SHORT_MS) };
  await using board = await startBoard({ env });
  const { program } = board;
  await untilStatus(program, '/readyz', 200, { sent: 'GET /readyz', usually: 'the server is never ready' });
  const stalled = await beginNotice(program, 'The second half of this notice never comes');
  const since = performance.now();
  program.kill('SIGTERM');
  const sent = `SIGTERM with SHUTDOWN_TIMEOUT_MS=${SHORT_MS}, while the rest of a request never comes`;
  const expected = `exit code 0 once ${SHORT_MS} ms have passed`;
  await expectExit(program, {
    sent,
    expected,
    usually: 'nobody handles SIGTERM, or the stop waits for every request and one of them never ends',
  });
  const elapsedMs = performance.now() - since;
  stalled.abort();
  check(elapsedMs > SHORT_MS * 0.9, {
    sent,
    expected,
    received: `its exit after ${Math.round(elapsedMs)} ms`,
    usually: 'the server ends at once instead of letting requests finish in the time they have',
  });
}

export async function writesNoFile(context: CheckpointContext): Promise<void> {
  const original = folderOf(context);
  await mkdir(COPIES, { recursive: true });
  const copy = await mkdtemp(join(COPIES, 'run-'));
  try {
    // A learner's own node_modules stays where it is: nothing in it is judged.
    await cp(original, copy, {
      recursive: true,
      filter: (path) => !/\/(node_modules|\.git)(\/|$)/.test(path.slice(original.length)),
    });
    if (existsSync(join(original, 'node_modules')))
      await symlink(join(original, 'node_modules'), join(copy, 'node_modules'));
    const before = await stateOf(copy);
    const { target } = context;
    if (target.kind !== 'program') throw new Error('a program is judged here');
    await using board = await startBoard({
      target: { ...target, cwd: copy },
      env: { HOME: copy, TMPDIR: join(copy, 'tmp') },
    });
    const { program } = board;
    await untilStatus(program, '/readyz', 200, { sent: 'GET /readyz', usually: 'the server is never ready' });
    await ask(program, { method: 'POST', path: '/notices', body: { text: 'Paper is scarce' } });
    await ask(program, { path: '/notices' });
    program.kill('SIGTERM');
    await program.exited;
    const after = await stateOf(copy);
    const changed = [...after].find(([name, state]) => before.get(name) !== state)?.[0];
    if (changed !== undefined) {
      fail({
        sent: 'a start, two requests and a stop, in a copy of the folder',
        expected: 'no file to be made or changed: in the container the whole file system is read-only',
        received: `a new or changed ${changed}`,
        usually: 'a log, a lock or a pid file beside the program. Logs go to standard error, state to the database',
      });
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

export async function logsObjectsWithoutSecrets(_: CheckpointContext): Promise<void> {
  await using board = await startBoard();
  const { program, database } = board;
  await untilStatus(program, '/readyz', 200, { sent: 'GET /readyz', usually: 'the server is never ready' });
  await ask(program, { method: 'POST', path: '/notices', body: { text: 'Seeking: one bard, quiet' } });
  database.state = 'gone';
  await ask(program, { path: '/notices' });
  program.kill('SIGTERM');
  await program.exited;
  const sent = 'a start, requests with and without a database, and SIGTERM';
  const lines = program.stderr.split('\n').filter((line) => line.trim() !== '');
  check(lines.length > 0, {
    sent,
    expected: 'a log on standard error',
    received: 'nothing',
    usually: 'the log goes to a file, which is lost with the container and readable for nobody outside',
  });
  const written = program.stdout.split('\n').filter((line) => line.trim() !== '' && !/^READY \d+\r?$/.test(line));
  for (const line of [...lines, ...written]) {
    check(isObject(line), {
      sent,
      expected: 'every line of the log to be one JSON object',
      received: 'a line that is none',
      usually: 'console.log of an object or an error prints many lines, which a collector takes for many events',
      details: [`the line: ${line.replaceAll(database.password, '<password>').slice(0, MAX_SHOWN_CHARS)}`],
    });
  }
  check(!`${program.stderr}${program.stdout}`.includes(database.password), {
    sent,
    expected: 'no secret in any line',
    received: 'the password of DATABASE_URL',
    usually: 'the settings are logged as a whole at the start, or the address is part of a message',
  });
}

/** Names of all files below a folder with size and time of the last change. */
async function stateOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const states = files.map(async (file): Promise<[string, string]> => {
    const { size, mtimeMs } = await stat(file);
    return [file.slice(folder.length + 1), `${size} ${mtimeMs}`];
  });
  return new Map(await Promise.all(states));
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
