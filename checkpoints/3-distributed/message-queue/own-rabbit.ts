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

/** The broker that checkpoints of this file may kill. Started once, as it takes seconds. */
export function ownRabbit(): Promise<PrivateServer> {
  started ??= startPrivateRabbitmq();
  return started;
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
  const environ = `/proc/${server.pid}/environ`;
  const env = existsSync(environ)
    ? Object.fromEntries(
        readFileSync(environ, 'utf8')
          .split('\0')
          .filter((line) => line.includes('='))
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
    : undefined;
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

function findControl(env: Readonly<Record<string, string>>): string | undefined {
  const beside = [env.RABBITMQ_HOME, env.ROOTDIR].flatMap((home) =>
    home ? [join(home, 'sbin'), join(home, '../../lib/rabbitmq/bin'), join(home, '../rabbitmq/bin')] : [],
  );
  const folders = [...beside, ...(env.PATH ?? '').split(':'), '/usr/lib/rabbitmq/bin'];
  return folders.map((folder) => join(folder, 'rabbitmqctl')).find((path) => existsSync(path));
}
