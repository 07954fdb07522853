import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deadlineMs } from '../harness/deadline.ts';
import { awaitRecorded, forgetProcess, startDetached } from './detached-process.ts';
import { takeLock } from './folder-lock.ts';
import { copyFolder, giveTo } from './home.ts';
import { openFolder, type Place, serviceFolder } from './place.ts';
import { locatePostgres } from './postgres-programs.ts';
import { endProcess } from './process-identity.ts';
import type { Programs, ServerKit } from './server-kit.ts';
import { recordOf, tailOf } from './server-process.ts';
import { runTool, ToolError } from './tool.ts';
import { makeWhole } from './whole-folder.ts';

const INITDB_TIMEOUT_MS = 60_000;
const CONNECTIONS = 200;

/** Characters by code point, the same on every system; macOS has no C.UTF-8 of its own. */
const BUILTIN_LOCALE = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
/** The first version that has it. */
const BUILTIN_SINCE = 17;
/** Of a random password nothing can be guessed, so hashing it thousands of times would only slow connections down. */
const CHEAP_PASSWORDS = ['--set=scram_iterations=1'];

/**
 * A crash of the server loses nothing even so: what was committed has been written, and is the kernel's (with
 * `synchronous_commit=off` it would not be). Only a crash of the whole machine may break a database of labs.
 */
const FAST = { fsync: 'off', full_page_writes: 'off' };

export const postgresKit: ServerKit = {
  service: 'postgresql',
  // "Fast": ends its sessions. To SIGTERM it would wait for every client to leave (PostgreSQL 18, section 18.5).
  stopSignal: 'SIGINT',
  stopGraceMs: 10_000,
  startDeadlineMs: 30_000,
  debianPackages: [],
  locate: locatePostgres,

  async prepare({ data, password }, programs, place, home) {
    if (existsSync(join(data, 'PG_VERSION'))) return;
    const template = await templateFolder(password, programs, place, home);
    // It is empty.
    await rm(data, { recursive: true, force: true });
    await makeWhole(data, (draft) => copyFolder(template, draft));
  },

  async plan({ data, port, durable, settings }, { bin, env }) {
    const all = {
      port: String(port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: String(CONNECTIONS),
      ...(durable ? {} : FAST),
      ...settings,
    };
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return [{ name: 'server', command: [join(bin, 'postgres'), '-D', data, ...flags], env: serverEnvironment(env) }];
  },

  urlOf: ({ port, password }) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
};

/**
 * A fresh database cluster that nobody ever starts. Making one takes a second; a copy takes a tenth of it.
 *
 * @returns its absolute path; it belongs to the user that servers run as.
 */
async function templateFolder(password: string, programs: Programs, place: Place, home: string): Promise<string> {
  const folder = openFolder(home, 'postgresql');
  const key = createHash('sha256').update(`${programs.bin}\0${programs.from}\0${password}`).digest('hex').slice(0, 12);
  const template = join(folder, `template-${key}`);
  using _ = await takeLock(join(folder, 'template.lock'));
  if (existsSync(template)) return template;
  // Of other versions, and what a run left that was killed at it.
  for (const name of readdirSync(folder)) {
    if (name.startsWith('template-')) await rm(join(folder, name), { recursive: true, force: true });
  }
  await makeWhole(template, async (draft) => {
    openFolder(draft);
    await giveTo(draft, place.user);
    await initialize(draft, password, programs, place);
  });
  return template;
}

async function initialize(data: string, password: string, { bin, env }: Programs, place: Place): Promise<void> {
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  try {
    await giveTo(passwordFile, place.user);
    const options = { env: serverEnvironment(env), timeoutMs: INITDB_TIMEOUT_MS, user: place.user };
    const version = await runTool(join(bin, 'initdb'), ['--version'], options);
    const isModern = Number(/ (\d+)/.exec(version)?.[1]) >= BUILTIN_SINCE;
    const own = isModern ? [...BUILTIN_LOCALE, ...CHEAP_PASSWORDS] : ['--locale=C.UTF-8'];
    const flags = ['--no-sync', '--no-instructions', '--username=postgres', '--auth=password', '--encoding=UTF8'];
    const command = [join(bin, 'initdb'), `--pgdata=${data}`, `--pwfile=${passwordFile}`, ...flags, ...own] as const;
    await runRecorded(command, options.env, place);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Runs initdb to its end, on record: if we are killed meanwhile, whoever cleans up knows it. */
async function runRecorded(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  place: Place,
): Promise<void> {
  const folder = serviceFolder(place, 'postgresql');
  const [logFile, recordFile] = [join(folder, 'initdb.log'), recordOf(folder, 'initdb')];
  rmSync(logFile, { force: true });
  const { exited } = startDetached({ command, cwd: '/', env, logFile, recordFile, user: place.user });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new ToolError('initdb', 'no end in time')), deadlineMs(INITDB_TIMEOUT_MS));
  try {
    const { code } = await Promise.race([exited, late.promise]);
    if (code === 0) return;
    const lines = tailOf(logFile);
    const loudest = lines.find((line) => /error|fatal|could not/i.test(line)) ?? lines.at(-1);
    throw new ToolError('initdb', loudest ?? `ended with ${code}`);
  } finally {
    clearTimeout(timer);
    const left = await awaitRecorded(recordFile);
    if (left) await endProcess(left);
    forgetProcess(recordFile);
  }
}

/** Nothing of ours: a PGDATA or PGHOST in a learner's shell is meant for something else. */
function serverEnvironment(env: Programs['env']): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC', ...env };
}
