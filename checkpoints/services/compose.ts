import { createHash } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { takeLock } from './folder-lock.ts';
import { freePort } from './free-port.ts';
import { shakeHands } from './handshake.ts';
import { type Place, passwordOf, serviceFolder } from './place.ts';
import { runTool, ToolError } from './tool.ts';

/** A client without an engine is common, and an engine that does not answer at once is of no use. */
const PROBE_TIMEOUT_MS = 2_000;
/** With the pull of an image over a slow line. */
const UP_TIMEOUT_MS = 300_000;
const COMMAND_TIMEOUT_MS = 60_000;
/** Written before a container is asked for, so that one which a killed run has left is known. */
const MARK = 'compose';

const PORT_VARIABLES: Readonly<Record<Service, string>> = {
  postgresql: 'POSTGRESQL_PORT',
  redis: 'REDIS_PORT',
  rabbitmq: 'RABBITMQ_PORT',
};

const URLS: Readonly<Record<Service, (port: number, password: string) => string>> = {
  postgresql: (port, password) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
  redis: (port, password) => `redis://:${password}@127.0.0.1:${port}`,
  rabbitmq: (port, password) => `amqp://lab:${password}@127.0.0.1:${port}`,
};

/** Whether an engine answers and has Compose. */
export async function hasCompose(place: Place): Promise<boolean> {
  try {
    await Promise.all([
      docker(place, ['info'], PROBE_TIMEOUT_MS),
      docker(place, ['compose', 'version'], PROBE_TIMEOUT_MS),
    ]);
    return true;
  } catch (error) {
    if (error instanceof ToolError) return false;
    throw error;
  }
}

/**
 * Starts the service as docker-compose.yml has it, in a project of this clone's own and on a free port.
 *
 * @returns undefined when there is no engine, or it cannot: the image may not be pulled, for example. Nothing is left then.
 */
export async function startWithCompose(
  place: Place,
  service: Service,
  onProgress: (text: string) => void,
): Promise<{ readonly url: string } | undefined> {
  if (!(await hasCompose(place))) return undefined;
  const mark = markOf(place, service);
  const port = await freePort();
  writeFileSync(mark, '');
  onProgress('starting it with Docker Compose');
  try {
    const env = { [PORT_VARIABLES[service]]: String(port) };
    {
      // One at a time: the first one makes the project's network.
      using _ = await takeLock(join(place.folder, 'compose.lock'), { withinMs: UP_TIMEOUT_MS });
      await compose(place, ['create', service], UP_TIMEOUT_MS, env);
    }
    await compose(place, ['up', '--detach', '--wait', '--no-recreate', service], UP_TIMEOUT_MS, env);
    const url = URLS[service](port, passwordOf(place));
    if ((await shakeHands(service, url)).ok) return { url };
    onProgress('its container does not let us in; going on without Docker');
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    onProgress(`Docker Compose cannot (${error.why}); going on without it`);
  }
  await stopCompose(place, service);
  return undefined;
}

/** Whether a container of this clone's project was asked for, and has not been removed since. */
export function hasContainer(place: Place, service: Service): boolean {
  return existsSync(join(place.folder, service, MARK));
}

/** Removes the container, and the project's network with the last of them. Its volume stays. */
export async function stopCompose(place: Place, service: Service): Promise<boolean> {
  try {
    await compose(place, ['rm', '--stop', '--force', service], COMMAND_TIMEOUT_MS);
    if ((await compose(place, ['ps', '--all', '--quiet'], COMMAND_TIMEOUT_MS)).trim() === '') {
      await compose(place, ['down'], COMMAND_TIMEOUT_MS);
    }
  } catch (error) {
    if (error instanceof ToolError) return false;
    throw error;
  }
  rmSync(markOf(place, service), { force: true });
  return true;
}

/** Removes the volume that holds the service's data. @returns its name. Undefined: there is none. */
export async function removeVolume(place: Place, service: Service): Promise<string | undefined> {
  const volume = `${projectOf(place)}_${service}-data`;
  try {
    await docker(place, ['volume', 'inspect', volume], COMMAND_TIMEOUT_MS);
    await docker(place, ['volume', 'rm', volume], COMMAND_TIMEOUT_MS);
    return volume;
  } catch (error) {
    if (error instanceof ToolError) return undefined;
    throw error;
  }
}

/** Compose would take the folder's name, which two clones may share. */
function projectOf(place: Place): string {
  return `lab-${createHash('sha256').update(place.folder).digest('hex').slice(0, 12)}`;
}

function compose(place: Place, args: readonly string[], timeoutMs: number, env: Place['env'] = {}): Promise<string> {
  const file = join(repository, 'docker-compose.yml');
  const project = ['compose', '--project-name', projectOf(place), '--file', file];
  return docker(place, [...project, ...args], timeoutMs, { LAB_SERVICES_PASSWORD: passwordOf(place), ...env });
}

function docker(place: Place, args: readonly string[], timeoutMs: number, env: Place['env'] = {}): Promise<string> {
  return runTool('docker', args, { env: { ...place.env, ...env }, timeoutMs });
}

function markOf(place: Place, service: Service): string {
  return join(serviceFolder(place, service), MARK);
}
