import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { deadlineMs } from '../../harness/deadline.ts';
import { check, fail } from '../../harness/failure.ts';
import { startBoard } from './board.ts';
import { untilStatus } from './board-client.ts';
import { settingsOf } from './dockerfile.ts';
import { folderOf, shippedStage } from './project.ts';
import { commandHere, shownCommand } from './start-command.ts';

/** Tools that slim images do not have. Node is there in any case. */
const ABSENT = ['curl', 'wget', 'nc', 'http', 'sh', 'bash', 'ash', 'dash'];
/** Far more than any --timeout of HEALTHCHECK: a busy machine is no reason to fail. */
const MAX_CHECK_MS = 20_000;
const HEALTHY = 'exit code 0';
/** Any other code is reserved (docs.docker.com, Dockerfile reference, HEALTHCHECK). */
const UNHEALTHY = 'exit code 1';

export async function tellsLiveFromDead(context: CheckpointContext): Promise<void> {
  const { healthcheck, workdir, environment } = settingsOf(shippedStage(context));
  if (!healthcheck) {
    fail({
      expected: 'HEALTHCHECK … CMD ["node", …] in the stage that is shipped',
      received: 'none',
      usually: 'it was left to the Compose file: then the image alone cannot say how it is',
    });
  }
  check(healthcheck.form === 'exec', {
    expected: 'a list after HEALTHCHECK CMD',
    received: `a text in line ${healthcheck.line}: ${healthcheck.words[0]}`,
    usually: 'a text needs a shell in the image, and leaves one more process at every check',
  });
  const tool = basename(healthcheck.words[0] ?? '');
  check(!ABSENT.includes(tool), {
    expected: 'a health check by what is in the image for sure: Node',
    received: `${shownCommand(healthcheck)}`,
    usually:
      'slim images have no curl and no wget, so the container is unhealthy for ever. It works on the machine where it was written',
  });
  const folder = folderOf(context);
  const words = commandHere(healthcheck.words, workdir, folder);
  const shown = `HEALTHCHECK's ${shownCommand(healthcheck)}`;
  const exitAt = (port: number) => endOf(words, folder, { ...Object.fromEntries(environment), PORT: String(port) });

  await using board = await startBoard();
  const { program, database } = board;
  const usually =
    'the check does not look at the status, takes a fixed port instead of PORT, or does not end by itself';
  await untilStatus(program, '/livez', 200, { sent: 'GET /livez', usually: 'the server does not serve /livez' });
  const live = await exitAt(program.port);
  check(live === HEALTHY, { sent: `${shown}, with the server live`, expected: 'exit code 0', received: live, usually });
  database.state = 'gone';
  const unready = await exitAt(program.port);
  check(unready === HEALTHY, {
    sent: `${shown}, with the server live and its database gone`,
    expected: 'exit code 0: the process is well',
    received: unready,
    usually: 'the check asks /readyz. Every copy of the server is then restarted because its database is away',
  });
  const sick = createServer((_, response) => response.writeHead(503).end());
  sick.listen(0, '127.0.0.1');
  await once(sick, 'listening');
  const sickPort = (sick.address() as AddressInfo).port;
  const atSick = await exitAt(sickPort);
  sick.close();
  await once(sick, 'close');
  check(atSick === UNHEALTHY, {
    sent: `${shown}, with a server that answers 503`,
    expected: 'exit code 1',
    received: atSick,
    usually,
  });
  const atNobody = await exitAt(sickPort);
  check(atNobody === UNHEALTHY, {
    sent: `${shown}, with nobody listening`,
    expected: 'exit code 1',
    received: atNobody,
    usually,
  });
}

/** `exit code 1`, or in words why there is none. */
function endOf(
  [file = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const limitMs = deadlineMs(MAX_CHECK_MS);
  const options = { cwd, env: { PATH: process.env.PATH, ...env }, timeout: limitMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    execFile(file, args, options, (error) => {
      if (!error) resolve(HEALTHY);
      else if (error.killed) resolve(`no end within ${limitMs} ms`);
      else resolve(typeof error.code === 'number' ? `exit code ${error.code}` : `no start (${error.code})`);
    });
  });
}
