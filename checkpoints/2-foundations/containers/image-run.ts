import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { deadlineMs, pollUntil, within } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { settingsOf } from './dockerfile.ts';
import { buildImage, docker, nodeIn, requireBases, requireEngine, tailOf } from './engine.ts';
import { folderOf, shippedStage } from './project.ts';

const CONTEXTS = fileURLToPath(new URL('../../../.cache/containers', import.meta.url));
const UP_WITHIN_MS = 20_000;
const DOWN_WITHIN_MS = 8_000;
/** A file of a kind that never belongs into an image. It is put beside the Dockerfile before the build. */
const DECOY = '.env.production';
/** Nobody answers there: the image is judged without a database, which it can wait for. */
const NOWHERE = 'postgres://board:nobody@127.0.0.1:1/board';

/** As the stack runs it, and harder: no network at all. */
const LOCKS = [
  ...['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
  ...['--network', 'none', '--memory', '256m', '--pids-limit', '100'],
  ...['--health-interval', '1s', '--health-retries', '3'],
];

/** Sends half of a notice, says so, and sends the rest when a line comes in. Prints the status. */
const HALF_SENT = `
  const body = JSON.stringify({ text: 'half of it before SIGTERM' });
  const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue', connection: 'close' };
  const r = require('node:http').request({ host: '127.0.0.1', port: process.env.PORT || 8080, method: 'POST', path: '/notices', headers });
  r.on('continue', () => { r.write(body.slice(0, 5)); console.log('OPEN'); });
  r.on('response', (a) => { a.resume(); console.log('STATUS ' + a.statusCode); process.exit(0); });
  r.on('error', (e) => { console.log('ERROR ' + e.code); process.exit(0); });
  r.flushHeaders();
  process.stdin.once('data', () => r.end(body.slice(5)));`;

export async function runsInAContainer(context: CheckpointContext): Promise<void> {
  await requireEngine();
  const { user } = settingsOf(shippedStage(context));
  await requireBases(context);
  const image = `lab-containers-${randomBytes(6).toString('hex')}`;
  await mkdir(CONTEXTS, { recursive: true });
  const folder = await mkdtemp(join(CONTEXTS, 'build-'));
  let container = '';
  try {
    const original = folderOf(context);
    await cp(original, folder, {
      recursive: true,
      filter: (path) => !/\/(node_modules|\.git)(\/|$)/.test(path.slice(original.length)),
    });
    await writeFile(join(folder, DECOY), 'POSTGRES_PASSWORD=decoy\n');
    await buildImage(context, folder, image);
    const env = ['--env', `DATABASE_URL=${NOWHERE}`, '--env', 'SHUTDOWN_DELAY_MS=1000'];
    const started = await docker(['run', '--detach', ...LOCKS, ...env, image]);
    container = started.stdout.trim();
    check(started.code === 0, {
      sent: `docker run ${LOCKS.join(' ')}`,
      expected: 'a container that starts',
      received: 'an error of the engine',
      usually: 'the start command is not in the image, or USER names nobody',
      details: tailOf(started.stderr),
    });
    await judge(context, container, user?.text.trim().split(':')[0] ?? '');
  } finally {
    if (container !== '') await docker(['rm', '--force', '--volumes', container]);
    await docker(['image', 'rm', '--force', image]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function judge(context: CheckpointContext, container: string, user: string): Promise<void> {
  const node = nodeIn(context);
  const health = () => docker(['inspect', '--format', '{{.State.Status}} {{.State.Health.Status}}', container]);
  const sent = 'a container of the image, read-only, without capabilities, network and database';
  const last = await pollUntil(
    async () => (await health()).stdout.trim(),
    (state) => state === 'running healthy' || !state.startsWith('running'),
    {
      withinMs: UP_WITHIN_MS,
      everyMs: 200,
      otherwise: (state) =>
        new CheckpointFailure({
          sent,
          expected: 'a healthy container',
          received: state,
          usually: 'the health check asks too much: the process is live without its database',
        }),
    },
  );
  if (last !== 'running healthy') {
    const { stdout, stderr } = await docker(['logs', '--tail', '15', container]);
    throw new CheckpointFailure({
      sent,
      expected: 'a healthy container',
      received: `a container in the state ${last.split(' ')[0]}`,
      usually: 'a file is missing in the image, or the server writes where it may not: its log below says which',
      details: tailOf(`${stdout}\n${stderr}`),
    });
  }
  const inside = await docker([
    'exec',
    container,
    node,
    '-p',
    `process.getuid() + ' ' + require('node:fs').existsSync('${DECOY}')`,
  ]);
  const [uid = '', decoy = ''] = inside.stdout.trim().split(' ');
  check(uid === user && uid !== '0', {
    sent,
    expected: `the server to run as user ${user || 'other than root'}`,
    received: `user ${uid}`,
    usually: 'USER stands in another stage, or the engine takes root when there is none',
  });
  check(decoy === 'false', {
    sent: `${sent}, built with a file ${DECOY} beside the Dockerfile`,
    expected: `no ${DECOY} in the image`,
    received: 'the file, secrets and all',
    usually: 'COPY takes everything, and .dockerignore lets it pass',
  });
  await drains(container, node, sent);
}

async function drains(container: string, node: string, sent: string): Promise<void> {
  const client = spawn('docker', ['exec', '--interactive', container, node, '-e', HALF_SENT]);
  try {
    const output = collect(client);
    await lineOf(output, /^OPEN$/m, 'the server does not read the head of a request');
    const stopping = docker(['kill', '--signal', 'TERM', container]);
    await stopping;
    client.stdin?.write('go\n');
    const answer = await lineOf(output, /^(STATUS|ERROR) .*$/m, 'the request was cut off with the process');
    const during = `${sent}; SIGTERM while a request is half sent, then the rest of it`;
    check(answer.startsWith('STATUS'), {
      sent: during,
      expected: 'an answer',
      received: answer,
      usually: 'process 1 ends at the signal, with requests under way',
    });
    const ended = await docker(['wait', container], { withinMs: DOWN_WITHIN_MS });
    check(ended.stdout.trim() === '0', {
      sent: during,
      expected: 'exit code 0',
      received: ended.stdout.trim() === '' ? 'a container that still runs' : `exit code ${ended.stdout.trim()}`,
      usually: 'process 1 is a shell or npm, which does not pass SIGTERM on; SIGKILL ends it later (137)',
    });
  } finally {
    client.kill('SIGKILL');
  }
}

interface Output {
  text: string;
  readonly child: ChildProcess;
}

function collect(child: ChildProcess): Output {
  const output: Output = { text: '', child };
  child.on('error', () => {
    // No docker: the wait for a line says so.
  });
  child.stdin?.on('error', () => {
    // The container ended before it took the line.
  });
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output.text += chunk;
  });
  return output;
}

async function lineOf(output: Output, pattern: RegExp, usually: string): Promise<string> {
  const failure = () =>
    new CheckpointFailure({
      sent: 'POST /notices inside the container, half of its body',
      expected: 'the request to be taken, and answered once it is whole',
      received: output.text === '' ? 'nothing' : JSON.stringify(output.text.trim()),
      usually,
    });
  const seen = (async () => {
    while (!pattern.test(output.text)) {
      if (output.child.exitCode !== null) throw failure();
      await Promise.race([once(output.child.stdout ?? output.child, 'data'), once(output.child, 'exit')]);
    }
  })();
  await within(seen, deadlineMs(DOWN_WITHIN_MS), failure);
  return pattern.exec(output.text)?.[0] ?? '';
}
