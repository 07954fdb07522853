import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deadlineMs } from '../harness/deadline.ts';
import { takeLock } from './folder-lock.ts';
import { copyFolder } from './home.ts';
import { isExecutable, onPath } from './on-path.ts';
import { openFolder, type Place } from './place.ts';
import { canReach } from './run-user.ts';
import type { Programs, ServerKit } from './server-kit.ts';
import { runTool, ToolError } from './tool.ts';
import { makeWhole } from './whole-folder.ts';

/** Whether packages may be fetched into the clone's cache: `true`, or somebody to ask. */
export type Consent = true | ((question: string) => Promise<boolean>);

/** The packages could not be had: no network, no such package. Nothing is left of the attempt. */
export class DebianError extends Error {
  readonly code = 'DEBIAN';
}

/** The system's lists of packages are the system's; ours are fetched anew after that long. */
const LISTS_LAST_MS = 24 * 3_600_000;
const SYSTEM_LISTS = '/var/lib/apt/lists';
const UPDATE_TIMEOUT_MS = 60_000;
const RESOLVE_TIMEOUT_MS = 30_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;
const UNPACK_TIMEOUT_MS = 60_000;
/** Without an answer for that long, and once more, a mirror is not there. */
const SILENT_MIRROR_S = 10;

/** The programs of a service that were fetched before, where its server can run them. Undefined: none were. */
export async function locateDebian(kit: ServerKit, place: Place, home: string): Promise<Programs | undefined> {
  const kept = join(place.folder, 'debian', kit.service);
  if (!existsSync(kept)) return undefined;
  let root = kept;
  if (!canReach(kept, place.user)) {
    root = join(openFolder(home, 'debian'), kit.service);
    if (!existsSync(root)) await makeWhole(root, (draft) => copyFolder(kept, draft));
  }
  const folders = ['usr/lib/erlang/bin', 'usr/bin', 'usr/sbin'].map((name) => join(root, name));
  const bins = [join(root, 'usr/lib/rabbitmq/bin'), join(root, 'usr/bin')];
  const bin = bins.find((folder) =>
    isExecutable(join(folder, kit.service === 'redis' ? 'redis-server' : (kit.debianPackages[0] ?? ''))),
  );
  if (bin === undefined) return undefined;
  return {
    from: `Debian's ${kit.debianPackages.join(' ')}, unpacked in ${kept}`,
    bin,
    env: { PATH: [...folders, place.env.PATH ?? ''].join(':'), LD_LIBRARY_PATH: libraryFolders(root).join(':') },
  };
}

/**
 * Fetches the service's packages, and those that they need and that the system has not, through the system's own apt and
 * its signatures, and unpacks them into the clone's cache. Nothing is installed, nothing of the system is written, and
 * no root is needed. Call it under the lock of the service.
 *
 * @returns false when this is no Debian, or the answer was no.
 * @throws DebianError
 */
export async function extractDebian(
  kit: ServerKit,
  place: Place,
  consent: Consent,
  onProgress: (text: string) => void,
): Promise<boolean> {
  const isDebian = ['apt-get', 'apt-config', 'dpkg-deb'].every((program) => onPath(program, place.env) !== undefined);
  if (kit.debianPackages.length === 0 || process.platform !== 'linux' || !isDebian) return false;
  const names = kit.debianPackages.join(' ');
  const question = `${kit.service} is not on this machine. Fetch its Debian packages into .cache/services, without installing them?`;
  if (consent !== true && !(await consent(question))) return false;
  try {
    try {
      // The lists that the system has will mostly do, and save a download.
      return await extractBy(await systemLists(place), kit, place, onProgress);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      return await extractBy(
        await ownLists(place, () => onProgress('fetching the lists of packages')),
        kit,
        place,
        onProgress,
      );
    }
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new DebianError(`${names} could not be fetched from this system's package sources: ${error.why}`, {
      cause: error,
    });
  }
}

async function extractBy(apt: Apt, kit: ServerKit, place: Place, onProgress: (text: string) => void): Promise<boolean> {
  const { env } = place;
  const names = kit.debianPackages.join(' ');
  const folder = openFolder(place.folder, 'debian');
  const packages = await resolve(apt, kit, folder);
  // Installed, and yet not found: an installation that is broken is no business of ours.
  if (packages.length === 0) return false;
  onProgress(`fetching ${names} and what it needs, ${packages.length} packages`);
  await makeWhole(join(folder, kit.service), async (draft) => {
    const archives = openFolder(draft, 'archives');
    await apt(DOWNLOAD_TIMEOUT_MS, ['download', ...packages], archives);
    onProgress(`unpacking ${names}`);
    for (const archive of readdirSync(archives)) {
      await runTool('dpkg-deb', ['-x', join(archives, archive), draft], { env, timeoutMs: UNPACK_TIMEOUT_MS });
    }
    await rm(archives, { recursive: true });
    await mendErlang(draft);
  });
  return true;
}

