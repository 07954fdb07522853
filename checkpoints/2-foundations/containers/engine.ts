import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { deadlineMs } from '../../harness/deadline.ts';
import { fail } from '../../harness/failure.ts';
import { Unavailable } from '../../harness/unavailable.ts';
import { imageOf } from './compose.ts';
import { settingsOf, startCommand } from './dockerfile.ts';
import { shippedStage, stackOf, stagesOf } from './project.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DockerOptions {
  readonly withinMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const ANSWER_WITHIN_MS = 5_000;
/** Compose of the first generation is a Python program, which takes seconds to start on a busy machine. */
const COMPOSE_WITHIN_MS = 20_000;
const COMMAND_WITHIN_MS = 20_000;
const BUILD_WITHIN_MS = 60_000;
/** A pull that takes longer is better done by hand, where it shows how far it is. */
const PULL_WITHIN_MS = 40_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const OUTPUT_LINES = 15;
/** An image to build on instead of the Dockerfile's, for a machine that can pull none. */
const BASE_IMAGE = process.env.LAB_BASE_IMAGE;
/** How npm and the resolver say that there is no registry to be had. */
const NO_REGISTRY = /\b(EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b/;

let engine: Promise<string | undefined> | undefined;

/** Resolves when an engine answers. @throws Unavailable when none does. */
export async function requireEngine(): Promise<void> {
  engine ??= docker(['version', '--format', '{{.Server.Version}}'], { withinMs: ANSWER_WITHIN_MS }).then(
    ({ code, stdout }) => (code === 0 && stdout.trim() !== '' ? stdout.trim() : undefined),
  );
  if ((await engine) !== undefined) return;
  throw new Unavailable({
    missing: 'container-engine',
    reason: 'no container engine answers to the command docker',
    remedy: 'start Docker, or install it: https://docs.docker.com/engine/install/',
  });
}

/** Runs a command of the engine's client. Never rejects. */
export function docker(args: readonly string[], options: DockerOptions = {}): Promise<Outcome> {
  return command('docker', args, options);
}

/** The command that starts Compose. @throws Unavailable when there is none. */
export async function requireCompose(): Promise<readonly [string, ...string[]]> {
  for (const [file, ...first] of [['docker', 'compose'], ['docker-compose']] as const) {
    const { code } = await command(file, [...first, 'version'], { withinMs: COMPOSE_WITHIN_MS });
    if (code === 0) return [file, ...first];
  }
  throw new Unavailable({
    missing: 'compose',
    reason: 'the container engine has no Compose',
    remedy: 'install the Compose plugin: https://docs.docker.com/compose/install/',
  });
}

/** Runs any command. Never rejects: a command that is missing or late has a code of its own. */
export function command(file: string, args: readonly string[], options: DockerOptions = {}): Promise<Outcome> {
  const { withinMs = COMMAND_WITHIN_MS, env, cwd } = options;
  const settings = {
    timeout: deadlineMs(withinMs),
    killSignal: 'SIGKILL' as const,
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  };
  return new Promise((resolve) => {
    execFile(file, args, settings, (error, stdout, stderr) => {
      const code = !error ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr: code === -1 ? `${stderr}${error?.message}` : stderr });
    });
  });
}

/** Sees that the images which the Dockerfile builds on are here. @throws Unavailable when one cannot be had. */
export async function requireBases(context: CheckpointContext): Promise<void> {
  if (BASE_IMAGE !== undefined) return requireImage(BASE_IMAGE);
  const images = stagesOf(context).flatMap(({ parent, image }) => (parent || image === 'scratch' ? [] : [image]));
  for (const image of new Set(images)) await requireImage(image);
}

/** The same for the image of the stack's database. */
export function requireDatabaseImage(context: CheckpointContext): Promise<void> {
  return requireImage(imageOf(stackOf(context).database.data));
}

/** Builds the image of a folder and gives it a name. */
export async function buildImage(context: CheckpointContext, folder: string, name: string): Promise<void> {
  const names = new Set(stagesOf(context).flatMap(({ imageArguments }) => imageArguments));
  const bases = BASE_IMAGE === undefined ? [] : [...names].flatMap((each) => ['--build-arg', `${each}=${BASE_IMAGE}`]);
  // The host's network: a private engine may have no other that leads to a registry.
  const args = ['build', '--network', 'host', '--tag', name, ...bases, folder];
  let outcome = await docker(args, { withinMs: BUILD_WITHIN_MS });
  if (/buildx component is missing|BuildKit is enabled but/.test(outcome.stderr)) {
    outcome = await docker(args, { withinMs: BUILD_WITHIN_MS, env: { DOCKER_BUILDKIT: '0' } });
  }
  if (outcome.code === 0) return;
  const output = `${outcome.stdout}\n${outcome.stderr}`;
  if (/requires BuildKit/.test(output)) {
    throw new Unavailable({
      missing: 'buildkit',
      reason: "the engine's builder knows no mounts: it is older than BuildKit",
      remedy: 'install the buildx plugin: https://docs.docker.com/build/install-buildx/',
    });
  }
  if (NO_REGISTRY.test(output)) {
    throw new Unavailable({
      missing: 'npm-registry',
      reason: 'npm in the build cannot reach its registry',
      remedy: 'connect this machine, or give npm a registry that it reaches: docker build . shows what is wrong',
    });
  }
  fail({
    sent: 'docker build',
    expected: 'an image',
    received: 'a build that fails',
    usually: 'the end of its output below says which line, and why',
    details: tailOf(output),
  });
}

/** The file that starts Node in the image. */
export function nodeIn(context: CheckpointContext): string {
  const [file = ''] = startCommand(settingsOf(shippedStage(context)))?.words ?? [];
  return basename(file) === 'node' ? file : 'node';
}

export function tailOf(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-OUTPUT_LINES);
}

async function requireImage(image: string): Promise<void> {
  if ((await docker(['image', 'inspect', '--format', '{{.Id}}', image])).code === 0) return;
  if ((await docker(['pull', '--quiet', image], { withinMs: PULL_WITHIN_MS })).code === 0) return;
  throw new Unavailable({
    missing: 'container-image',
    reason: `the image ${image} is not on this machine, and pulling it did not succeed`,
    remedy: `docker pull ${image}`,
  });
}
