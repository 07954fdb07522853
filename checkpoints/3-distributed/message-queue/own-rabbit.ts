import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deadlineMs } from '../../harness/deadline.ts';
import { Unavailable } from '../../harness/unavailable.ts';
import { type PrivateServer, startPrivateRabbitmq } from '../../services/private-server.ts';

const run = promisify(execFile);
const CONTROL_TIMEOUT_MS = 30_000;
/** Far below what an idle broker uses: the alarm goes off at once. */
const TINY = '1MB';
/** RabbitMQ's own default, as a share of the machine's memory. */
const USUAL = '0.4';

let started: Promise<PrivateServer> | undefined;

let turn: Promise<unknown> = Promise.resolve();

/**
 * Work with the broker that checkpoints of this file may kill, one after the other: what is one's outage would be the
 * other's. Started once, as it takes seconds.
 */
export function withOwnRabbit(work: (server: PrivateServer) => Promise<void>): Promise<void> {
  started ??= startPrivateRabbitmq();
  const server = started;
  const done = turn.then(async () => work(await server));
  turn = done.catch(() => {});
  return done;
}

export async function closeOwnRabbit(): Promise<void> {
  const server = await started?.catch(() => undefined);
  started = undefined;
  await server?.[Symbol.asyncDispose]();
}

/** Makes the broker believe that its memory is full, until disposed. */
export async function alarm(server: PrivateServer): Promise<AsyncDisposable> {
  await control(server, ['set_vm_memory_high_watermark', 'absolute', TINY]);
  return { [Symbol.asyncDispose]: () => control(server, ['set_vm_memory_high_watermark', USUAL]) };
}

/** `rabbitmqctl`, with the names and the folder that the server itself was started with. */
async function control(server: PrivateServer, args: readonly string[]): Promise<void> {
  const env = environmentOf(server.pid);
  const program = env && findControl(env);
  if (env === undefined || program === undefined) {
    throw new Unavailable({
      missing: 'rabbitmqctl',
      reason: 'a memory alarm is raised by rabbitmqctl, beside a server whose environment can be read in /proc',
      remedy: 'install RabbitMQ with its command line on a Linux machine',
    });
  }
  await run(program, ['-n', env.RABBITMQ_NODENAME ?? '', ...args], { env, timeout: deadlineMs(CONTROL_TIMEOUT_MS) });
}

/** What the server was started with, without what Erlang's own start script has added to it. */
function environmentOf(pid: number): Record<string, string> | undefined {
  const file = `/proc/${pid}/environ`;
  if (!existsSync(file)) return undefined;
  const env: Record<string, string> = {};
  for (const line of readFileSync(file, 'utf8').split('\0')) {
    const at = line.indexOf('=');
    if (at > 0) env[line.slice(0, at)] = line.slice(at + 1);
  }
  for (const name of ['ROOTDIR', 'BINDIR', 'EMU', 'PROGNAME']) delete env[name];
  env.PATH = (env.PATH ?? '')
    .split(':')
    .filter((folder) => !folder.includes('/erts-'))
    .join(':');
  return env;
}

function findControl(env: Readonly<Record<string, string>>): string | undefined {
  // Debian's own command wants to be root or `rabbitmq`; the script beside the server's plug-ins does not.
  const beside = env.ERL_LIBS ? [join(env.ERL_LIBS, '../sbin')] : [];
  const folders = [...beside, '/usr/lib/rabbitmq/bin', ...(env.PATH ?? '').split(':')];
  return folders.map((folder) => join(folder, 'rabbitmqctl')).find((path) => existsSync(path));
}