/** The packages that are to be fetched, each with its version. One at a time: they write the same cache. */
async function resolve(apt: Apt, kit: ServerKit, folder: string): Promise<string[]> {
  using _ = await takeLock(join(folder, 'apt.lock'));
  return packagesOf(await apt(RESOLVE_TIMEOUT_MS, ['-s', '--no-install-recommends', 'install', ...kit.debianPackages]));
}

type Apt = (timeoutMs: number, args: readonly string[], cwd?: string) => Promise<string>;

/** apt-get on the system's lists. */
async function systemLists(place: Place): Promise<Apt> {
  return openApt(place, { 'Dir::State::lists': SYSTEM_LISTS });
}

/** apt-get on lists of our own, which are fetched when there are none, or when they are old. */
async function ownLists(place: Place, onUpdate: () => void): Promise<Apt> {
  const apt = await openApt(place, {});
  const folder = join(place.folder, 'debian');
  using _ = await takeLock(join(folder, 'apt.lock'));
  const stamp = join(folder, 'apt', 'updated');
  const age = existsSync(stamp) ? Date.now() - statSync(stamp).mtimeMs : Number.POSITIVE_INFINITY;
  if (age < LISTS_LAST_MS) return apt;
  onUpdate();
  await apt(UPDATE_TIMEOUT_MS, ['-o', 'APT::Update::Error-Mode=any', 'update']).catch((error: unknown) => {
    // One source of several may be down; whether the packages can be had nevertheless, the next step tells.
    const lists = readdirSync(join(folder, 'apt', 'lists')).filter((name) => name.endsWith('_Packages'));
    if (lists.length === 0) throw error;
  });
  await writeFile(stamp, '');
  await utimes(stamp, new Date(), new Date());
  return apt;
}

/** apt-get with a cache of our own, and the system's sources, keys and list of what is installed. */
async function openApt(place: Place, more: Readonly<Record<string, string>>): Promise<Apt> {
  const state = openFolder(place.folder, 'debian', 'apt');
  for (const name of ['lists/partial', 'archives/partial']) await mkdir(join(state, name), { recursive: true });
  const ours = {
    'Dir::State': state,
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': state,
    'Dir::Cache::pkgcache': 'pkgcache.bin',
    'Dir::Cache::srcpkgcache': '',
    // What stands in these is in the dump already.
    'Dir::Etc::Parts': '/dev/null',
    'Dir::Etc::Main': '/dev/null',
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': 'true',
    'Acquire::Retries': '1',
    'Acquire::Languages': 'none',
    'Acquire::http::Timeout': String(SILENT_MIRROR_S),
    'Acquire::https::Timeout': String(SILENT_MIRROR_S),
    ...more,
  };
  // A system may have commands that run after an update, and tidy the system's own cache for example. They can be left
  // out only where the whole configuration is ours (apt.conf(5)).
  const dump = await runTool('apt-config', ['dump'], { env: place.env, timeoutMs: RESOLVE_TIMEOUT_MS });
  const theirs = dump.split('\n').filter((line) => !/^[\w:-]*(Invoke|Pkgs)\b/i.test(line));
  const lines = [...theirs, ...Object.entries(ours).map(([name, value]) => `${name} "${value}";`)];
  const file = join(state, `apt-${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)}.conf`);
  await writeFile(file, `${lines.join('\n')}\n`);
  const env = { ...place.env, APT_CONFIG: file };
  return (timeoutMs, args, cwd = state) =>
    runTool('apt-get', ['-q', '-y', ...args], { env, timeoutMs: deadlineMs(timeoutMs), cwd });
}

/** `Inst redis-server (5:7.0.15-1 Debian:12 [amd64])` to `redis-server=5:7.0.15-1`. */
function packagesOf(simulation: string): string[] {
  return [...simulation.matchAll(/^Inst (\S+)(?: \[\S+\])? \((\S+)/gm)].map(
    ([, name, version]) => `${name}=${version}`,
  );
}

/** Erlang's start script knows where it was to be installed; here it looks where it is. */
async function mendErlang(root: string): Promise<void> {
  const script = join(root, 'usr/lib/erlang/bin/erl');
  if (!existsSync(script)) return;
  const text = await readFile(script, 'utf8');
  const here = '$(dirname "$(dirname "$(readlink -f "$0")")")';
  await writeFile(
    script,
    text.replaceAll(/\bROOTDIR=\/usr\/lib\/erlang$/gm, () => `ROOTDIR=${here}`),
  );
}

/** `usr/lib/x86_64-linux-gnu` and its like. */
function libraryFolders(root: string): string[] {
  return ['usr/lib', 'lib'].flatMap((name) => {
    const folder = join(root, name);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((entry) => (entry.includes('-linux-gnu') ? [join(folder, entry)] : []));
  });
}
